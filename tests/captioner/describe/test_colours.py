"""The names of a photo's main colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captioner.describe.colours import (
    MONOCHROME,
    NAMES,
    ColourConfig,
    ColourTable,
    ColourWeights,
    colour_table,
    main_colours,
    name_colours,
    to_lch,
    weigh_colours,
)
from captioner.describe.square import to_square

RGB = dict[str, tuple[int, int, int]]

# The CSS colours of these names, and others that people call so.
PLAIN: RGB = {
    "red": (255, 0, 0),
    "orange": (255, 140, 0),
    "yellow": (255, 230, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "purple": (128, 0, 128),
    "pink": (255, 182, 193),
    "brown": (139, 69, 19),
}
SHADES = [
    ((178, 34, 34), "red"),  # firebrick
    ((220, 20, 60), "red"),  # crimson
    ((128, 0, 0), "red"),  # maroon
    ((255, 165, 0), "orange"),
    ((255, 215, 0), "yellow"),  # gold
    ((255, 255, 0), "yellow"),
    ((85, 107, 47), "green"),  # dark olive green
    ((50, 205, 50), "green"),  # lime
    ((135, 206, 235), "blue"),  # sky
    ((0, 0, 128), "blue"),  # navy
    ((70, 130, 180), "blue"),  # steel
    ((138, 43, 226), "purple"),  # violet
    ((255, 105, 180), "pink"),  # hot pink
    ((160, 82, 45), "brown"),  # sienna
    ((92, 64, 51), "brown"),
]


def flat(colour: tuple[int, int, int], size: int = 224) -> np.ndarray:
    return np.full((1, size, size, 3), colour, np.uint8)


def names(pixels: np.ndarray) -> list[str]:
    return [name for name, _ in main_colours(pixels)[0]]


@pytest.mark.parametrize(("name", "colour"), PLAIN.items())
def test_each_colour_has_its_name(name: str, colour: tuple[int, int, int]) -> None:
    [[(found, share)]] = main_colours(flat(colour))
    assert found == name and share == pytest.approx(1.0)


@pytest.mark.parametrize(("colour", "name"), SHADES)
def test_shades_keep_the_name_of_their_colour(colour: tuple[int, int, int], name: str) -> None:
    assert names(flat(colour)) == [name]


@pytest.mark.parametrize(
    ("colour", "name"),
    [((0, 0, 0), "black"), ((255, 255, 255), "white"), ((128, 128, 128), "grey")],
)
def test_black_white_and_grey_beside_a_colour(colour: tuple[int, int, int], name: str) -> None:
    pixels = flat(colour)
    pixels[:, :20] = PLAIN["red"]
    assert set(names(pixels)) == {name, "red"}


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_photo_without_colour_is_black_and_white(level: int) -> None:
    assert main_colours(flat((level, level, level))) == [[(MONOCHROME, 1.0)]]


def test_a_grey_gradient_is_black_and_white() -> None:
    ramp = np.linspace(0, 255, 224).astype(np.uint8)
    pixels = np.broadcast_to(ramp[None, None, :, None], (1, 224, 224, 3))
    assert main_colours(pixels) == [[(MONOCHROME, 1.0)]]


def test_a_little_colour_ends_black_and_white() -> None:
    pixels = flat((120, 120, 120))
    pixels[:, :50, :50] = PLAIN["red"]  # a twentieth
    assert MONOCHROME not in names(pixels)
    assert "red" in names(pixels)


def test_a_small_vivid_thing_counts_more_than_its_area() -> None:
    pixels = flat((120, 120, 120))
    pixels[:, :50, :50] = PLAIN["red"]
    share = dict(main_colours(pixels)[0])["red"]
    assert share > 2 * 50 * 50 / 224**2
    tiny = flat((120, 120, 120))
    tiny[:, :20, :20] = PLAIN["red"]  # less than a hundredth
    assert "red" not in names(tiny)


def test_a_hue_gradient_has_many_colours_in_falling_order() -> None:
    stripes = np.concatenate([flat(c, 48)[:, :, :28] for c in PLAIN.values()], axis=2)
    found = main_colours(stripes, ColourConfig(step=2, common=0.05, dull=0.05))[0]
    assert {name for name, _ in found} == set(PLAIN)
    shares = [share for _, share in found]
    assert shares == sorted(shares, reverse=True) and sum(shares) == pytest.approx(1.0)


def test_skin_and_sand_have_no_basic_name() -> None:
    for colour in [(224, 190, 160), (210, 180, 140)]:
        assert names(flat(colour)) == []


def test_every_photo_of_a_batch_gets_its_own_colours() -> None:
    batch = np.concatenate([flat(PLAIN["blue"]), flat((9, 9, 9)), flat(PLAIN["green"])])
    assert [[name for name, _ in found] for found in main_colours(batch)] == [
        ["blue"],
        [MONOCHROME],
        ["green"],
    ]
    assert main_colours(batch[:0]) == []


@pytest.mark.parametrize("step", [1, 3, 6, 9])
def test_looking_at_fewer_pixels_finds_the_same(step: int) -> None:
    pixels = flat(PLAIN["blue"])
    pixels[:, 80:] = PLAIN["green"]
    found = dict(main_colours(pixels, ColourConfig(step=step))[0])
    assert list(found) == ["green", "blue"]
    assert found["green"] == pytest.approx(0.62, abs=0.08)


def test_cielab_of_known_colours() -> None:
    colours = np.array([[255, 255, 255], [255, 0, 0], [0, 0, 255], [0, 0, 0]], np.uint8)
    lightness, chroma, hue = to_lch(colours)
    assert lightness == pytest.approx(np.array([100, 53.2, 32.3, 0]), abs=0.1)
    assert chroma == pytest.approx(np.array([0, 104.6, 133.8, 0]), abs=0.3)
    assert hue[1:3] == pytest.approx(np.array([40.0, 306.3]), abs=0.2)


def test_the_eleven_names() -> None:
    assert len(NAMES) == len(set(NAMES)) == 11


def test_other_pixels_are_refused() -> None:
    with pytest.raises(ValueError, match="uint8"):
        main_colours(np.zeros((1, 8, 8, 3), np.float32))
    with pytest.raises(ValueError, match="uint8"):
        main_colours(np.zeros((8, 8, 3), np.uint8))


def tensors(table: ColourTable) -> ColourTable:
    torch = pytest.importorskip("torch")
    return ColourTable(*(torch.from_numpy(part) for part in table))


def assert_same_by_torch(pixels: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    config = ColourConfig()
    table = colour_table(config)
    ours = weigh_colours(pixels, table, config.step)
    theirs = weigh_colours(torch.from_numpy(pixels), tensors(table), config.step)
    arrays = ColourWeights(theirs.names.numpy(), theirs.coloured.numpy())
    np.testing.assert_array_equal(ours.names, arrays.names)
    np.testing.assert_allclose(ours.coloured, arrays.coloured, atol=1e-6)
    for mine, other in zip(main_colours(pixels), name_colours(arrays, config), strict=True):
        assert [name for name, _ in mine] == [name for name, _ in other]
        shares = [share for _, share in other]
        assert [share for _, share in mine] == pytest.approx(shares, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_torch_weighs_as_numpy_does_to_the_last_bit(seed: int) -> None:
    dice = np.random.default_rng(seed)
    smooth = dice.integers(0, 256, (5, 8, 8, 3), np.uint8).repeat(28, 1).repeat(28, 2)
    noisy = np.clip(smooth + dice.normal(0, 20, smooth.shape), 0, 255).astype(np.uint8)
    assert_same_by_torch(np.concatenate([smooth, noisy]))


def test_torch_gives_photos_the_same_colours(data_dir: Path) -> None:
    files = sorted((data_dir / "flickr8k" / "images").glob("*.jpg"))[:24]
    assert len(files) == 24
    assert_same_by_torch(np.stack([to_square(Image.open(file), 224) for file in files]))


def test_weights_of_a_photo_are_whole_and_far_from_where_floats_round() -> None:
    vivid = flat((255, 0, 0))
    [weights] = weigh_colours(vivid, colour_table(ColourConfig()), 6).names
    assert weights.sum() == round(weights.sum()) < 2**24
