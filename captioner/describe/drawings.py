"""Drawings: pictures made by code, each with a sentence that says what it shows.

A model is tested on them, because nobody's photos may lie in its folder. They are drawn with whole
numbers, so they are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

UNITS = 240  # a drawing's side; all positions are in these units, from the upper left corner

Colour = tuple[int, int, int]  # RGB, 0 to 255

BLACK, GREY, WHITE = (12, 12, 14), (128, 130, 132), (245, 245, 245)
SKY, GRASS = (140, 195, 240), (70, 150, 55)


class Canvas:
    """A square picture to draw on."""

    def __init__(self, side: int, above: Colour, below: Colour | None = None) -> None:
        """Make a picture of one colour, or of a colour that changes evenly into another one.

        Args:
            side: in pixels.
            above: the colour at the upper edge.
            below: the colour at the lower edge; None: the same.
        """
        steps = (2 * np.arange(side, dtype=np.int64) + 1) * UNITS // (2 * side)
        self.y, self.x = steps[:, None], steps[None, :]  # (S, 1), (1, S)
        ends = np.array([above, below or above], np.int64)
        rows = (ends[0] * (UNITS - self.y) + ends[1] * self.y) // UNITS  # (S, 3)
        self.pixels = np.repeat(rows[:, None], side, axis=1).astype(np.uint8)  # (S, S, 3)

    def fill(self, where: np.ndarray, colour: Colour) -> None:
        """Paint the pixels of a mask, (S, S), (S, 1) or (1, S)."""
        self.pixels[np.broadcast_to(where, self.pixels.shape[:2])] = colour

    def disc(self, y: int, x: int, radius: int) -> np.ndarray:
        """Return the mask of a disc, (S, S)."""
        return (self.y - y) ** 2 + (self.x - x) ** 2 <= radius**2

    def box(self, top: int, left: int, bottom: int, right: int) -> np.ndarray:
        """Return the mask of a rectangle, (S, S)."""
        rows = (self.y >= top) & (self.y < bottom)
        return rows & (self.x >= left) & (self.x < right)

    def octagon(self, y: int, x: int, radius: int) -> np.ndarray:
        """Return the mask of a regular octagon, (S, S); its radius is that of the inner circle."""
        down, right = abs(self.y - y), abs(self.x - x)
        return (down < radius) & (right < radius) & (5 * (down + right) < 7 * radius)


def _field(side: int) -> np.ndarray:
    canvas = Canvas(side, SKY)
    ground = canvas.y >= 140
    canvas.fill(ground, GRASS)
    canvas.fill(ground & ((7 * canvas.x + 13 * canvas.y) % 11 < 3), (40, 120, 36))
    return canvas.pixels


def _sunset(side: int) -> np.ndarray:
    canvas = Canvas(side, (120, 50, 90), (255, 170, 40))
    sea = canvas.y >= 150
    canvas.fill(canvas.disc(140, 120, 30), (255, 240, 150))
    canvas.fill(sea, (40, 30, 60))
    glitter = (abs(canvas.x - 120) < (canvas.y - 140) // 2) & (canvas.y % 8 < 4)
    canvas.fill(sea & glitter, (250, 190, 80))
    return canvas.pixels


def _moon(side: int) -> np.ndarray:
    canvas = Canvas(side, (6, 8, 26))
    canvas.fill(canvas.disc(80, 150, 38), (245, 240, 215))
    for star in range(40):
        canvas.fill(canvas.disc(83 * star % UNITS, (149 * star + 31) % UNITS, 1), WHITE)
    return canvas.pixels


def _tiles(side: int) -> np.ndarray:
    canvas = Canvas(side, WHITE)
    canvas.fill((canvas.y // 30 + canvas.x // 30) % 2 == 0, BLACK)
    return canvas.pixels


def _house(side: int) -> np.ndarray:
    canvas = Canvas(side, SKY)
    canvas.fill(canvas.y >= 190, GRASS)
    canvas.fill(canvas.box(110, 60, 200, 180), (235, 225, 200))
    roof = (canvas.y >= 50) & (canvas.y < 110) & (4 * abs(canvas.x - 120) < 5 * (canvas.y - 45))
    canvas.fill(roof, (170, 50, 40))
    canvas.fill(canvas.box(150, 105, 200, 135), (110, 65, 35))
    for left in (72, 148):
        canvas.fill(canvas.box(130, left, 155, left + 22), (90, 130, 170))
    return canvas.pixels


def _flower(side: int) -> np.ndarray:
    canvas = Canvas(side, (50, 120, 45))
    for y, x in ((60, 120), (85, 170), (140, 175), (175, 120), (140, 65), (85, 70)):
        canvas.fill(canvas.disc(y, x, 38), (240, 70, 130))
    canvas.fill(canvas.disc(115, 120, 34), (250, 210, 50))
    return canvas.pixels


def _clock(side: int) -> np.ndarray:
    canvas = Canvas(side, (205, 195, 180))
    canvas.fill(canvas.disc(120, 120, 95), BLACK)
    canvas.fill(canvas.disc(120, 120, 86), WHITE)
    for far, near in ((76, 0), (66, 38), (38, 66)):
        for y, x in ((-far, near), (near, far), (far, -near), (-near, -far)):
            canvas.fill(canvas.disc(120 + y, 120 + x, 5), BLACK)
    canvas.fill(canvas.box(60, 117, 123, 123), BLACK)
    canvas.fill(canvas.box(117, 118, 123, 170), BLACK)
    return canvas.pixels


def _stop_sign(side: int) -> np.ndarray:
    canvas = Canvas(side, SKY)
    canvas.fill(canvas.y >= 215, GRASS)
    canvas.fill(canvas.box(100, 114, UNITS, 126), GREY)
    canvas.fill(canvas.octagon(90, 120, 66), WHITE)
    canvas.fill(canvas.octagon(90, 120, 60), (200, 25, 35))
    canvas.fill(canvas.box(78, 75, 102, 165), WHITE)
    return canvas.pixels


DRAWINGS: dict[str, Callable[[int], np.ndarray]] = {
    "a green field under a blue sky": _field,
    "a sunset over the sea": _sunset,
    "the moon in the night sky": _moon,
    "black and white floor tiles": _tiles,
    "a house with a red roof": _house,
    "a pink flower": _flower,
    "a clock on a wall": _clock,
    "a red stop sign": _stop_sign,
}
"""What draws a picture of a side in pixels, by the sentence that says what the picture shows."""


def drawings(side: int) -> np.ndarray:
    """Return all drawings in the order of `DRAWINGS`, uint8 RGB, (8, S, S, 3).

    Args:
        side: S, in pixels.
    """
    return np.stack([draw(side) for draw in DRAWINGS.values()])
