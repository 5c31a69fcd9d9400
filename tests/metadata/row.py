"""Rows: an input that a person, a camera or a program wrote, and what must be known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

SUFFIXES = {
    "jpeg": ".jpg", "png": ".png", "webp": ".webp", "tiff": ".tif", "heic": ".heic",
    "avif": ".avif", "sidecar": ".jpg",
}  # fmt: skip
"""The formats of the table, with the ending of the photo; a sidecar lies beside a JPEG."""

FILES = ("jpeg", "png", "webp", "tiff", "heic", "avif")  # what holds EXIF and XMP
GENERATED = "a grey wall"  # the caption that the describer gives to every photo

ALL = (*FILES, "sidecar")  # what holds XMP
IPTC = ("jpeg", "tiff")
JPEG, SIDECAR, PNG, TIFF = ("jpeg",), ("sidecar",), ("png",), ("tiff",)

Content = str | bytes | Callable[[], bytes]


@dataclass(frozen=True)
class Has:
    """A list that holds some values, in any order, with or without others."""

    values: tuple[str, ...]

    def __init__(self, *values: str) -> None:
        object.__setattr__(self, "values", values)

    def fits(self, got: object) -> bool:
        """Return whether what was stored holds the values."""
        return isinstance(got, Sequence) and all(value in got for value in self.values)


@dataclass(frozen=True)
class Begins:
    """A text that begins so; what follows doesn't matter."""

    start: str

    def fits(self, got: object) -> bool:
        """Return whether what was stored begins so."""
        return isinstance(got, str) and got.startswith(self.start)


@dataclass(frozen=True)
class Something:
    """Any text that isn't empty."""

    def fits(self, got: object) -> bool:
        """Return whether anything is stored."""
        return bool(got)


@dataclass(frozen=True)
class Lacks:
    """A text or a list in which some values don't occur, or none."""

    values: tuple[str, ...]

    def __init__(self, *values: str) -> None:
        object.__setattr__(self, "values", values)

    def fits(self, got: object) -> bool:
        """Return whether what was stored lacks the values."""
        if got is None:
            return True
        return isinstance(got, Sequence) and not any(value in got for value in self.values)


@dataclass(frozen=True)
class Near:
    """A position, to about ten metres."""

    latitude: float
    longitude: float

    def fits(self, got: object) -> bool:
        """Return whether what was stored is the position."""
        if not isinstance(got, tuple):
            return False
        wanted = self.latitude, self.longitude
        return all(abs(have - want) < 1e-4 for have, want in zip(got, wanted, strict=True))


MATCHERS = (Has, Begins, Something, Lacks, Near)


@dataclass(frozen=True)
class Row:
    """An input with the right values."""

    name: str
    args: tuple[str, ...]  # ExifTool's, which write the input; numbers as they are stored (-n)
    formats: tuple[str, ...]
    xmp: Content | None  # a packet that is embedded as it is, or the sidecar
    beside: Mapping[str, Content]  # further files; {photo} and {stem} stand for the photo's name
    photo: str  # its path below the row's folder, without an ending
    content: Content | None  # of the photo's file; then `photo` has its ending
    mtime: str  # of the photo's file, local time
    judge: Mapping[str, object]  # what ExifTool reads in the files, by group and tag
    wanted: Mapping[str, object]  # the right values, by field

    def __str__(self) -> str:
        return self.name


def row(
    name: str,
    *args: str,
    formats: Sequence[str] = FILES,
    xmp: Content | None = None,
    beside: Mapping[str, Content] | None = None,
    photo: str = "photo",
    content: Content | None = None,
    mtime: str = "2021-05-05T05:05:05",
    judge: Mapping[str, object] | None = None,
    **wanted: object,
) -> Row:
    """Make a row. Without `judge`, ExifTool must read what it was told to write.

    Fields of `wanted`: `taken_at`, `taken_from`, `title`, `description`, `alt_text`, `keywords`,
    `people`, `places`, `notes`, `rating`, `position`, `camera`, `lens`, `caption`, `source` (of the
    caption), `listed` (the photos of the row's folder in the library), `errors` (their reasons),
    `found` and `lost` (queries that find the photo, and that don't).
    """
    chosen = JPEG if content is not None else tuple(formats)
    judged = _told(args) if judge is None else judge
    return Row(
        name, args, chosen, xmp, beside or {}, photo, content, mtime, judged, wanted
    )  # fmt: skip


def _told(args: Sequence[str]) -> dict[str, object]:
    """Return the values that arguments of ExifTool write, by group and tag."""
    told: dict[str, list[str]] = {}
    for arg in args:
        tag, is_set, value = arg.lstrip("-").partition("=")
        if is_set and arg.startswith("-") and not value.startswith(("{", "[")):
            told.setdefault(tag.rstrip("+"), []).append(value)
    return dict(told)
