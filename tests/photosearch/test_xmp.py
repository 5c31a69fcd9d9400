"""XMP: what programs write is read back, and nothing malformed gets through."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photosearch.written import MAX_KEYWORDS, Written, cleaned, distinct
from photosearch.xmp import MAX_BYTES, read_sidecar, read_xmp
from tests.photosearch.packets import ALT_TEXT, packet

# What XML can hold; characters that lines lose are tried elsewhere.
texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufffe\uffff"),
    max_size=30,
)


@settings(max_examples=100, deadline=None)
@given(
    title=texts,
    description=texts,
    alt_text=texts,
    keywords=st.lists(texts, max_size=5),
    leaves=st.lists(texts.map(lambda text: text.replace("|", "").replace("/", "")), max_size=3),
    rating=st.sampled_from([None, -1, 0, 1, 5]),
)
def test_what_was_written_is_read(
    title: str,
    description: str,
    alt_text: str,
    keywords: list[str],
    leaves: list[str],
    rating: int | None,
) -> None:
    raw = packet(
        {"dc:title": title, "dc:description": description, ALT_TEXT: alt_text},
        {"dc:subject": keywords, "lr:hierarchicalSubject": [f"all|{leaf}" for leaf in leaves]},
        {} if rating is None else {"xmp:Rating": str(rating)},
    )
    expected = cleaned(title, description, alt_text, [*keywords, *leaves], rating)
    found = read_xmp(raw)
    assert found.keywords == expected.keywords
    assert found.rating == (rating or None)
    for name, text in (("title", title), ("description", description), ("alt_text", alt_text)):
        # Where the default language says nothing, another one may.
        assert getattr(found, name) == getattr(expected, name) or not text.strip()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 900), st.integers(0, 300))
def test_damage_never_raises(junk: bytes, start: int, length: int) -> None:
    assert read_xmp(junk) == Written()
    raw = packet({"dc:title": "Rome"}, {"dc:subject": ["a", "b"]}, {"xmp:Rating": "4"})
    read_xmp(raw[:start] + junk + raw[start + length :])
    read_xmp(raw[:start])


@pytest.mark.parametrize(
    ("text", "rating"),
    [("5", 5), ("-1", -1), ("0", None), ("3.0", 3), ("6", None), ("-2", None), ("x", None),
     ("nan", None), ("", None), ("٣", None), ("1e9", None)],
)  # fmt: skip
def test_ratings(text: str, rating: int | None) -> None:
    assert read_xmp(packet(attributes={"xmp:Rating": text})).rating == rating


def test_dates_have_an_order() -> None:
    dates = {
        "exif:DateTimeOriginal": "2003-03-03T03:03:03",
        "xmp:CreateDate": "2002-02-02T02:02:02.5Z",
        "photoshop:DateCreated": "1931",
    }
    assert read_xmp(packet(attributes=dates)).taken_at == "1931"
    dates["photoshop:DateCreated"] = "0000-00-00"
    assert read_xmp(packet(attributes=dates)).taken_at == "2002-02-02T02:02:02+00:00"
    del dates["xmp:CreateDate"]
    assert read_xmp(packet(attributes=dates)).taken_at == "2003-03-03T03:03:03"


def test_properties_of_other_resources_are_not_the_photos() -> None:
    inner = "<xmp:From><rdf:Description><dc:title>not mine</dc:title></rdf:Description></xmp:From>"
    raw = packet({"dc:description": "mine"}).decode()
    raw = raw.replace("</rdf:Description>", f"{inner}</rdf:Description>")
    assert read_xmp(raw.encode()) == Written(description="mine")


def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;">]>'
    raw = packet({"dc:title": "&c;"}).decode().replace("&amp;", "&")
    assert read_xmp((bomb + raw).encode()) == Written()


@pytest.mark.parametrize(
    "raw",
    [b"<a>" * (MAX_BYTES // 7) + b"</a>" * (MAX_BYTES // 7), b"<a " + b"b" * (MAX_BYTES - 3),
     packet({"dc:title": "x" * MAX_BYTES})],
)  # fmt: skip
def test_large_packets_take_bounded_time(raw: bytes) -> None:
    started = time.perf_counter()
    assert read_xmp(raw) == Written()
    assert time.perf_counter() - started < 10


def test_many_keywords_are_bounded() -> None:
    raw = packet(lists={"dc:subject": [f"word{number}" for number in range(5_000)]})
    assert read_xmp(raw).keywords == tuple(f"word{number}" for number in range(MAX_KEYWORDS))


def test_text_is_cleaned() -> None:
    raw = packet(
        {"dc:title": "  Rome,\n\tcafe\u0301 \u202eevil "}, {"dc:subject": ["Dog", "DOG", ""]}
    )
    assert read_xmp(raw) == Written(title="Rome, café evil", keywords=("Dog",))


@pytest.mark.parametrize(
    "text", ["OLYMPUS DIGITAL CAMERA", "KODAK Digital Still Camera", "SONY DSC", "---", "oznorCO",
             "DCIM\\100MEDIA\\DJI_0001.JPG", "Exif_JPEG_PICTURE"]
)  # fmt: skip
def test_what_cameras_write_is_no_description(text: str) -> None:
    assert cleaned(title=text, description=text) == Written()


def test_people_may_speak_of_cameras() -> None:
    for text in ("My Olympus digital camera, at last", "SONY DSC of Ann", "Hdr of the bridge"):
        assert cleaned(description=text).description == text


def test_a_keyword_stands_once() -> None:
    assert distinct(["Rome", "rome", "Ann", "ROME"]) == ("Rome", "Ann")


def test_each_part_comes_from_the_first_that_has_it() -> None:
    first = Written(title="a", keywords=("x",), rating=-1)
    second = Written("b", "c", "d", ("y",), 5, "2000")
    assert first.over(second) == Written("a", "c", "d", ("x",), -1, "2000")
    assert Written().over(second) == second == second.over(Written())


def test_sidecars_that_cannot_be_read(tmp_path: Path) -> None:
    assert read_sidecar(str(tmp_path / "none.xmp")) == Written()
    assert read_sidecar(str(tmp_path)) == Written()
    os.mkfifo(tmp_path / "pipe.xmp")
    assert read_sidecar(str(tmp_path / "pipe.xmp")) == Written()
    (tmp_path / "a.xmp").write_bytes(packet({"dc:title": "Rome"}))
    assert read_sidecar(str(tmp_path / "a.xmp")) == Written("Rome")
