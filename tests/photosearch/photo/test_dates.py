"""Dates: from names and XMP only what can be, and never none at all."""

import datetime
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.photo.dates import FIRST_YEAR, date_in_name, iso_date, when_taken

LAST_YEAR = datetime.date.today().year + 1
moments = st.datetimes(
    datetime.datetime(FIRST_YEAR, 1, 1), datetime.datetime(LAST_YEAR, 12, 31, 23, 59, 59)
).map(lambda moment: moment.replace(microsecond=0))
WITH_TIME = [
    "IMG_%Y%m%d_%H%M%S.jpg", "PXL_%Y%m%d_%H%M%S123.jpg", "%Y-%m-%d %H.%M.%S.jpg",
    "Screenshot_%Y-%m-%d-%H-%M-%S.png", "WhatsApp Image %Y-%m-%d at %H.%M.%S.jpeg",
    "%Y%m%d%H%M%S.heic", "photo_%Y-%m-%d_%H-%M-%S (2).jpg", "IMG_%Y%m%d_%H%M%S_1.jpg",
    "Screen Shot %Y-%m-%d at %I.%M.%S %p.png", "Screenshot %Y-%m-%d at %I.%M.%S\u202f%p.png",
]  # fmt: skip
WITHOUT = ["IMG-%Y%m%d-WA0001.jpg", "%Y-%m-%d.jpg", "beach_%Y_%m_%d.jpg", "%Y.%m.%d Rome.jpg"]


@given(moments, st.sampled_from(WITH_TIME))
def test_a_time_in_a_name_is_read(moment: datetime.datetime, form: str) -> None:
    assert date_in_name(moment.strftime(form)) == moment.isoformat()


@given(moments, st.sampled_from(WITHOUT))
def test_a_day_in_a_name_is_read(moment: datetime.datetime, form: str) -> None:
    assert date_in_name(moment.strftime(form)) == moment.date().isoformat()


@pytest.mark.parametrize(
    "name",
    ["DSC_0001.jpg", "1562243696000.jpg", "20190230.jpg", "2019-13-01.jpg", "18250101.jpg",
     f"{LAST_YEAR + 1}0101.jpg", "120190704.jpg", "201907041.jpg", "2019-07_04.jpg", "00000000.jpg",
     "4096x2160.jpg", "٢٠١٩٠٧٠٤.jpg", ""],
)  # fmt: skip
def test_other_numbers_are_no_dates(name: str) -> None:
    assert date_in_name(name) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20190230_20190704.jpg", "2019-07-04"),  # the first that can be
        ("IMG_20190704_256060.jpg", "2019-07-04"),
        ("2019-07-04 at 13.34.56 PM.jpg", "2019-07-04"),
        ("2019-07-04 12.00.01 AM.jpg", "2019-07-04T00:00:01"),
    ],
)
def test_a_part_that_cannot_be_is_left_out(name: str, expected: str) -> None:
    assert date_in_name(name) == expected


pieces = st.sampled_from(
    ["20190704", "2019-07-04", "2019_02_30", "123456", "12.34.56", "99.99.99", "18000101", "_",
     "-", " ", " at ", "IMG", "1", "0", " PM"]
)  # fmt: skip


@given(st.lists(pieces | st.text(max_size=3), max_size=8).map("".join))
def test_whatever_is_found_is_real_and_stands_in_the_name(name: str) -> None:
    found = date_in_name(name)
    if found is not None:
        moment = datetime.datetime.fromisoformat(found)
        assert FIRST_YEAR <= moment.year <= LAST_YEAR
        assert found[:10].replace("-", "") in re.sub("[-_.]", "", name)


OFFSETS = {
    "": "", "Z": "+00:00", "+02:00": "+02:00", "-09:30": "-09:30", "-0700": "-07:00",
    "+02": "+02:00", "+5": "+05:00", " GMT": "+00:00", " UTC+2": "+02:00", " -0700": "-07:00",
    "\u221207:00": "-07:00", "+19:00": "", "+02:99": "", "east": "", " (summer time)": "",
}  # fmt: skip
FORMS = [
    "%Y-%m-%dT%H:%M:%S", "%Y:%m:%d %H:%M:%S", "%Y:%m:%d\0%H:%M:%S", "%Y/%m/%d %H.%M.%S",
    "%Y%m%d %H%M%S", "%Y%m%d%H%M%S", "%Y:%m:%d %I:%M:%S %p", "%d %b %Y %H:%M:%S",
    "%a, %d %b %Y %H:%M:%S", "\0 %Y:%m:%dT%H:%M:%S",
]  # fmt: skip


@given(moments, st.sampled_from(FORMS), st.sampled_from(list(OFFSETS)))
def test_dates_of_metadata(moment: datetime.datetime, form: str, offset: str) -> None:
    text = moment.strftime(form.replace("\0", "~")).replace("~", "\0")  # C's texts end at a NUL
    assert iso_date(text + offset) == moment.isoformat() + OFFSETS[offset]
    assert iso_date(f"{text}{offset}\0") == moment.isoformat() + OFFSETS[offset]


@given(moments, st.sampled_from(list(OFFSETS)))
def test_dates_as_precise_as_they_are_known(moment: datetime.datetime, offset: str) -> None:
    text = moment.isoformat()
    for length in (4, 7, 10):
        assert iso_date(text[:length]) == text[:length]
        assert iso_date(text[:length].replace("-", ":")) == text[:length]
    assert iso_date(text[:16] + offset) == text[:16] + ":00" + OFFSETS[offset]
    year, month = text[:4], text[5:7]
    for unknown in ("00:00", "  :  ", "00:00 00:00:00", "  :     :  :  ", "00", ""):
        assert iso_date(f"{year}:{unknown}") == year
    for unknown in ("00", "  ", "00 00:00:00", "     :  :  ", ""):
        assert iso_date(f"{year}:{month}:{unknown}") == f"{year}-{month}"
    assert iso_date(f"{year}0000") == year
    assert iso_date(f"{year}{month}00") == f"{year}-{month}"


fractions = st.from_regex(r"[0-9]{1,6}", fullmatch=True)


@given(moments, fractions, fractions, st.sampled_from(["", "Z", "+02:00", "-07:00"]))
def test_fractions_of_seconds_keep_a_burst_in_order(
    moment: datetime.datetime, one: str, other: str, offset: str
) -> None:
    dates = [iso_date(f"{moment.isoformat()}.{fraction}{offset}") or "" for fraction in (one, other)]
    for fraction, date in zip((one, other), dates, strict=True):
        exact = datetime.datetime.fromisoformat(date).replace(tzinfo=None)
        assert exact == moment + datetime.timedelta(microseconds=int(fraction.ljust(6, "0")))
    if float(f".{one}") < float(f".{other}"):
        assert dates[0] < dates[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-07-04T12:34:56.120", "2019-07-04T12:34:56.120"),
        ("2019-07-04T12:34:56.000", "2019-07-04T12:34:56"),
        ("2019-07-04T12:34:56,5Z", "2019-07-04T12:34:56.5+00:00"),
        ("2019-07-04T12:34:56.123456789", "2019-07-04T12:34:56.123456"),
    ],
)
def test_fractions_of_seconds(text: str, expected: str) -> None:
    assert iso_date(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "x", "0001-01-01T00:00:00", "2019-13", "2019-02-30", "0000:00:00 00:00:00", "0000",
     "    :  :     :  :  ", "1825:12:31", f"{LAST_YEAR + 1}:01:01 00:00:00", "1562243696",
     "1562243696000", "2019beach", "201907", "31 Foo 2019", "4.7.2019", "٢٠١٩-٠٧-٠٤"],
)  # fmt: skip
def test_other_texts_are_no_dates(text: str) -> None:
    assert iso_date(text) is None


@given(st.text() | st.text("0123456789:-. TZ+PMJulSat,\0"))
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = iso_date(text)
    if found is not None:
        assert FIRST_YEAR <= int(found[:4]) <= LAST_YEAR
        known = found + "-01-01"[: 10 - len(found)] if len(found) < 10 else found
        datetime.datetime.fromisoformat(known)
        assert iso_date(found) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-07-04T25:00:00", "2019-07-04"),
        ("2014:01:23 24:12:34", "2014-01-23"),  # some phones' midnight
        ("2016:12:31 23:59:60", "2016-12-31"),  # a leap second
        ("2013:10:05 13:12:12 PM", "2013-10-05"),
        ("2019-07-04T12:00:00+19:00", "2019-07-04T12:00:00"),
        ("2019-07-04+02:00", "2019-07-04"),
        ("2019-07-04 at noon", "2019-07-04"),
        ("1965-1970", "1965"),
        ("1965?", "1965"),
        ("2015: 1: 8  4: 3: 9", "2015-01-08T04:03:09"),
        ("2019年7月4日 12:34:56", "2019-07-04T12:34:56"),
        ("Sun Jul  4 12:00:00 1965", "1965-07-04T12:00:00"),
        ("Sat Jan 01 00:00:00 CET 2005", "2005-01-01T00:00:00"),
        ("4 July 1965", "1965-07-04"),
    ],
)
def test_a_date_keeps_what_of_it_can_be(text: str, expected: str) -> None:
    assert iso_date(text) == expected


def test_sources_have_an_order() -> None:
    name, time_ns = "/2001/IMG_20190704_123456.jpg", 10**18
    exif, xmp = "2003-03-03T03:03:03", "1931"
    assert when_taken(exif, xmp, name, time_ns) == (exif, "exif")
    assert when_taken(None, xmp, name, time_ns) == (xmp, "xmp")
    assert when_taken(None, None, os.fsencode(name), time_ns) == ("2019-07-04T12:34:56", "name")
    local = datetime.datetime.fromtimestamp(10**9).isoformat()
    assert when_taken(None, None, "/2019-07-04/a.jpg", time_ns) == (local, "file")


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_file_has_a_time(mtime_ns: int) -> None:
    taken_at, taken_from = when_taken(None, None, b"\xff.jpg", mtime_ns)
    assert taken_from == "file"
    assert datetime.datetime.fromisoformat(taken_at).tzinfo is None
