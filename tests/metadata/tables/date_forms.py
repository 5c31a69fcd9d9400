"""Forms of dates: partial, odd and impossible dates, and offsets of all kinds."""

from __future__ import annotations

import datetime
from typing import Any

from tests.metadata.containers import jpeg_with
from tests.metadata.packets import packet
from tests.metadata.row import ALL, FILES, JPEG, Begins, Row, row

_FILE_TIME = "2021-05-05T05:05:05"
_NEXT = datetime.date.today().year + 1

# What EXIF's DateTimeOriginal holds, and what is known then; None: nothing.
_EXIF = {
    "2003:04:05 06:07:08": "2003-04-05T06:07:08",
    "2003/04/05 06:07:08": "2003-04-05T06:07:08",
    "2003-04-05 06:07:08": "2003-04-05T06:07:08",
    "2003-04-05T06:07:08": "2003-04-05T06:07:08",
    "2003.04.05 06:07:08": "2003-04-05T06:07:08",
    "2003:04:05  6: 7: 8": "2003-04-05T06:07:08",
    "2003:04:05 06:07:08.25": "2003-04-05T06:07:08",
    "2003:04:05 06:07:08Z": "2003-04-05T06:07:08",
    "2003:04:05 06:07:08+02:00": "2003-04-05T06:07:08",
    "2003:04:05 06:07": "2003-04-05T06:07",
    "2003:4:5 6:7:8": "2003-04-05T06:07:08",
    "2003:04:05T06:07:08.000Z": "2003-04-05T06:07:08",
    "2003:04:05 06.07.08": "2003-04-05T06:07:08",
    "2003:04:05 06:07:08 ": "2003-04-05T06:07:08",
    "2003:04:05 06:07:08.1234567": "2003-04-05T06:07:08",
    "2003:04:05 06:07:08-0700": "2003-04-05T06:07:08",
    "2003:04:05-06:07:08": "2003-04-05T06:07:08",
    "2003:04:05 上午 06:07:08": "2003-04-05T06:07:08",
    "2003:04:05 下午 06:07:08": "2003-04-05T18:07:08",
    "2003:04:05 오후 6:07:08": "2003-04-05T18:07:08",
    "April 5, 2003": "2003-04-05",
    "2003:04:05 99:99:99": "2003-04-05",
    "1993": "1993",
    "1965:07": "1965-07",
    "1965:07:00 00:00:00": "1965-07",
    "1965:00:00 00:00:00": "1965",
    "1965:07:04": "1965-07-04",
    "1965-07-04": "1965-07-04",
    "1965:07:04   :  :  ": "1965-07-04",
    "1965:  :     :  :  ": "1965",
    "2010:05:06 24:00:00": "2010-05-06",
    "2010:05:06 24:15:30": "2010-05-06",
    "2010:05:06 23:59:60": "2010-05-06",
    "2010:05:06 12:61:00": "2010-05-06",
    "1826:01:01 00:00:00": "1826-01-01T00:00:00",
    f"{_NEXT}:01:01 00:00:00": f"{_NEXT}-01-01T00:00:00",
    "1825:12:31 00:00:00": None,
    f"{_NEXT + 1}:01:01 00:00:00": None,
    "0001:01:01 00:00:00": None,
    "9999:12:31 23:59:59": None,
    "0000:00:00 00:00:00": None,
    "    :  :     :  :  ": None,
    "2003:13:05 06:07:08": None,  # debatable: the year may be right
    "unknown": None,
}

# What XMP's photoshop:DateCreated holds.
_XMP = {
    "1965": "1965",
    "1965-07": "1965-07",
    "1965-07-04": "1965-07-04",
    "1965-07-00": "1965-07",
    "1965-00-00": "1965",
    " 1965-07-04 ": "1965-07-04",
    "1965-07-04T12:34": "1965-07-04T12:34",
    "2014-01-23T18:12:34": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34Z": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34-07:00": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34-0700": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34+01": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34 +01:00": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34+1:00": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34+25:00": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34z": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34 UTC": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34.5-07:00": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34.123456789": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34,25": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34+01:00[Europe/Oslo]": "2014-01-23T18:12:34",
    "2014/01/23 18:12:34": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34+01:00:00": "2014-01-23T18:12:34",
    "2014-01-23T18:12:34−07:00": "2014-01-23T18:12:34",
    "2014-01-23 18:12:34": "2014-01-23T18:12:34",
    "2014:01:23 18:12:34": "2014-01-23T18:12:34",
    "2014-01-23T24:00:00": "2014-01-23",
    "2014-01-23T23:59:60": "2014-01-23",
    "2014-01-23T18:12:34-00:00": "2014-01-23T18:12:34",
    "1825-12-31": None,
    f"{_NEXT + 1}-01-01": None,
    "0000-00-00": None,
    "last summer": None,
    "": None,
}

# What OffsetTimeOriginal holds beside 2014:01:23 18:12:34. A wrong offset never costs the date.
_OFFSETS = ["+01:00", "-0700", "+01", "Z", "+5:30", "-12:00", "+14:00", "+99:00", "   :  ", "CET"]


def _exif_row(text: str, date: str | None) -> Row:
    formats = FILES if text in ("2003:04:05 06:07:08", "1993", "1965:07:00 00:00:00") else JPEG
    return row(
        f"EXIF says {text!r}", f"-ExifIFD:DateTimeOriginal={text}", formats=formats,
        judge={"ExifIFD:DateTimeOriginal": text} if text.strip(" :") else {},
        **_known(date, "exif"),
    )  # fmt: skip


def _known(date: str | None, source: str) -> dict[str, Any]:
    if date is None:
        return {"taken_at": _FILE_TIME, "taken_from": "file"}
    # An offset or a part of a second may follow a whole time; nothing may follow a partial date.
    is_whole = len(date) > len("2003-04-05") or date.startswith("2010")
    return {"taken_at": Begins(date) if is_whole else date, "taken_from": source}


def _xmp_row(text: str, date: str | None) -> list[Row]:
    known = {"jpeg": _known(date, "created"), "sidecar": _known(date, "sidecar")}
    if text.startswith("2014-01-23T2"):
        known = {form: {**each, "taken_at": Begins("2014-01-23")} for form, each in known.items()}
    return [
        row(f"XMP says {text!r} ({form})", formats=(form,),
            xmp=packet("", f'photoshop:DateCreated="{text}"'), **wanted)
        for form, wanted in known.items()
    ]  # fmt: skip


_NUL = "2003:04:05\x0006:07:08"
_BURST = {
    f"{name}.jpg": jpeg_with(number, time="2019:07:04 12:34:56", part=part)
    for number, (name, part) in enumerate({"c": "05", "a": "50", "d": "9", "b": "123"}.items())
}

ROWS = [
    *(_exif_row(text, date) for text, date in _EXIF.items()),
    *(each for text, date in _XMP.items() for each in _xmp_row(text, date)),
    *(row(f"EXIF's offset {text!r}", "-ExifIFD:DateTimeOriginal=2014:01:23 18:12:34",
          f"-ExifIFD:OffsetTimeOriginal={text}", formats=JPEG,
          judge={"ExifIFD:DateTimeOriginal": "2014:01:23 18:12:34"},
          taken_at=Begins("2014-01-23T18:12:34"), taken_from="exif")
      for text in _OFFSETS),
    row("a NUL in place of a blank", content=jpeg_with(7, time=_NUL), photo="photo.jpg",
        taken_at="2003-04-05T06:07:08", taken_from="exif"),
    row("a burst in the order of its parts of a second", formats=JPEG, beside=_BURST,
        judge={"ExifIFD:SubSecTimeOriginal": "123"},
        in_time=("c.jpg", "b.jpg", "a.jpg", "d.jpg", "photo.jpg")),
    row("a burst by SubSecTimeOriginal, in all formats",
        "-ExifIFD:DateTimeOriginal=2019:07:04 12:34:56", "-ExifIFD:SubSecTimeOriginal=07",
        beside={"b.jpg": _BURST["a.jpg"]}, in_time=("{photo}", "b.jpg"),
        taken_from="exif"),
    row("XMP's parts of a second order a burst", formats=ALL,
        xmp=packet("", 'exif:DateTimeOriginal="2019-07-04T12:34:56.25"'),
        beside={"b.jpg": _BURST["a.jpg"]}, in_time=("{photo}", "b.jpg")),
]  # fmt: skip
