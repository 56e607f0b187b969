import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from car.config import Lens
from car.simulation.renderer import Renderer, View
from car.simulation.scene import Scene
from car.simulation.tracks import parse_track

views = st.builds(
    View,
    x_m=st.floats(-60, 60),
    y_m=st.floats(-60, 60),
    heading_rad=st.floats(-50, 50),
    pitch_rad=st.floats(-0.5, 0.5),
    roll_rad=st.floats(-0.5, 0.5),
    speed_m_s=st.floats(-3, 6),
    yaw_rate_rad_s=st.floats(-9, 9),
)
lenses = st.builds(
    Lens,
    field_of_view_deg=st.floats(21, 149),
    distortion=st.floats(-0.4, 0.2),
    height_m=st.floats(0.03, 0.9),
    forward_m=st.floats(-0.5, 0.5),
    pitch_deg=st.floats(-20, 60),
    roll_deg=st.floats(-20, 20),
)


@pytest.fixture(scope="module", params=["asphalt", "tape-carpet"])
def scene(request):
    return Scene(parse_track("oval"), request.param, seed=4, level=1.0)


@settings(max_examples=60, deadline=None)
@given(view=views, lens=lenses)
def test_every_view_anywhere_through_any_lens_is_an_image_of_known_classes(scene, view, lens):
    image, classes = Renderer(scene, lens).render(view)
    assert image.shape == (120, 160, 3)
    assert classes.max() <= 4


@settings(max_examples=20, deadline=None)
@given(view=views)
def test_the_same_view_is_the_same_image(scene, view):
    one, other = (Renderer(scene, Lens()).render(view) for _ in range(2))
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])
