"""The encoding of a packet: any encoding of Unicode, and bytes of older encodings."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.photo.xmp.damage import Damage
from photosearch.photo.xmp.decoding import decoded

TEXT = '<x:xmpmeta a="Düne 東京 😀">Ł</x:xmpmeta>'
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


def read(raw: bytes, size: int = 1000) -> tuple[str, set[Damage]]:
    found = list(decoded(raw[at : at + size] for at in range(0, len(raw), size)))
    text = "".join(each for each in found if not isinstance(each, Damage))
    return text, {each for each in found if isinstance(each, Damage)}


@pytest.mark.parametrize("mark", ["\ufeff", "", "  ", "\0\0"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_unicode_is_known_with_and_without_a_mark(encoding: str, mark: str) -> None:
    for size in (40, 41, 1000):  # a piece may end within a character
        text, damage = read((mark + TEXT).encode(encoding), size)
        assert text.endswith(TEXT) and not damage


def test_nuls_before_a_packet_are_no_other_encoding() -> None:
    assert read(b"\0\0\0" + TEXT.encode()) == ("\0\0\0" + TEXT, set())


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_bytes_that_are_no_unicode_are_those_of_windows(size: int) -> None:
    raw = "<a>Düne – früh, </a>".encode("cp1252") + TEXT.encode()
    assert read(raw, size) == (f"<a>Düne – früh, </a>{TEXT}", {Damage.ENCODING})


def test_a_declared_encoding_is_taken() -> None:
    text = '<?xml version="1.0" encoding="{}"?><a>{}</a>'
    for name, word in (("ISO-8859-2", "Łódź"), ("windows-1251", "Москва"), ("Shift_JIS", "東京")):
        assert read(text.format(name, word).encode(name)) == (text.format(name, word), set())
    for name in ("UTF-8", "UTF-16", "rot13", "zlib", "nothing"):  # it is UTF-8 all the same
        assert read(text.format(name, "Łódź").encode()) == (text.format(name, "Łódź"), set())


@given(st.binary(max_size=100), st.sampled_from(["", *ENCODINGS]), st.integers(1, 30))
def test_any_bytes_are_read(raw: bytes, encoding: str, size: int) -> None:
    raw = (codecs.lookup(encoding).encode("<a>")[0] if encoding else b"") + raw
    read(raw, size)
