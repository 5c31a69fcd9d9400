"""IPTC-IIM: data sets, encodings, dates and limits."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.photo.dates import DateSource
from photosearch.photo.iptc import read_iptc, without_cut
from photosearch.photo.user_metadata import UserMetadata


def iptc(*fields: tuple[int, int, bytes]) -> bytes:
    return b"".join(
        struct.pack(">BBBH", 0x1C, record, number, len(value)) + value
        for record, number, value in fields
    )


def test_each_data_set_has_its_field() -> None:
    block = iptc(
        (2, 5, b"Trip"), (2, 20, b"travel"), (2, 25, b"sea"), (2, 25, b"sun"),
        (2, 40, b"not for print"), (2, 80, b"The photographer"), (2, 101, b"Norway"),
        (2, 95, b"Vestland"), (2, 90, b"Bergen"), (2, 92, b"Bryggen"), (2, 105, b"Rain at last"),
        (2, 120, b"A wet dog"), (2, 122, b"The writer"),
    )  # fmt: skip
    assert read_iptc(block) == UserMetadata(
        "Trip", "A wet dog", keywords=("sea", "sun"),
        places=("Bryggen", "Bergen", "Vestland", "Norway"),
        notes=("Rain at last", "not for print", "travel"),
    )  # fmt: skip


def test_dates_keep_what_they_say_and_where() -> None:
    block = iptc((2, 55, b"20010203"), (2, 60, b"040506+0100"), (2, 62, b"20200000"))
    assert read_iptc(block).dates == {
        DateSource.CREATED: "2001-02-03T04:05:06+01:00",
        DateSource.DIGITISED: "2020",
    }
    assert read_iptc(iptc((2, 55, b"00000000"), (2, 60, b"000000"))).dates == {}
    assert read_iptc(iptc((2, 60, b"040506"))).dates == {}


@pytest.mark.parametrize(
    ("mark", "encoding", "word"),
    [(b"\x1b%G", "utf-8", "Москва"), (b"", "utf-8", "Москва"), (b"", "cp1252", "Zoë"),
     (b"\x1b.A", "latin-1", "Zoë"), (b"\x1b-L", "iso8859-5", "Москва"),
     (b"\x1b-B", "iso8859-2", "Łódź"), (b"\x1b%/I", "utf-8", "東京"), (b"junk", "cp1252", "Zoë")]
)  # fmt: skip
def test_encodings(mark: bytes, encoding: str, word: str) -> None:
    block = iptc(*([(1, 90, mark)] if mark else []), (2, 25, word.encode(encoding)))
    assert read_iptc(block).keywords == (word,)


def test_an_extended_data_set_is_read() -> None:
    long = b"long " * 100
    extended = b"\x1c\x02\x78\x80\x04" + struct.pack(">I", len(long)) + long
    assert read_iptc(extended + iptc((2, 25, b"sea"))) == UserMetadata(
        description=long.decode().strip(), keywords=("sea",)
    )
    assert read_iptc(b"\x1c\x02\x78\xff\xff" + long) == UserMetadata()


def test_what_stands_before_damage_is_read() -> None:
    block = iptc((2, 5, b"Rome"), (2, 25, b"sea"))
    assert read_iptc(block + b"\0" * 9) == UserMetadata("Rome", keywords=("sea",))
    assert read_iptc(block[:-1]) == UserMetadata("Rome", keywords=("se",))


@given(st.binary(max_size=60))
def test_nothing_is_raised(junk: bytes) -> None:
    assert isinstance(read_iptc(junk), UserMetadata)
    assert isinstance(read_iptc(b"\x1c\x02" + junk), UserMetadata)


@given(st.integers(1, 80), st.integers(0, 80))
def test_only_texts_at_a_limit_can_be_cut(size: int, more: int) -> None:
    whole = UserMetadata(keywords=("x" * (size + more),))
    found = without_cut(UserMetadata(keywords=("x" * size,)), whole).keywords
    at_limit = size in range(29, 33) or size in range(61, 65)
    assert found == (() if at_limit and more else ("x" * size,))
