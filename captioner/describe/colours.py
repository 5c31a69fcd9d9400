"""Colours: the main colours of a photo, by the names that people search with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

MONOCHROME = "black and white"

# The eleven basic colour terms of English (Berlin and Kay, "Basic color terms", 1969).
NAMES = tuple("red orange yellow green blue purple pink brown black white grey".split())
_RED, _ORANGE, _YELLOW, _GREEN, _BLUE, _PURPLE, _PINK, _BROWN, _BLACK, _WHITE, _GREY = range(11)
_NAMELESS = 11  # skin, sand, cream: none of the eleven


@dataclass(frozen=True)
class ColourConfig:
    """The settings of colours."""

    step: int = 6  # every sixth pixel of every sixth row counts
    # Weighted shares of the picture from which a colour is named. Red, orange, yellow, purple
    # and pink are seldom background. Green and blue are often background. Brown and grey are
    # in nearly every photo.
    rare: float = 0.05
    common: float = 0.15  # green, blue, black, white
    dull: float = 0.3  # brown, grey
    vividness: float = 3.0  # the additional weight of a pure colour; grey has weight 1
    monochrome: float = 6.0  # hardly any pixel of a grey photo has more chroma (CIELAB)


def main_colours(
    pixels: np.ndarray, config: ColourConfig | None = None
) -> list[list[tuple[str, float]]]:
    """Name the main colours of photos.

    People remember a small thing in a strong colour ("the red car"), so a vivid pixel weighs
    more than a dull pixel.

    Args:
        pixels: uint8 RGB, (B, S, S, 3).
        config: the settings; by default those of `ColourConfig`.

    Returns:
        For each photo names and their weighted shares of the picture, 0 to 1, the largest first.
        If a photo has no colour, `MONOCHROME` alone, with share 1.

    Raises:
        ValueError: the pixels are not uint8 (B, S, S, 3).
    """
    config = config or ColourConfig()
    if pixels.ndim != 4 or pixels.shape[-1] != 3 or pixels.dtype != np.uint8:
        raise ValueError(f"pixels are {pixels.dtype} {pixels.shape}, not uint8 (B, S, S, 3)")
    if not len(pixels):
        return []
    return name_colours(weigh_colours(pixels, colour_table(config), config.step), config)


class ColourWeights(NamedTuple):
    """The weights of the colours in photos: arrays of numpy, or tensors on any device."""

    names: Any  # of each of `NAMES`, last of the pixels without a name; whole numbers, (B, 12)
    coloured: Any  # the share of pixels that have a colour, (B,)


class ColourTable(NamedTuple):
    """The values of each colour of a coarse grid: a look-up is cheaper than computing.

    Arrays of numpy, or tensors on the device of the pixels.
    """

    named: Any  # indices of NAMES, int64
    weights: Any  # whole numbers, float32: whatever their order, they add up to the same
    coloured: Any  # 1 for colours, 0 for greys, float32


def weigh_colours(pixels: Any, table: ColourTable, step: int) -> ColourWeights:
    """Add up the weights of the colours in photos.

    The same code serves numpy and torch, and the weights are the same. So a photo has the same
    colours, whichever device describes it.

    Args:
        pixels: uint8 RGB, (B, S, S, 3): an array of numpy, or a tensor.
        table: of the same kind, on the same device.
        step: every such pixel of every such row counts.
    """
    half = step // 2
    sample = pixels[:, half::step, half::step].reshape(len(pixels), -1, 3)
    red, green, blue = (_whole(sample[:, :, channel] >> _DROPPED) for channel in range(3))
    places = (((red << _BITS) + green) << _BITS) + blue
    totals = _totals(table.named[places], table.weights[places])
    return ColourWeights(totals, table.coloured[places].mean(1))


def name_colours(weights: ColourWeights, config: ColourConfig) -> list[list[tuple[str, float]]]:
    """Name the colours of photos that weigh enough; see `main_colours`.

    Args:
        weights: as arrays of numpy.
        config: the settings.
    """
    shares = weights.names[:, : len(NAMES)] / weights.names.sum(1, keepdims=True)
    needed = np.full(len(NAMES), config.rare)
    needed[[_GREEN, _BLUE, _BLACK, _WHITE]] = config.common
    needed[[_BROWN, _GREY]] = config.dull
    order = np.argsort(-shares, axis=1, kind="stable")
    main: list[list[tuple[str, float]]] = [[] for _ in shares]
    enough = np.take_along_axis(shares >= needed, order, 1)
    for photo, place in np.argwhere(enough).tolist():
        name = order[photo, place]
        main[photo].append((NAMES[name], float(shares[photo, name])))
    for photo in np.flatnonzero(weights.coloured < 0.02).tolist():
        main[photo] = [(MONOCHROME, 1.0)]
    return main


@cache
def colour_table(config: ColourConfig) -> ColourTable:
    """Return the table of settings, as arrays of numpy."""
    value = (np.arange(1 << _BITS) << _DROPPED) + (1 << _DROPPED >> 1)
    grid = np.stack(np.meshgrid(value, value, value, indexing="ij"), axis=-1)
    lightness, chroma, hue = to_lch(grid.reshape(-1, 3).astype(np.uint8))
    # In the dark, colours can hardly be seen: such a hue weighs little.
    light = np.clip(lightness / 30.0, 0.2, 1.0)
    weights = (1.0 + config.vividness * np.minimum(chroma / 60.0, 1.0)) * light
    return ColourTable(
        name_pixels(lightness, chroma, hue),
        np.round(weights * _UNIT).astype(np.float32),
        (chroma >= config.monochrome).astype(np.float32),
    )


def to_lch(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn sRGB into the lightness, chroma and hue angle of CIELAB, white being D65.

    The formulas of IEC 61966-2-1 (sRGB) and CIE 15 (L*a*b*).

    Args:
        pixels: uint8 RGB, (..., 3).

    Returns:
        Lightness 0 to 100, chroma from 0 (grey) to about 130, hue in degrees, 0 to 360
        (40 is red, 103 yellow, 136 green, 306 blue); float32 (...) each.
    """
    xyz = _LINEAR[pixels] @ _TO_XYZ
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * ((29 / 6) ** 2 / 3) + 4 / 29)
    a, b = 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])
    return 116 * f[..., 1] - 16, np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360


def name_pixels(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """Name colours in the form that `to_lch` returns.

    The borders are our own: set by eye between the colours that CSS names. If two rules hold, the
    later rule counts.

    Returns:
        Indices of `NAMES`; for a colour without a basic name, `len(NAMES)`.
    """
    rules = [
        # Hue alone, for strong colours.
        (hue < 360, _PINK),
        (hue < 335, _PURPLE),
        (hue < 309, _BLUE),
        (hue < 190, _GREEN),
        (hue < 108, _YELLOW),
        (hue < 78, _ORANGE),
        (hue < 48, _RED),
        # Pink is light red; dark pink is red or purple.
        ((hue < 35) & (lightness > 62), _PINK),
        ((hue < 8) & (lightness > 50), _PINK),
        ((hue > 345) & (lightness < 45), _RED),
        ((hue > 335) & (hue <= 345) & (lightness < 45), _PURPLE),
        # Brown is dark orange or dark yellow. Light and weak colours of these hues have no name.
        ((hue >= 48) & (hue < 78) & ((lightness < 55) | (chroma < 50)), _BROWN),
        ((hue >= 78) & (hue < 95) & ((lightness < 65) | (chroma < 45)), _BROWN),
        ((hue >= 95) & (hue < 108) & (lightness < 65), _GREEN),
        ((hue >= 15) & (hue < 48) & (chroma < 32), _BROWN),
        ((hue >= 35) & (hue < 95) & (lightness >= 58) & (chroma < 45), _NAMELESS),
        ((hue >= 95) & (hue < 108) & (lightness >= 65) & (chroma < 35), _NAMELESS),
        # Without a hue to speak of.
        (chroma < 9, _GREY),
        ((chroma < 11) & (lightness > 80), _WHITE),
        ((lightness < 25) & (chroma < 12), _BLACK),
        (lightness < 13, _BLACK),
    ]
    named = np.zeros(hue.shape, np.int64)
    for where, name in rules:
        named[where] = name
    return named


def _whole(numbers: Any) -> Any:
    """Return small numbers as int32 of numpy, or int64 of torch: as each looks up fastest."""
    return numbers.astype(np.int32) if isinstance(numbers, np.ndarray) else numbers.long()


def _totals(named: Any, weights: Any) -> Any:
    """Return the sum of the weights under each name, (B, P) and (B, P) to (B, 12)."""
    photos, size = len(named), len(NAMES) + 1
    if not isinstance(named, np.ndarray):
        return weights.new_zeros(photos, size).scatter_add(1, named, weights)
    places = named + size * np.arange(photos)[:, None]
    return np.bincount(places.ravel(), weights.ravel(), photos * size).reshape(photos, size)


def _linear() -> np.ndarray:
    """Return the light of each of the 256 values of a channel, 0 to 1."""
    value = np.arange(256, dtype=np.float32) / 255
    light: np.ndarray = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


_BITS = 6  # of each channel that the table keeps
_DROPPED = 8 - _BITS
_UNIT = 256  # the weight of a grey pixel: whole numbers up to 2 ** 24 are exact in float32
_LINEAR = _linear()
_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32
)
_TO_XYZ = (_XYZ / _XYZ.sum(axis=1, keepdims=True)).T  # so that white is 1, 1, 1
