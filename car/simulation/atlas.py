"""The measures of all textures, and where each lies in the one table of all of them."""

GROUND_LEVELS = 7
BEYOND_LEVELS = 7
BACKDROP_LEVELS = 4
SPRITE_LEVELS = 6

GROUND = 0
BEYOND = GROUND + GROUND_LEVELS
BACKDROP = BEYOND + BEYOND_LEVELS
SPRITES = BACKDROP + BACKDROP_LEVELS

TILE_PX = 512
"""Edge of a tile of material, a power of two."""
SPRITE_PX = 128
"""Edge of the picture of a thing."""
WALL_PX_M = 40.0
WALL_ROWS = 224
"""Rows of the strip of walls; row 0 is its upper edge, the last one touches the floor."""
PANORAMA_PX = 1024
"""Columns around; column 0 looks east and columns go clockwise."""
PANORAMA_ROWS = 192
PER_UNIT_PX = 160
"""Rows of the panorama for one unit of the tangent of elevation."""
TOP = 1.15
"""Tangent of the elevation of the upper edge of row 0."""
COARSE = 4
"""Texels along an edge of a coarse cell of the ground; light and tint are kept in such cells."""
UNTOUCHED = 128
"""Of a blemish: leaves the ground as it is."""
