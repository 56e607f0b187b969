"""Which sensor mode is driven with, for the modes of real cameras."""

from dataclasses import FrozenInstanceError

import pytest

from car.drivers.sensor_mode import NEAR_ENOUGH, choose_mode, read_modes
from car.errors import CameraError

MODULE_1 = [
    ((640, 480), 10, 58.92, (16, 0, 2560, 1920)),
    ((1296, 972), 10, 43.25, (0, 0, 2592, 1944)),
    ((1920, 1080), 10, 30.62, (348, 434, 1928, 1080)),
    ((2592, 1944), 10, 15.63, (0, 0, 2592, 1944)),
]
MODULE_2 = [
    (size, depth, rate if (depth, size) != (8, (640, 480)) else 206.65, crop)
    for depth in (8, 10)
    for size, rate, crop in (
        ((640, 480), 103.33, (1000, 752, 1280, 960)),
        ((1640, 1232), 41.85, (0, 0, 3280, 2464)),
        ((1920, 1080), 47.57, (680, 692, 1920, 1080)),
        ((3280, 2464), 21.19, (0, 0, 3280, 2464)),
    )
]
MODULE_3 = [
    ((1536, 864), 10, 120.13, (768, 432, 3072, 1728)),
    ((2304, 1296), 10, 56.03, (0, 0, 4608, 2592)),
    ((4608, 2592), 10, 14.35, (0, 0, 4608, 2592)),
]
HIGH_QUALITY = [
    ((1332, 990), 10, 120.05, (696, 528, 2664, 1980)),
    ((2028, 1080), 12, 50.03, (0, 440, 4056, 2160)),
    ((2028, 1520), 12, 40.01, (0, 0, 4056, 3040)),
    ((4056, 3040), 12, 10.0, (0, 0, 4056, 3040)),
]
GLOBAL_SHUTTER = [((1456, 1088), 10, 60.38, (0, 0, 1456, 1088))]


def described(modes):
    return [
        {"size": size, "bit_depth": depth, "fps": rate, "crop_limits": crop}
        for size, depth, rate, crop in modes
    ]


@pytest.mark.parametrize(
    ("modes", "frames_per_s", "size", "chosen", "cropped"),
    [
        (MODULE_1, 20.0, (160, 120), (640, 480, 10), False),
        (MODULE_1, 20.0, (800, 600), (1296, 972, 10), False),
        (MODULE_2, 20.0, (160, 120), (1640, 1232, 10), False),
        (MODULE_2, 41.85, (160, 120), (1640, 1232, 10), False),
        (MODULE_2, 45.0, (160, 120), (1920, 1080, 10), True),
        (MODULE_2, 60.0, (160, 120), (640, 480, 8), True),
        (MODULE_2, 15.0, (1920, 1080), (3280, 2464, 10), False),
        (MODULE_3, 20.0, (160, 120), (2304, 1296, 10), False),
        (MODULE_3, 100.0, (160, 120), (1536, 864, 10), True),
        (HIGH_QUALITY, 20.0, (160, 120), (2028, 1520, 12), False),
        (HIGH_QUALITY, 45.0, (160, 120), (2028, 1080, 12), True),
        (HIGH_QUALITY, 20.0, (160, 90), (2028, 1520, 12), False),
        (GLOBAL_SHUTTER, 60.0, (160, 120), (1456, 1088, 10), False),
    ],
)
def test_the_widest_view_that_is_fast_enough_wins_then_the_quickest_read_out(
    modes, frames_per_s, size, chosen, cropped
):
    mode = choose_mode(read_modes(described(modes)), *size, frames_per_s)
    assert (mode.width_px, mode.height_px, mode.bit_depth) == chosen
    assert mode.cropped is cropped


@pytest.mark.parametrize(("size", "width_px"), [((320, 180), 2000), ((120, 120), 1300)])
def test_only_what_the_picture_shows_counts_as_seen(size, width_px):
    wide = ((2000, 1000), 10, 40.0, (0, 0, 4000, 2000))
    narrow = ((1300, 1000), 10, 60.0, (700, 0, 2600, 2000))
    modes = read_modes(described([wide, narrow]))
    assert choose_mode(modes, *size, 30.0).width_px == width_px


def test_a_picture_larger_than_any_mode_still_gets_one():
    assert choose_mode(read_modes(described(GLOBAL_SHUTTER)), 1920, 1080, 30.0).width_px == 1456


def test_a_rate_within_one_percent_counts_as_reached():
    modes = read_modes(described([((640, 480), 10, 119.9, (0, 0, 640, 480))]))
    assert choose_mode(modes, 160, 120, 120.0).frames_per_s == 119.9
    with pytest.raises(CameraError, match=r"frames_per_s = 122.*119.9"):
        choose_mode(modes, 160, 120, 122.0)


def test_the_share_of_the_rate_that_counts_as_reached_is_exact():
    modes = read_modes(described([((640, 480), 10, NEAR_ENOUGH * 120.0, (0, 0, 640, 480))]))
    assert choose_mode(modes, 160, 120, 120.0).width_px == 640


def test_a_mode_with_just_the_pixels_wanted_has_enough_and_one_with_fewer_rows_has_not():
    whole = (0, 0, 2560, 1920)
    large = ((1280, 960), 10, 40.0, whole)
    for size, chosen in (((640, 480), 640), ((640, 479), 1280), ((639, 480), 1280)):
        modes = read_modes(described([large, (size, 10, 60.0, whole)]))
        assert choose_mode(modes, 640, 480, 30.0).width_px == chosen


def test_between_equals_the_fewest_pixels_win():
    sizes = [(1280, 960), (640, 480), (2560, 1920)]
    modes = read_modes(described([(size, 10, 60.0, (0, 0, 2560, 1920)) for size in sizes]))
    assert choose_mode(modes, 160, 120, 30.0).width_px == 640


def test_a_mode_is_cropped_when_it_sees_less_of_either_side():
    seen = [(1000, 500), (970, 500), (1000, 485), (969, 500), (1000, 484), (900, 500), (1000, 400)]
    modes = read_modes(described([((640, 480), 10, 60.0, (0, 0, *part)) for part in seen]))
    assert [mode.cropped for mode in modes] == [False] * 3 + [True] * 4


def test_a_view_that_is_nearly_the_widest_wins_when_it_is_faster():
    wide, near = ((1000, 1000), 10, 40.0), ((970, 1000), 10, 60.0)
    for seen_px, chosen in ((970, 970), (969, 1000)):
        crops = ((0, 0, 1000, 1000), (0, 0, seen_px, 1000))
        modes = read_modes(described([(*wide, crops[0]), (*near, crops[1])]))
        assert choose_mode(modes, 100, 100, 30.0).width_px == chosen


def test_entries_that_describe_no_sensor_are_left_out():
    odd = [{"format": "MJPEG"}, {"size": (640, 480)}, {"crop_limits": (0, 0, 640, 480)}]
    assert len(read_modes([*odd, *described(GLOBAL_SHUTTER)])) == 1
    with pytest.raises(CameraError, match="usb:0"):
        read_modes([{"format": "MJPEG"}])


def test_the_name_says_what_doctor_shows():
    assert read_modes(described(GLOBAL_SHUTTER))[0].name == "1456x1088, 10 bit, 60.38 frames/s"
    assert read_modes(described(MODULE_3))[0].name == "1536x864, 10 bit, 120.13 frames/s, cropped"


def test_a_mode_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        read_modes(described(GLOBAL_SHUTTER))[0].cropped = True
