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


@given(moments, st.sampled_from(["", "Z", "+02:00", "-09:30"]), st.sampled_from(["", ".5", ".123"]))
def test_dates_of_xmp(moment: datetime.datetime, offset: str, fraction: str) -> None:
    text = moment.isoformat() + fraction + offset
    found = iso_date(text)
    assert found == moment.isoformat() + offset.replace("Z", "+00:00")
    for length in (4, 7, 10):
        assert iso_date(text[:length]) == text[:length]
    assert iso_date(text[:16]) == text[:16] + ":00"


@pytest.mark.parametrize(
    "text", ["", "x", "0001-01-01T00:00:00", "2019-13", "2019-02-30", "20190704"]
)
def test_no_dates_of_xmp(text: str) -> None:
    assert iso_date(text) is None


@given(st.text())
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = iso_date(text)
    assert found is None or found[:4].isdigit()


def test_a_date_keeps_what_of_it_can_be() -> None:
    assert iso_date("2019-07-04T25:00:00") == "2019-07-04"
    assert iso_date("2019-07-04T12:00:00+19:00") == "2019-07-04T12:00:00"


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
