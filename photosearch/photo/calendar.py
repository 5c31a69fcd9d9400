"""The calendar: days and moments that can be those of a photo."""

from __future__ import annotations

import datetime

FIRST_YEAR = 1826
"""The year of the oldest photograph; earlier dates are mistakes."""


def real_day(year: str, month: str, day: str) -> str | None:
    """Return a date as ISO 8601; None if no photo can have it.

    Only years from `FIRST_YEAR` to next year count.
    """
    try:
        date = datetime.date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        return None
    last_year = datetime.date.today().year + 1  # a camera's clock may run ahead of New Year
    return date.isoformat() if FIRST_YEAR <= date.year <= last_year else None


def real_moment(
    day: str, hour: str, minute: str, second: str, half: str | None = None
) -> str | None:
    """Return a date and a time as ISO 8601; None if there is no such time.

    Args:
        day: The date, ISO 8601.
        hour: Of the day, or, with `half`, of half a day.
        minute: Of the hour.
        second: Of the minute.
        half: a or p, the half of the day; None: the hour is that of the day.
    """
    hours = int(hour)
    if half:
        hours = hours % 12 + 12 * (half in "Pp") if 1 <= hours <= 12 else 24
    try:
        time = datetime.time(hours, int(minute), int(second))
    except ValueError:
        return None
    return f"{day}T{time.isoformat()}"
