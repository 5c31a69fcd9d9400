"""EXIF: when, where and with which camera a photo was taken."""

import datetime
import io
import logging
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import exifread

from photosearch.photo.dates import DateSource
from photosearch.text import one_line

# ExifRead warns about every photo without EXIF; nobody can act on that.
logging.getLogger("exifread").setLevel(logging.CRITICAL + 1)

MAX_TEXT = 200
"""Longest camera or lens name, in characters."""

# Malformed EXIF can make ExifRead read millions of entries, or a whole film as one text. Real EXIF
# takes some hundred reads of some kilobytes.
_MAX_READS = 20_000
_MAX_READ_BYTES = 1 << 18
_MAX_TOTAL_BYTES = 1 << 23

_BLOB_PREFIX = b"Exif\0\0"
_TIME = re.compile(
    r"(\d{4})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})", re.ASCII)
_TIME_TAGS = (
    (DateSource.EXIF, "EXIF DateTimeOriginal", "EXIF OffsetTimeOriginal"),
    (DateSource.DIGITISED, "EXIF DateTimeDigitized", "EXIF OffsetTimeDigitized"),
    (DateSource.MODIFIED, "Image DateTime", "EXIF OffsetTime"),
)


@dataclass(frozen=True, slots=True)
class Exif:
    """The part of EXIF that a search can use.

    Attributes:
        dates: By source, ISO 8601 in the camera's local time, with an offset from UTC if EXIF has
            one.
        camera: Make and model.
        lens: The lens's model.
        latitude: Degrees, north positive; None if longitude is None.
        longitude: Degrees, east positive; None if latitude is None.
        orientation: EXIF orientation, 1 to 8, as the file says: 1 needs no turning.
    """

    dates: Mapping[DateSource, str] = field(default_factory=dict)
    camera: str | None = None
    lens: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    orientation: int = 1


def read_exif(file: BinaryIO) -> Exif:
    """Read EXIF from a photo file (JPEG, PNG, TIFF, WebP, HEIC, AVIF) or from a bare EXIF blob.

    Malformed EXIF raises nothing and prints nothing: a value that can't be read is None. The number
    of reads is bounded. ExifRead doesn't find EXIF in some WebP and HEIC files: for these, pass the
    blob that the image library found, with or without its `Exif` prefix.

    Args:
        file: Seekable. It is read from its start, whatever its position.

    Raises:
        OSError: The file itself can't be read.
    """
    file.seek(0)
    start = len(_BLOB_PREFIX) if file.read(len(_BLOB_PREFIX)) == _BLOB_PREFIX else 0
    try:
        reader = cast(BinaryIO, _BoundedReader(file, start))
        tags: dict[str, Any] = exifread.process_file(reader, details=False)
    except Exception:  # ExifRead raises errors of any kind
        return Exif()
    latitude, longitude = _position(tags)
    return Exif(
        dates=_dates(tags),
        camera=_camera(_text(tags, "Image Make"), _text(tags, "Image Model")),
        lens=_text(tags, "EXIF LensModel"),
        latitude=latitude,
        longitude=longitude,
        orientation=_orientation(tags),
    )


class _BoundedReader:
    """A file that seems to end after a fixed amount of reading.

    It raises no error then: if a file ends early, ExifRead keeps the tags that it has read.
    """

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self._start = start  # bytes at the front that are hidden from the reader
        self._reads_left = _MAX_READS
        self._bytes_left = _MAX_TOTAL_BYTES
        file.seek(start)

    def read(self, size: int = -1) -> bytes:
        if self._reads_left <= 0 or self._bytes_left <= 0:
            return b""
        data = self._file.read(size if 0 <= size <= _MAX_READ_BYTES else _MAX_READ_BYTES)
        self._reads_left -= 1
        self._bytes_left -= len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        shift = self._start if whence == io.SEEK_SET else 0
        return self._file.seek(offset + shift, whence) - self._start

    def tell(self) -> int:
        return self._file.tell() - self._start


def _dates(tags: Mapping[str, Any]) -> dict[DateSource, str]:
    """Return the times of the shutter, of digitising and of the last change."""
    dates = {}
    for source, time_tag, offset_tag in _TIME_TAGS:
        found = _TIME.match(_text(tags, time_tag) or "")
        if not found:
            continue
        try:
            year, month, day, hour, minute, second = (int(part) for part in found.groups())
            local = datetime.datetime(year, month, day, hour, minute, second)
        except ValueError:  # 0000:00:00, 30 February
            continue
        dates[source] = local.isoformat() + _offset(_text(tags, offset_tag))
    return dates


def _offset(text: str | None) -> str:
    """Return EXIF's offset from UTC as ISO 8601 has it; empty if there is no possible offset."""
    if text == "Z":
        return "+00:00"
    found = _OFFSET.fullmatch(text or "")
    if not found or int(found[2]) > 14 or int(found[3]) > 59:
        return ""
    return f"{found[1]}{found[2]}:{found[3]}"


def _camera(make: str | None, model: str | None) -> str | None:
    """Join make and model: Apple iPhone 12, but NIKON D90 for NIKON CORPORATION, NIKON D90."""
    if not make or not model:
        return model or make
    first_word = model.casefold().split()[0]
    if first_word in make.casefold().split() or model.casefold().startswith(make.casefold()):
        return model
    return f"{make} {model}"[:MAX_TEXT].rstrip()


def _position(tags: Mapping[str, Any]) -> tuple[float, float] | tuple[None, None]:
    """Read latitude and longitude in degrees. If either is missing, both are None."""
    latitude = _coordinate(tags, "GPS GPSLatitude", "NS", 90.0)
    longitude = _coordinate(tags, "GPS GPSLongitude", "EW", 180.0)
    if latitude is None or longitude is None:
        return None, None
    return latitude, longitude


def _coordinate(tags: Mapping[str, Any], name: str, signs: str, limit: float) -> float | None:
    """Add up degrees, minutes and seconds; the reference letter gives the sign.

    Without a letter the hemisphere would be a guess, so the result is None.
    """
    letter = (_text(tags, f"{name}Ref") or "")[:1].upper()
    values = _values(tags, name)
    if not letter or letter not in signs or not isinstance(values, list) or len(values) > 3:
        return None
    parts = [_number(value) for value in values]
    degrees: float = sum(part / 60**power for power, part in enumerate(parts))
    if not parts or not 0 <= degrees <= limit:  # also when NaN
        return None
    return -degrees if letter == signs[1] else degrees


def _number(value: Any) -> float:
    """Convert ExifRead's ratio, integer or 1-tuple of a float; NaN if that is impossible."""
    try:
        return float(value[0] if isinstance(value, tuple) else value)
    except (ArithmeticError, TypeError, ValueError, IndexError):
        return math.nan


def _orientation(tags: Mapping[str, Any]) -> int:
    values = _values(tags, "Image Orientation")
    if isinstance(values, list) and values and values[0] in range(1, 9):
        return int(values[0])
    return 1


def _text(tags: Mapping[str, Any], name: str) -> str | None:
    """Read a tag as one printable line of at most `MAX_TEXT` characters; None without text."""
    values = _values(tags, name)
    if isinstance(values, list):  # text under a binary type comes as a list of numbers
        try:
            values = bytes(values)
        except (TypeError, ValueError):
            return None
    if isinstance(values, bytes):
        values = values.decode("utf-8", "replace")
    if not isinstance(values, str):
        return None
    return one_line(values, MAX_TEXT) or None


def _values(tags: Mapping[str, Any], name: str) -> Any:
    return getattr(tags.get(name), "values", None)
