"""EXIF's texts: descriptions, Windows' fields, comments with their codes, ratings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photosearch.photo.exif_texts import decoded_comment, read_exif_texts
from photosearch.photo.user_metadata import UserMetadata

DOCUMENT, DESCRIPTION, RATING, PERCENT = 0x010D, 0x010E, 0x4746, 0x4749
XP_TITLE, XP_COMMENT, XP_AUTHOR, XP_KEYWORDS, XP_SUBJECT = range(0x9C9B, 0x9CA0)
USER_COMMENT = 0x9286


def read(tags: dict[int, object], inner: dict[int, object] | None = None) -> UserMetadata:
    """Read tags as they come back from EXIF's bytes."""
    written, exif = Image.Exif(), Image.Exif()
    for tag, value in tags.items():
        written[tag] = value
    for tag, value in (inner or {}).items():
        written.get_ifd(0x8769)[tag] = value
    exif.load(written.tobytes())
    return read_exif_texts(exif)


def windows(text: str) -> bytes:
    return f"{text}\0".encode("utf-16-le")


def test_fields_of_windows() -> None:
    found = read({
        DESCRIPTION: "Ann", XP_TITLE: windows("東京"), XP_COMMENT: windows("Zoë"),
        XP_AUTHOR: windows("The photographer"), XP_KEYWORDS: windows("Straße; AC/DC ;;b"),
        XP_SUBJECT: windows("Ω"),
    })  # fmt: skip
    keywords = ("Straße", "AC/DC", "b")
    assert found == UserMetadata("東京", "Ann", keywords=keywords, notes=("Zoë", "Ω"))


@pytest.mark.parametrize("text", ["a", "日", "東京", "一丁丂七", "😀 Ann", "Москва"])
def test_fields_of_windows_are_little_endian(text: str) -> None:
    assert read({XP_COMMENT: windows(text)}).notes == (text,)


def test_the_name_of_a_document_is_a_note_but_no_file() -> None:
    assert read({DOCUMENT: "Aunt Mary's album"}).notes == ("Aunt Mary's album",)
    assert read({DOCUMENT: "C:\\scans\\a 1.tif"}) == UserMetadata()


@pytest.mark.parametrize(
    ("tags", "stars"), [({RATING: 4}, 4), ({RATING: 0}, 0), ({PERCENT: 75}, 4), ({}, None),
                        ({RATING: 2, PERCENT: 99}, 2), ({RATING: 77, PERCENT: 25}, 2)]
)  # fmt: skip
def test_ratings(tags: dict[int, object], stars: int | None) -> None:
    assert read(tags).rating == stars


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"ASCII\0\0\0Ann at sea\0\0", "Ann at sea"),
        (b"ASCII\0\0\0" + "Zoë".encode(), "Zoë"),
        (b"ASCII\0\0\0" + "Zoë".encode("cp1252"), "Zoë"),
        (b"\0" * 8 + b"Ann", "Ann"),
        (b"        Ann", "Ann"),
        (b"Ann at the sea", "Ann at the sea"),
        (b"Ann", "Ann"),
        (b"UNICODE\0" + "Ann – Zoë".encode("utf-16-le"), "Ann – Zoë"),
        (b"UNICODE\0" + "Ann – Zoë".encode("utf-16-be"), "Ann – Zoë"),
        (b"UNICODE\0" + "日本語の文".encode("utf-16"), "日本語の文"),
        (b"UNICODE\0" + "Москва".encode(), "Москва"),
        (b"Unicode\0" + "Ann\0\0".encode("utf-16-be"), "Ann"),
        (b"JIS\0\0\0\0\0" + "東京タワー".encode("iso2022_jp"), "東京タワー"),
        (b"JIS\0\0\0\0\0" + "東京タワー".encode("shift_jis"), "東京タワー"),
        (b"", ""),
        (b"ASCII\0\0\0", ""),
        (b"\0" * 200, ""),
        (b"\0" * 8 + bytes(range(1, 200)), ""),  # data of a camera
        (b"ASCII\0\0\0\x01\x02Ann", ""),
    ],
)
def test_comments_have_codes(raw: bytes, text: str, order: str) -> None:
    assert decoded_comment(raw, order).strip() == text


@pytest.mark.parametrize("order", ["<", ">"])
@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1))
def test_a_comment_that_tells_no_order_has_that_of_exif_or_a_likelier_one(
    order: str, text: str
) -> None:
    encoding = "utf-16-le" if order == "<" else "utf-16-be"
    raw = text.encode(encoding)
    upper, lower = len({ord(char) >> 8 for char in text}), len({ord(char) & 255 for char in text})
    if upper <= lower and not _is_utf_8(raw):
        assert decoded_comment(b"UNICODE\0" + raw, order).strip() == text


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_a_comment_is_a_note() -> None:
    assert read({}, {USER_COMMENT: b"ASCII\0\0\0Ann at sea"}).notes == ("Ann at sea",)
    assert read({}, {USER_COMMENT: b"ASCII\0\0\0Created with GIMP"}) == UserMetadata()


@pytest.mark.filterwarnings("ignore:.*EXIF")
@given(st.binary(max_size=80))
def test_nothing_is_raised(junk: bytes) -> None:
    assert isinstance(decoded_comment(junk, "<"), str)
    assert isinstance(decoded_comment(b"UNICODE\0" + junk, ">"), str)
    exif = Image.Exif()
    try:
        exif.load(b"II*\0\x08\0\0\0" + junk)
    except Exception:
        return
    assert isinstance(read_exif_texts(exif), UserMetadata)
