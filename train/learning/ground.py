"""Where pixels look, for training: the same rays as on the car."""

from car.rays import pixel_rays as pixel_rays
from car.rays import rays_to_pixels as rays_to_pixels
