"""Dates: what can be of what is written, and the most reliable source."""

import datetime
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.photo.calendar import FIRST_YEAR
from photosearch.photo.dates import DateSource, iso_date, when_taken

LAST_YEAR = datetime.date.today().year + 1
moments = st.datetimes(
    datetime.datetime(FIRST_YEAR, 1, 1), datetime.datetime(LAST_YEAR, 12, 31, 23, 59, 59)
).map(lambda moment: moment.replace(microsecond=0))
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
    dates = [
        iso_date(f"{moment.isoformat()}.{fraction}{offset}") or "" for fraction in (one, other)
    ]
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


NAMED = "/2001/2002-02-02 Rome/IMG_20030303_030303.jpg"
LAST_CHANGE = 10**18  # nanoseconds; in 2001
LOCAL = datetime.datetime.fromtimestamp(10**9).isoformat()


def test_sources_have_an_order() -> None:
    claims = {source: f"20{number}-01-01" for number, source in enumerate(DateSource, 11)}
    claims = dict(reversed(claims.items()))  # their own order doesn't count
    for source in DateSource:
        if source is DateSource.NAME:
            assert when_taken(claims, os.fsencode(NAMED), 0) == ("2003-03-03T03:03:03", "name")
            break
        assert when_taken(claims, NAMED, LAST_CHANGE) == (claims.pop(source), source)
    assert when_taken(claims, "/2001/2002-02-02 Rome/a.jpg", 0) == ("2002-02-02", "folder")
    assert when_taken(claims, "/Rome/a.jpg", 0) == (claims[DateSource.MODIFIED], "modified")
    assert when_taken({}, "/Rome/a.jpg", LAST_CHANGE) == (LOCAL, "file")


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_file_time_counts_if_somebody_knew_it(mtime_ns: int) -> None:
    taken_at, taken_from = when_taken({}, b"\xff.jpg", mtime_ns)
    year = datetime.datetime.fromtimestamp(mtime_ns // 10**9, datetime.UTC).year
    assert (taken_at is None) == (taken_from is None)
    if FIRST_YEAR < year < LAST_YEAR and abs(mtime_ns) > 10**14:
        assert taken_from == "file"
    if taken_at is not None:
        moment = datetime.datetime.fromisoformat(taken_at)
        assert moment.tzinfo is None and FIRST_YEAR <= moment.year <= LAST_YEAR


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Auckland"])
@pytest.mark.parametrize("seconds", [0, 12 * 3600, -12 * 3600])
def test_a_file_time_of_the_epoch_is_none(
    zone: str, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    assert when_taken({}, "/a.jpg", seconds * 10**9) == (None, None)
    assert when_taken({}, "/2019/a.jpg", seconds * 10**9) == ("2019", "folder")
    monkeypatch.undo()
    time.tzset()


def test_a_file_time_may_not_be_known() -> None:
    assert when_taken({}, "/a.jpg", None) == (None, None)


@pytest.mark.parametrize("date", ["", "yesterday", "1066-10-14", f"{LAST_YEAR + 1}-01-01"])
def test_what_is_no_date_leaves_the_next_source(date: str) -> None:
    claims = {DateSource.SIDECAR: date, DateSource.EXIF: "1993"}
    assert when_taken(claims, NAMED, LAST_CHANGE) == ("1993", "exif")
