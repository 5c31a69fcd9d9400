"""XMP: whatever a packet or a sidecar says, or fails to say."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photosearch.photo.user_metadata import MAX_KEYWORDS, UserMetadata, cleaned
from photosearch.photo.xmp import MAX_BYTES, read_sidecar, read_xmp

ALT_TEXT = "Iptc4xmpCore:AltTextAccessibility"
Packet = Callable[..., bytes]


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
    packet: Packet,
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
def test_damage_never_raises(packet: Packet, junk: bytes, start: int, length: int) -> None:
    assert read_xmp(junk) == UserMetadata()
    raw = packet({"dc:title": "Rome"}, {"dc:subject": ["a", "b"]}, {"xmp:Rating": "4"})
    read_xmp(raw[:start] + junk + raw[start + length :])
    read_xmp(raw[:start])


@pytest.mark.parametrize(
    ("text", "rating"),
    [("5", 5), ("-1", -1), ("0", None), ("3.0", 3), ("6", None), ("-2", None), ("x", None),
     ("nan", None), ("", None), ("٣", None), ("1e9", None)],
)  # fmt: skip
def test_ratings(text: str, rating: int | None, packet: Packet) -> None:
    assert read_xmp(packet(attributes={"xmp:Rating": text})).rating == rating


def test_dates_have_an_order(packet: Packet) -> None:
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


def test_properties_of_other_resources_are_not_the_photos(packet: Packet) -> None:
    inner = "<xmp:From><rdf:Description><dc:title>not mine</dc:title></rdf:Description></xmp:From>"
    raw = packet({"dc:description": "mine"}).decode()
    raw = raw.replace("</rdf:Description>", f"{inner}</rdf:Description>")
    assert read_xmp(raw.encode()) == UserMetadata(description="mine")


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_xmp_in_utf_16_is_read(order: str, packet: Packet) -> None:
    text = packet(attributes={"xmp:Rating": "4"}).decode()
    raw = ("\ufeff" + text.replace("UTF-8", "UTF-16")).encode(order)
    assert read_xmp(raw).rating == 4


def test_entities_are_refused(packet: Packet) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;">]>'
    raw = packet({"dc:title": "&c;"}).decode().replace("&amp;", "&")
    assert read_xmp((bomb + raw).encode()) == UserMetadata()


@pytest.mark.parametrize(
    "raw",
    [b"<a>" * (MAX_BYTES // 7) + b"</a>" * (MAX_BYTES // 7), b"<a " + b"b" * (MAX_BYTES - 3), None],
)
def test_large_packets_take_bounded_time(raw: bytes | None, packet: Packet) -> None:
    raw = packet({"dc:title": "x" * MAX_BYTES}) if raw is None else raw
    started = time.perf_counter()
    assert read_xmp(raw) == UserMetadata()
    assert time.perf_counter() - started < 10


def test_many_keywords_are_bounded(packet: Packet) -> None:
    raw = packet(lists={"dc:subject": [f"word{number}" for number in range(5_000)]})
    assert read_xmp(raw).keywords == tuple(f"word{number}" for number in range(MAX_KEYWORDS))


def test_text_is_cleaned(packet: Packet) -> None:
    raw = packet(
        {"dc:title": "  Rome,\n\tcafe\u0301 \u202eevil "}, {"dc:subject": ["Dog", "DOG", ""]}
    )
    assert read_xmp(raw) == UserMetadata(title="Rome, café evil", keywords=("Dog",))


def test_sidecars_that_cannot_be_read(tmp_path: Path, packet: Packet) -> None:
    with pytest.raises(FileNotFoundError):
        read_sidecar(str(tmp_path / "none.xmp"))
    os.mkfifo(tmp_path / "pipe.xmp")
    for path in (tmp_path, tmp_path / "pipe.xmp"):
        with pytest.raises(ValueError, match="not a regular file"):
            read_sidecar(str(path))
    for raw, reason in ((b"<broken", "no XMP, or damaged"), (b" " * (MAX_BYTES + 1), "megabyte")):
        (tmp_path / "a.xmp").write_bytes(raw)
        with pytest.raises(ValueError, match=reason):
            read_sidecar(str(tmp_path / "a.xmp"))
    (tmp_path / "a.xmp").write_bytes(packet({"dc:title": "Rome"}))
    assert read_sidecar(str(tmp_path / "a.xmp")) == UserMetadata("Rome")
