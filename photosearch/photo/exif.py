"""EXIF: when, where and with which camera a photo was taken."""

import io
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import exifread

from photosearch.photo.dates import DateSource, iso_date
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
_MAX_DATE_BYTES = 64
_TIME_TAGS = (
    (DateSource.EXIF, "DateTimeOriginal", "OffsetTimeOriginal", "SubSecTimeOriginal"),
    (DateSource.DIGITISED, "DateTimeDigitized", "OffsetTimeDigitized", "SubSecTimeDigitized"),
    (DateSource.MODIFIED, "DateTime", "OffsetTime", "SubSecTime"),
)
_TO_THE_SECOND = len("2019-07-04T12:34:56")


@dataclass(frozen=True, slots=True)
class Exif:
    """The part of EXIF that a search can use.

    Attributes:
        dates: By source, ISO 8601, as precise as EXIF is, in the camera's local time, with an
            offset from UTC if EXIF has an offset.
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
        dates=_dates(tags, reader),
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


def _dates(tags: Mapping[str, Any], file: BinaryIO) -> dict[DateSource, str]:
    """Return the times of the shutter, of digitising, of the satellites and of the last change."""
    dates = {}
    for source, time_name, offset_name, fraction_name in _TIME_TAGS:
        date = iso_date(_date_text(tags, time_name, file))
        if date is not None and len(date) >= _TO_THE_SECOND:
            fraction, offset = (_found(tags, name) or "" for name in (fraction_name, offset_name))
            if len(date) == _TO_THE_SECOND and fraction[:1].isdecimal():
                date = iso_date(f"{date}.{fraction}") or date
            if not any(sign in date[_TO_THE_SECOND:] for sign in "+-"):
                date = iso_date(f"{date} {offset}") or date
        if date is not None:
            dates[source] = date
    satellites = _satellite_time(tags)
    if satellites is not None:
        dates[DateSource.GPS] = satellites
    return dates


def _date_text(tags: Mapping[str, Any], name: str, file: BinaryIO) -> str:
    """Return the text of a date as it stands in the file; empty without one.

    ExifRead cuts texts at a NUL. Some programs write a NUL between the day and the time.
    """
    full = f"EXIF {name}" if f"EXIF {name}" in tags else f"Image {name}"  # TIFF/EP has one place
    text = _raw_text(tags, full)
    length = getattr(tags.get(full), "field_length", 0)
    if text and len(text) < _TO_THE_SECOND <= length:
        file.seek(tags[full].field_offset)
        whole = file.read(min(length, _MAX_DATE_BYTES)).decode("latin-1")
        if whole.startswith(f"{text}\0"):  # the offset may count from another place
            return whole
    return text


def _found(tags: Mapping[str, Any], name: str) -> str | None:
    """Return the text of a tag of the camera's part of EXIF, or else of the first picture."""
    return _text(tags, f"EXIF {name}") or _text(tags, f"Image {name}")


def _satellite_time(tags: Mapping[str, Any]) -> str | None:
    """Return the time that satellites gave, UTC; the day alone if there is no time."""
    day = iso_date(_text(tags, "GPS GPSDate") or "")
    values = _values(tags, "GPS GPSTimeStamp")
    if day is None or not isinstance(values, list) or len(values) != 3:
        return day
    hour, minute, second = (_number(value) for value in values)
    if not (hour.is_integer() and minute.is_integer() and 0 <= second < 60):  # also when NaN
        return day
    return iso_date(f"{day}T{hour:02.0f}:{minute:02.0f}:{second:09.6f}Z") or day


def _camera(make: str | None, model: str | None) -> str | None:
    """Join make and model: Apple iPhone 12, but NIKON D90 for NIKON CORPORATION, NIKON D90."""
    if not make or not model:
        return model or make
    first_word = model.casefold().split()[0]
    if first_word in make.casefold().split() or model.casefold().startswith(make.casefold()):
        return model
    return f"{make} {model}"[:MAX_TEXT].rstrip()


def _position(tags: Mapping[str, Any]) -> tuple[float, float] | tuple[None, None]:
    """Read latitude and longitude in degrees. If either is missing, both are None.

    Cameras without a position write 0, 0, which lies in the sea: it is no position.
    """
    latitude = _coordinate(tags, "GPS GPSLatitude", "NS", 90.0)
    longitude = _coordinate(tags, "GPS GPSLongitude", "EW", 180.0)
    if latitude is None or longitude is None or latitude == longitude == 0:
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
    return one_line(_raw_text(tags, name), MAX_TEXT) or None


def _raw_text(tags: Mapping[str, Any], name: str) -> str:
    """Read a tag as it stands in the file; empty if it is no text."""
    values = _values(tags, name)
    if isinstance(values, list):  # text under a binary type comes as a list of numbers
        try:
            values = bytes(values)
        except (TypeError, ValueError):
            return ""
    if isinstance(values, bytes):
        values = values.decode("utf-8", "replace")
    return values if isinstance(values, str) else ""


def _values(tags: Mapping[str, Any], name: str) -> Any:
    return getattr(tags.get(name), "values", None)
