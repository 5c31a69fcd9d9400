"""Dates in names: of files, and of folders."""

from __future__ import annotations

import os
import re
import unicodedata

from photosearch.photo.calendar import real_day, real_moment

_FIRST_DIGITAL = 1990
"""The year of the first digital camera on sale: before it, no camera gave a file a name."""

_LETTER = "[A-Za-z\u0080-\U0010ffff]"
_DAY = (
    r"(?:(?P<year>\d{4})(?P<dash>[-_.]?)(?P<month>\d\d|(?<=[-_.])\d)(?P=dash)"
    r"(?P<day>\d\d|(?<=[-_.])\d(?!\d))|"
    r"(?P<day2>\d\d)(?:\.(?P<month2>\d\d)\.|(?<=@\d\d)-(?P<month3>\d\d)-)(?P<year2>\d{4}))"
)
# IMG_20190704_123456, 2019-07-04 12.34.56, PXL_20210101_093012345, IMG-20190704-WA0001,
# Screenshot_2020-01-02-12-34-56, signal-2020-01-02-123456, photo_7@02-01-2020_12-34-56,
# Screen Shot 2020-01-02 at 1.34.56 PM, Bildschirmfoto 2024-03-01 um 13.45.01,
# Captura de pantalla 2024-03-01 a la(s) 1.45.01 p. m., 截屏2024-03-01 下午1.45.01
_NAME_DATE = re.compile(
    rf"(?<![0-9]){_DAY}"
    rf"(?:(?:[-_ ]{{1,3}}|T| ?, |[-_ ]{_LETTER}{{1,6}}[-_]|"
    rf"(?P<words>,? (?:{_LETTER}{{1,6}}\.?(?:\([a-z]\))? ){{1,2}}))?"
    r"(?P<before>[上下]午|오[전후]|午[前後]|Ö[ÖS])? ?"
    r"(?P<hour>\d\d?)(?P<colon>[-_.:]|(?(words)(?!)| ))(?P<minute>\d\d)"
    r"(?:(?P=colon)(?P<second>\d\d)|(?(words)|(?!)))"
    r"(?:[ \u202f\u00a0]?(?P<half>[AP])(?:\.[ \u202f\u00a0]?)?M)?(?:[._]?\d{3})?(?!\d)|"
    r"(?:[-_ ]{1,3}|T|, )?(?P<hour6>\d\d)(?P<minute6>\d\d)(?P<second6>\d\d)(?:[._]?\d{3})?(?!\d)|"
    r"(?!\d))(?P<app>-WA\d)?",
    re.ASCII | re.IGNORECASE,
)
_AFTERNOON = ("下午", "오후", "午後", "ÖS", "ös")
# Other ways to write a date or a time, and the usual way.
_WAYS = (
    (re.compile(r"(?<!\d)(\d{4})年(\d)月"), r"\1年0\2月"),
    (re.compile(r"(?<!\d)(\d{4})年(\d\d)月(\d)日"), r"\1.\2.0\3"),
    (re.compile(r"(?<!\d)(\d{4})年(\d\d)月(\d\d)日"), r"\1.\2.\3"),
    (re.compile(r"(?<!\d)(\d{4})_(\d{4})_(\d{6})(?!\d)"), r"\1\2_\3"),  # of dashboard cameras
    (re.compile(r"(?<!\d)(\d\d?)h(\d\d)m(\d\d)(?:s\d*)?(?![^\W_])"), r"\1.\2.\3"),
    (re.compile(r"(?<!\d)(\d\d?)h(\d\d)(?![^\W_])"), r"\1.\2.00"),
)
# The letters that cameras put before the number of a picture.
_CAMERA = re.compile(
    r"(?<![A-Za-z])(?:CIMG|DCIM|DCP|DJI|DSC[A-Z]?|GOPR|HPIM|IMAGE|IMGP?|KIF|MOV|MVC|P|PICT?|SAM|"
    r"SANY|SDC|VID)[-_]?\Z",
    re.IGNORECASE,
)
# A name of random digits and letters a to f.
_HASH = re.compile(
    r"(?<![0-9a-z])(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=[0-9]*[a-f])[0-9a-f]{16,})"
    r"(?![0-9a-z])",
    re.IGNORECASE,
)

# 2019-07-04, 20190704, 2019_07_04 Beach, 04.07.2019, and 2019-07, 2019-07 Italy, 2019年7月
_FOLDER_DAY = re.compile(rf"{_DAY}(?:[-_ .,;(](?P<rest>.*))?", re.ASCII)
_WORDS = rf"(?:[-_ .,]+{_LETTER}.*| ?\(.*)?"
_FOLDER_MONTH = re.compile(
    rf"(?P<year>\d{{4}})(?:[-_.](?P<month>\d\d){_WORDS}|年(?P<month2>\d\d?)月)", re.ASCII
)
# In the folder of a year: 07, 07 July, 07-04, 0704 Beach, 2019-07
_WITHIN_YEAR = re.compile(rf"(?P<month>\d\d)(?:[-_.]?(?P<day>\d\d)(?!\d))?{_WORDS}", re.ASCII)
_FOLDER_YEAR = re.compile(  # 2019, 2019年, and Google's
    r"(?:(?:Photos (?:from|de)|Fotos (?:von|aus|de|del)|Foto dal|Foto's uit) )?(\d{4})年?", re.ASCII
)


def date_in_name(name: str) -> str | None:
    """Return the first date in a file name, or None. If a time follows it, the time is added.

    It is ISO 8601, local time. Only real dates from `FIRST_YEAR` to next year count. Eight digits
    behind a camera's letters (DSC_18880101) are a date only if there were digital cameras then.
    """
    name = _HASH.sub("", unicodedata.normalize("NFC", name))  # Macs decompose letters
    name = _in_usual_way(name)
    for found in _NAME_DATE.finditer(name):
        day = _day(found)
        hour, minute = found["hour"] or found["hour6"], found["minute"] or found["minute6"]
        if day is None or (not hour and _is_number(found, name, day)):
            continue
        if not hour:
            return day
        half = found["half"] or half_of_day(found["before"])
        second = found["second"] or found["second6"] or "0"
        return real_moment(day, hour, minute, second, half) or day
    return None


def date_of_folders(folder: str) -> str | None:
    """Return the date that is the name of a folder or of a folder above it, ISO 8601, or None.

    The nearest folder whose name is a date counts, wherever the library's root is. A day
    (2019-07-04, 20190704) or a month (2019-07) may have words behind it. A year (2019) has none,
    but Google's "Photos from 2019" is a year. In a folder of a year, 07 is a month and 07-04 a day;
    in a folder of a month, 04 is a day.
    """
    names = folder.split(os.sep)
    for end in range(len(names), 0, -1):
        date = _date_of_folder(names[max(end - 3, 0) : end])
        if date is not None:
            return date
    return None


def _date_of_folder(names: list[str]) -> str | None:
    """Return the date that is a folder's name, by the names of up to two folders above it too."""
    name = names[-1]
    if not name[:1].isdigit() and not name[-4:].isdigit():  # nearly always so, and quick to see
        return None
    name = _in_usual_way(name)
    if len(name) == 2 and len(names) == 3 and _is_year(names[0]):
        return real_day(*names)
    if len(names) > 1 and _is_year(names[-2]) and (found := _WITHIN_YEAR.fullmatch(name)):
        day = real_day(names[-2], found["month"], found["day"] or "1")
        return day if found["day"] else day and day[:7]
    if found := _FOLDER_YEAR.fullmatch(name):
        day = real_day(found[1], "1", "1")
        return day and day[:4]
    if found := _FOLDER_DAY.fullmatch(name):
        # Two dates are a span of time.
        return None if date_in_name(found["rest"] or "") else _day(found)
    if found := _FOLDER_MONTH.fullmatch(name):
        day = real_day(found["year"], found["month"] or found["month2"], "1")
        return day and day[:7]
    return None


def half_of_day(words: str | None) -> str | None:
    """Return a or p, the half of the day that words before a time name; None without words."""
    return words and ("p" if words in _AFTERNOON else "a")


def _in_usual_way(name: str) -> str:
    """Return a name with the dates and times in it written as most programs write them."""
    for way, usual in _WAYS:
        name = way.sub(usual, name)
    return name


def _is_year(name: str) -> bool:
    return len(name) == 4 and name.isascii() and name.isdigit()


def _day(found: re.Match[str]) -> str | None:
    """Return the day of a match of `_DAY`, ISO 8601; None if there is no such day."""
    month = found["month"] or found["month2"] or found["month3"]
    return real_day(found["year"] or found["year2"], month, found["day"] or found["day2"])


def _is_number(found: re.Match[str], name: str, day: str) -> bool:
    """Return whether what looks like a day without a time is the number of a picture."""
    if found["dash"] or found["year2"] or found["app"]:
        return len(found["day"] or "00") == 1  # 2019-7-4 is too short to be sure
    return int(day[:4]) < _FIRST_DIGITAL and bool(_CAMERA.search(name[: found.start()]))
