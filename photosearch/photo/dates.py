"""Dates: when a photo was taken, by EXIF, XMP, the file's name or the file's time."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Mapping
from enum import StrEnum

FIRST_YEAR = 1826
"""The year of the oldest photograph; earlier dates are mistakes."""

_XMP_DATE = re.compile(
    r"(?P<year>\d{4})(?:[-:](?P<month>\d\d)(?:[-:](?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d*)?)?"
    r"(?P<offset>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)

# IMG_20190704_123456, 2019-07-04 12.34.56, PXL_20210101_093012345, IMG-20190704-WA0001,
# Screenshot_2020-01-02-12-34-56, Screen Shot 2020-01-02 at 1.34.56 PM
_NAME_DATE = re.compile(
    r"(?<!\d)(?P<year>\d{4})(?P<dash>[-_.]?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)"
    r"(?:(?: at |, | )"
    r"(?P<hour12>\d{1,2})\.(?P<minute12>\d\d)\.(?P<second12>\d\d)[ \u202f]?(?P<half>[AP])M|"
    r"(?:[-_T ]| at |, )?"
    r"(?P<hour>\d\d)(?P<colon>[-_.:]?)(?P<minute>\d\d)(?P=colon)(?P<second>\d\d)"
    r"(?:[._]?\d{3})?(?!\d)|"
    r"(?!\d))",
    re.ASCII | re.IGNORECASE,
)


class DateSource(StrEnum):
    """The sources of a photo's date, the most reliable first."""

    SIDECAR = "sidecar"  # when taken, as a person wrote it into a sidecar
    EXIF = "exif"  # when the shutter opened, as the camera wrote it
    CREATED = "created"  # when taken, by XMP or IPTC in the file
    DIGITISED = "digitised"  # when the picture became a file
    GPS = "gps"  # of the satellites, UTC
    NAME = "name"  # of the file
    FOLDER = "folder"  # its name
    MODIFIED = "modified"  # when a program changed the picture, as the program wrote it
    FILE = "file"  # the time of the file's last change


def when_taken(
    dates: Mapping[DateSource, str], path: str | bytes, mtime_ns: int
) -> tuple[str, DateSource]:
    """Return when a photo was taken, by the most reliable source that has a date.

    Args:
        dates: What the file and its sidecars say, by source, ISO 8601.
        path: Of the file; its name may contain a date.
        mtime_ns: The time of the file's last change, in nanoseconds since 1970.

    Returns:
        The date as ISO 8601, local time, as precise as the source; and the source.
    """
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    changed = epoch + datetime.timedelta(seconds=mtime_ns // 10**9)
    found = {
        **dates,
        DateSource.NAME: date_in_name(os.path.basename(os.fsdecode(path))),
        DateSource.FILE: changed.astimezone().replace(tzinfo=None).isoformat(),
    }
    return next((date, source) for source in DateSource if (date := found.get(source)))


def date_in_name(name: str) -> str | None:
    """Return the first date in a file name, or None. If a time follows it, the time is added.

    It is ISO 8601, local time. Only real dates from `FIRST_YEAR` to next year count.
    """
    for found in _NAME_DATE.finditer(name):
        day = _day(*found.group("year", "month", "day"))
        if day is None:
            continue
        if found["hour12"]:
            hour = int(found["hour12"])
            if not 1 <= hour <= 12:
                return day
            shifted = hour % 12 + (12 if found["half"] in "Pp" else 0)
            return _moment(day, str(shifted), found["minute12"], found["second12"]) or day
        if found["hour"]:
            return _moment(day, *found.group("hour", "minute", "second")) or day
        return day
    return None


def iso_date(text: str) -> str | None:
    """Return a date of XMP as ISO 8601, in its own precision; None if the text is no date.

    XMP knows years, months, days and times, with and without an offset from UTC. Fractions of
    seconds are dropped.
    """
    found = _XMP_DATE.fullmatch(text.strip())
    if not found:
        return None
    year, month, day = found.group("year", "month", "day")
    date = _day(year, month or "01", day or "01")
    if date is None or day is None:
        return date and date[: 7 if month else 4]
    if not found["hour"]:
        return date
    moment = _moment(date, found["hour"], found["minute"], found["second"] or "00")
    if moment is None:
        return date
    offset = (found["offset"] or "").replace("Z", "+00:00")
    return moment if offset[1:] > "14:59" or offset[4:] > "59" else moment + offset


def _day(year: str, month: str, day: str) -> str | None:
    """Return a date as ISO 8601; None if there is no such date."""
    try:
        date = datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None
    last_year = datetime.date.today().year + 1  # a camera's clock may run ahead of New Year
    return date.isoformat() if FIRST_YEAR <= date.year <= last_year else None


def _moment(day: str, hour: str, minute: str, second: str) -> str | None:
    """Return a date and a time as ISO 8601; None if there is no such time."""
    try:
        time = datetime.time(int(hour), int(minute), int(second))
    except ValueError:
        return None
    return f"{day}T{time.isoformat()}"
