"""Small fakes of photosearch's collaborators, for the tests of all folders.

A test imports what it needs: `from tests.fakes import Diary, FakeDescriber`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from captioner.describe.describer import Describer
from captioner.describe.description import PARTS, Caption, Description, Tag

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}

See = Callable[[np.ndarray], Description]  # of one photo's pixels, uint8 (S, S, 3)


def colour_of(noun: str = "wall") -> See:
    """See a photo's colour: "a red wall" first, then the next colour; a tag and a vector alike."""

    def see(pixels: np.ndarray) -> Description:
        mean = pixels.mean(axis=(0, 1))

        def distance(colour: str) -> float:
            return float(np.abs(mean - COLOURS[colour]).sum())

        near = sorted(COLOURS, key=distance)[:2]
        captions = [Caption(f"a {one} {noun}", -distance(one) / 100 - 1, 4) for one in near]
        words = f"{near[0]} {noun}"
        return Description(captions, [Tag(words, 0.75, True, ("paint",))], words.encode())

    return see


def shade(pixels: np.ndarray) -> Description:
    """See how bright a photo is: "shade 50", of 0 to 255."""
    mean = round(float(pixels.mean()))
    tag = Tag(f"tag {mean}", 0.5, True, ())
    return Description([Caption(f"shade {mean}", -1.0, 3)], [tag], bytes([mean] * 8))


@dataclass
class FakeDescriber:
    """A describer that says what a function sees in each photo, and notes what it was asked."""

    see: See = field(default_factory=colour_of)
    probe: Callable[[int], None] = lambda call: None  # told the number of each call, from 1
    name: str = "fake"
    fingerprints: Mapping[str, str] = field(
        default_factory=lambda: {part: f"{part} 1" for part in PARTS}
    )
    image_size: int = 8
    batch_size: int = 32
    batches: list[int] = field(default_factory=list)  # photos, call by call
    asked: list[tuple[str, ...]] = field(default_factory=list)  # parts, call by call

    @property
    def described(self) -> int:
        """Photos described so far."""
        return sum(self.batches)

    def describe_pixels(
        self, pixels: np.ndarray, parts: Collection[str] = PARTS
    ) -> list[Description]:
        """Describe photos, uint8 (B, S, S, 3)."""
        assert pixels.dtype == np.uint8
        assert pixels.shape[1:] == (self.image_size, self.image_size, 3)
        self.batches.append(len(pixels))
        self.asked.append(tuple(parts))
        self.probe(len(self.batches))
        return [_only(self.see(photo), parts) for photo in pixels]


def _only(whole: Description, parts: Collection[str]) -> Description:
    return Description(
        whole.captions if "captions" in parts else None,
        whole.tags if "tags" in parts else None,
        whole.vector if "vectors" in parts else None,
        whole.hubness,
        whole.words if "tags" in parts else None,
    )


def unneeded() -> Describer:
    """Load no describer: nothing is to be described."""
    raise AssertionError("nothing is to be described")


@dataclass
class Diary:
    """An observer that writes down what it is told."""

    total: int = 0
    done: int = 0
    compared: int = 0
    reread_photos: list[int] = field(default_factory=list)  # all, unread, and those done
    skips: list[tuple[str, str]] = field(default_factory=list)  # name and reason

    def comparing(self, files: int) -> None:
        """Count files that are read to be compared."""
        self.compared += files

    def start(self, total: int) -> None:
        """Note how many photos are to be captioned."""
        self.total = total

    def advance(self, photos: int) -> None:
        """Count photos that are done."""
        self.done += photos

    def rereading(self, photos: int, unread: int) -> None:
        """Note how many photos are read again."""
        self.reread_photos += [photos, unread, 0]

    def reread(self, photos: int) -> None:
        """Count photos that were read again."""
        self.reread_photos[-1] += photos

    def skipped(self, path: str, reason: str) -> None:
        """Note what can't be read."""
        self.skips.append((os.path.basename(path), reason))
