"""Dates: when a photo was taken, by EXIF, XMP, the file's name or the file's time."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Mapping
from enum import StrEnum

FIRST_YEAR = 1826
"""The year of the oldest photograph; earlier dates are mistakes."""

# 1965:07:04 12:00:00, 1965-07-04T12:00:00.5+02:00, 19650704 120000+0200, 1965: 7: 4 12: 0: 0
_NUMBER_DATE = re.compile(
    r"(?P<year>\d{4})"
    r"(?:[^0-9A-Za-z]{1,3}(?P<month>\d\d?)(?!\d)(?:[^0-9A-Za-z]{1,3}(?P<day>\d\d?)(?!\d))?|"
    r"(?P<month8>\d\d)(?P<day8>\d\d)(?=\d{6}(?!\d)|(?!\d))|(?![0-9A-Ya-z]))(?P<rest>.*)",
    re.ASCII | re.DOTALL,
)
# Sun, 04 Jul 1965 12:00:00 GMT (RFC 2822), Sun Jul  4 12:00:00 1965 (ctime)
_WORD_DATE = re.compile(
    r"(?:[a-z]{3,9},? +)?"
    r"(?:(?P<day>\d\d?)[ -](?P<month>[a-z]{3})[a-z]*[ -](?P<year>\d{4})(?!\d)(?P<rest>.*)|"
    r"(?P<month2>[a-z]{3})[a-z]* +(?P<day2>\d\d?)(?:(?P<rest2> .*))? (?P<year2>\d{4}))",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = re.compile(
    r"(?:[T_]|[^0-9A-Za-z+-]{1,3})?"
    r"(?:(?P<hour>\d\d?)[^0-9A-Za-z+-]{1,3}(?P<minute>\d\d?)"
    r"(?:[^0-9A-Za-z+-]{1,3}(?P<second>\d\d?))?|(?P<hour6>\d\d)(?P<minute6>\d\d)(?P<second6>\d\d))"
    r"(?!\d)(?:[.,](?P<fraction>\d+))?(?: ?(?P<half>[AP])\.?M\b)?(?P<rest>.*)",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_OFFSET = re.compile(
    r" ?(?:(?:UTC|GMT)? ?(?P<sign>[+-])(?P<hours>\d\d|\d(?!\d))(?::?(?P<minutes>\d\d))?|Z|UTC|GMT)"
    r"(?![0-9A-Z])",
    re.ASCII | re.IGNORECASE,
)
_MOST_DIGITS = 6  # of a fraction of a second: microseconds
_FARTHEST = 14  # hours that a time zone may be from UTC

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
    """Return a date of EXIF, XMP, IPTC or PNG as ISO 8601; None if the text is no date.

    The date is as precise as the text: a year, a month, a day, a time to the minute (it gets the
    second 0) or with fractions of a second, a time with an offset from UTC. A month or day that is
    blank or 00 is not known. What can't be costs no more than itself: after an impossible time
    (hour 24, second 60) the day stays, after an impossible offset the time stays. But a month 13 or
    a 30 February is no date. Only years from `FIRST_YEAR` to next year count.

    Two dates of the same offset are in order if their texts are.
    """
    text = text.strip(" \t\r\n\0\"'").replace("\u2212", "-")
    if found := _NUMBER_DATE.match(text):
        year, rest = found["year"], found["rest"]
        month, day = found["month"] or found["month8"], found["day"] or found["day8"]
    elif found := _WORD_DATE.match(text):
        year, rest = found["year"] or found["year2"], found["rest"] or found["rest2"]
        name = (found["month"] or found["month2"]).lower()
        month, day = f"{_MONTHS.index(name) + 1}" if name in _MONTHS else "13", found["day"]
        day = day or found["day2"]
    else:
        return None
    is_month, is_day = int(month or 0) > 0, int(month or 0) > 0 and int(day or 0) > 0
    date = _day(year, month if is_month else "1", day if is_day else "1")
    if date is None or not is_day:
        return date and date[: 7 if is_month else 4]
    return _with_time(date, rest or "")


def _with_time(date: str, text: str) -> str:
    """Return a date with the time that a text begins with; without such a time, the date alone."""
    found = _TIME.match(text)
    if not found:
        return date
    hour, minute, second = (
        found[name] or found[f"{name}6"] or "0" for name in ("hour", "minute", "second")
    )
    moment = _moment(date, hour, minute, second, found["half"])
    if moment is None:
        return date
    fraction = (found["fraction"] or "")[:_MOST_DIGITS]
    point = "." if fraction.strip("0") else ""
    return f"{moment}{point}{fraction if point else ''}{_offset(found['rest'])}"


def _offset(text: str) -> str:
    """Return the offset from UTC that a text begins with, as ISO 8601; empty without one."""
    found = _OFFSET.match(text)
    if not found:
        return ""
    if not found["sign"]:
        return "+00:00"
    hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
    if hours > _FARTHEST or minutes > 59:
        return ""
    return f"{found['sign']}{hours:02}:{minutes:02}"


def _day(year: str, month: str, day: str) -> str | None:
    """Return a date as ISO 8601; None if there is no such date."""
    try:
        date = datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None
    last_year = datetime.date.today().year + 1  # a camera's clock may run ahead of New Year
    return date.isoformat() if FIRST_YEAR <= date.year <= last_year else None


def _moment(day: str, hour: str, minute: str, second: str, half: str | None = None) -> str | None:
    """Return a date and a time as ISO 8601; None if there is no such time.

    Args:
        day: The date, ISO 8601.
        hour: Of the day, or, with `half`, of half a day.
        minute: Of the hour.
        second: Of the minute.
        half: a or p: the half of the day; None: the hour is that of the day.
    """
    hours = int(hour)
    if half:
        hours = hours % 12 + 12 * (half in "Pp") if 1 <= hours <= 12 else 24
    try:
        time = datetime.time(hours, int(minute), int(second))
    except ValueError:
        return None
    return f"{day}T{time.isoformat()}"
