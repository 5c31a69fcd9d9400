"""Dates: when a photo was taken, by its file, its sidecars, its names, or its file's time."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Mapping
from enum import StrEnum

from photosearch.photo.calendar import real_day, real_moment
from photosearch.photo.named_dates import date_in_name, date_of_folders, half_of_day

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
    r"(?P<month2>[a-z]{3})[a-z]* +(?P<day2>\d\d?),?(?:(?P<rest2> .*))? (?P<year2>\d{4}))",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = re.compile(
    r"(?: ?(?P<before>[上下]午|오[전후]|午[前後]))?"
    r"(?:[T_]|-(?=\d\d:\d\d:\d\d)|[^0-9A-Za-z+-]{1,3})?"
    r"(?:(?P<hour>\d\d?)[^0-9A-Za-z+-]{1,3}(?P<minute>\d\d?)"
    r"(?:[^0-9A-Za-z+-]{1,3}(?P<second>\d\d?))?|(?P<hour6>\d\d)(?P<minute6>\d\d)(?P<second6>\d\d))"
    r"(?!\d)(?:[.,](?P<fraction>\d+))?(?: ?(?P<half>[AP])\.?M)?(?P<rest>.*)",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_OFFSET = re.compile(
    r" ?(?:(?:UTC|GMT)? ?(?P<sign>[+-])(?P<hours>\d\d|\d(?!\d))(?::?(?P<minutes>\d\d))?|Z|UTC|GMT)"
    r"(?![0-9A-Z])",
    re.ASCII | re.IGNORECASE,
)
_MOST_DIGITS = 6  # of a fraction of a second: microseconds
_DAY = 24 * 60 * 60  # seconds
_FARTHEST = 14  # hours that a time zone may be from UTC


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


RULE = "1"
"""The number of the rule of `when_taken`. If what it returns changes, so must the number: then the
next run dates the photos of a library anew, from the dates that are stored.
"""


def when_taken(
    dates: Mapping[DateSource, str], path: str | bytes, mtime_ns: int | None
) -> tuple[str, DateSource] | tuple[None, None]:
    """Return when a photo was taken, by the most reliable source that has a date.

    Args:
        dates: What the file and its sidecars say, by source, ISO 8601.
        path: Of the file; its name or the names of its folders may be dates.
        mtime_ns: The time of the file's last change, in nanoseconds since 1970; None: not known.

    Returns:
        The date as ISO 8601, local time, as precise as the source; and the source. None and None if
        no source has a date.
    """
    for source in DateSource:
        if source is DateSource.NAME:
            date = date_in_name(os.path.basename(os.fsdecode(path)))
        elif source is DateSource.FOLDER:
            date = date_of_folders(os.path.dirname(os.fsdecode(path)))
        elif source is DateSource.FILE:
            date = None if mtime_ns is None else _file_time(mtime_ns)
        else:
            date = iso_date(dates.get(source, ""))
        if date is not None:
            return date, source
    return None, None


def _file_time(mtime_ns: int) -> str | None:
    """Return the time of a file's last change as ISO 8601, local time.

    A time within a day of the epoch says that nobody knew the time: None. The day is for time zones
    and daylight saving.
    """
    seconds = mtime_ns // 10**9
    if abs(seconds) <= _DAY:
        return None
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    changed = epoch + datetime.timedelta(seconds=seconds)
    return iso_date(changed.astimezone().replace(tzinfo=None).isoformat())


def iso_date(text: str) -> str | None:
    """Return a date of EXIF, XMP, IPTC or PNG as ISO 8601; None if the text is no date.

    The date is as precise as the text: a year, a month, a day, a time to the minute (it gets the
    second 0) or with fractions of a second, a time with an offset from UTC. A month or day that is
    blank or 00 is not known. What can't be costs no more than itself: after an impossible time
    (hour 24, second 60) the day stays, after an impossible offset the time stays. But a month 13 or
    a 30 February is no date. Only years from `calendar.FIRST_YEAR` to next year count.

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
    date = real_day(year, month if is_month else "1", day if is_day else "1")
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
    half = found["half"] or half_of_day(found["before"])
    moment = real_moment(date, hour, minute, second, half)
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
