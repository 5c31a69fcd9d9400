"""XMP: whatever a packet or a sidecar says, or fails to say."""

import html
import json
import os
import shutil
import subprocess
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photosearch.photo.dates import DateSource
from photosearch.photo.user_metadata import MAX_KEYWORDS, NOTHING, UserMetadata, cleaned
from photosearch.photo.xmp import read_sidecar, read_xmp
from tests.photosearch.photo.xmp.styles import (
    CAT,
    DESCRIPTION,
    DOG,
    PERSON,
    PLACE,
    STYLES,
    TITLE,
)

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
    keywords=st.lists(texts.map(lambda text: text.replace("|", "")), max_size=5),
    leaves=st.lists(texts.map(lambda text: text.replace("|", "")), max_size=3),
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
    levels = [level for leaf in leaves for level in ("all", leaf)]
    expected = cleaned(UserMetadata(title, description, alt_text, (*keywords, *levels), rating))
    found, damage = read_xmp(raw)
    assert not damage
    assert found.keywords == expected.keywords
    assert found.rating == rating
    for name, text in (("title", title), ("description", description), ("alt_text", alt_text)):
        # Where the default language says nothing, another one may.
        assert getattr(found, name) == getattr(expected, name) or not text.strip()


@pytest.mark.parametrize("style", STYLES)
def test_packets_of_programs(style: str, tmp_path: Path) -> None:
    raw = STYLES[style]().encode()
    found, damage = read_xmp(raw)
    assert not damage
    assert (found.title, found.description, found.rating) == (TITLE, DESCRIPTION, 4)
    assert set(found.keywords) - {"Tiere"} == {DOG, CAT}
    assert (found.people, found.places, found.notes) == ((PERSON,), (PLACE,), ())
    (tmp_path / "a.xmp").write_bytes(raw)
    dated = DateSource.SIDECAR if style == "lightroom" else None
    assert [*read_sidecar(f"{tmp_path}/a.xmp")[0].dates] == ([dated] if dated else [])


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_all_of_unicode_is_read(order: str, packet: Packet) -> None:
    text = packet({"dc:title": "Düne"}, attributes={"xmp:Rating": "4"}).decode()
    for raw in (f"\ufeff{text}".encode(order), text.encode(order)):
        found, damage = read_xmp(raw)
        assert (found.title, found.rating, damage) == ("Düne", 4, "")


def test_latin_letters_in_what_says_utf_8(packet: Packet) -> None:
    raw = packet({"dc:title": "Düne – früh"}, {"dc:subject": ["Café"]})
    found, damage = read_xmp(raw.replace("ü".encode(), b"\xfc").replace("–".encode(), b"\x96"))
    assert (found.title, found.keywords) == ("Düne – früh", ("Café",))
    assert damage == "damaged, but read as far as possible: bytes that are no Unicode"


def test_entities_are_never_expanded(packet: Packet) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;">]>'
    raw = packet({"dc:title": "&c;", "dc:description": "Rome"}).decode().replace("&amp;", "&")
    found, damage = read_xmp((bomb + raw).encode())
    assert (found.title, found.description) == ("&c;", "Rome")
    assert "entity" in damage


def test_many_keywords_are_bounded(packet: Packet) -> None:
    raw = packet(lists={"dc:subject": [f"word{number}" for number in range(5_000)]})
    found, _ = read_xmp(raw)
    assert found.keywords == tuple(f"word{number}" for number in range(MAX_KEYWORDS))


def test_text_is_cleaned(packet: Packet) -> None:
    raw = packet(
        {"dc:title": "  Rome,\n\tcafe\u0301 \u202eevil "}, {"dc:subject": ["Dog", "DOG", ""]}
    )
    found, damage = read_xmp(raw)
    assert (found.title, found.keywords, damage) == ("Rome, café evil", ("Dog",), "")


def test_a_sidecar_of_12_megabytes_takes_little_memory_and_time(tmp_path: Path) -> None:
    mask = "iVBORw0KGgo" * 20_000
    masks = "".join(f'<crs:Mask crs:Image="{mask}">{mask}</crs:Mask>' for _ in range(30))
    text = STYLES["lightroom"]().replace("<dc:title>", f"<crs:All>{masks}</crs:All><dc:title>")
    text = text.replace("xmlns:crs", 'xmlns:dt="http://darktable.sf.net/" xmlns:crs')
    text = text.replace('crs:Version="16.0"', f'dt:params="{mask * 3}" crs:Version="16.0"')
    (tmp_path / "a.xmp").write_text(text)
    assert os.stat(tmp_path / "a.xmp").st_size > 12 << 20
    tracemalloc.start()
    started = time.process_time()
    found, damage = read_sidecar(f"{tmp_path}/a.xmp")
    assert time.process_time() - started < 5
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()
    assert (found.title, found.keywords, found.people) == (TITLE, (DOG, CAT), (PERSON,))
    assert damage == ""


def test_sidecars_that_cannot_be_read(tmp_path: Path, packet: Packet) -> None:
    with pytest.raises(FileNotFoundError):
        read_sidecar(str(tmp_path / "none.xmp"))
    os.mkfifo(tmp_path / "pipe.xmp")
    for path in (tmp_path, tmp_path / "pipe.xmp"):
        with pytest.raises(ValueError, match="not a regular file"):
            read_sidecar(str(path))
    for raw in (b"", b"<broken", b" " * (1 << 20), b"<svg/>"):
        (tmp_path / "a.xmp").write_bytes(raw)
        with pytest.raises(ValueError, match="no XMP, or damaged"):
            read_sidecar(str(tmp_path / "a.xmp"))
    (tmp_path / "a.xmp").write_bytes(packet({"dc:title": "Rome"}))
    found, damage = read_sidecar(str(tmp_path / "a.xmp"))
    assert (found.title, damage) == ("Rome", "")
    assert read_xmp(b"<broken")[0] == read_xmp(b"")[0] == NOTHING


DAMAGED: dict[str, Callable[[str], str]] = {
    "as it was": lambda text: text,
    "leftovers": lambda text: text + "\nli></rdf:Bag></rdf:RDF></x:xmpmeta>",
    "a control letter": lambda text: text.replace(DESCRIPTION, f"\x03{DESCRIPTION}"),
    "a bare ampersand": lambda text: text.replace(DESCRIPTION, f"A & {DESCRIPTION}"),
    "an undeclared prefix": lambda text: text.replace("xmlns:dc=", "xmlns:cd="),
    "a wrong address": lambda text: text.replace("http://purl.org/dc", "https://purl.org/dc"),
    "entities of HTML": lambda text: text.replace("ü", "&uuml;"),
    "a document type": lambda text: text.replace("<x:xmpmeta", "<!DOCTYPE x><x:xmpmeta", 1),
    "a stray end": lambda text: text.replace("</rdf:RDF>", "</rdf:li></rdf:RDF>"),
    "a comment": lambda text: text.replace("<dc:title>", "<!-- > & <dc:title> -- x --><dc:title>"),
}


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="ExifTool isn't installed")
def test_exiftool_reads_the_same(tmp_path: Path) -> None:
    for style, make in STYLES.items():
        for kind, damage in DAMAGED.items():
            path = tmp_path / f"{style} {kind}.xmp"
            path.write_bytes(damage(make()).encode())
    command = ["exiftool", "-j", "-XMP-dc:all", "-XMP-xmp:Rating", str(tmp_path)]
    output = subprocess.run(command, capture_output=True, check=False).stdout
    compared = 0
    for judged in json.loads(output):
        found, _ = read_sidecar(judged["SourceFile"])
        for name, text in (("Title", found.title), ("Description", found.description)):
            expected = html.unescape(str(judged.get(name, ""))).strip("\x03.")
            assert not expected or expected == text, judged
            compared += bool(expected)
        subjects = judged.get("Subject", [])
        keywords = {DOG, CAT} & set(
            map(html.unescape, subjects if isinstance(subjects, list) else [subjects])
        )
        assert keywords <= set(found.keywords), judged
        assert judged.get("Rating", found.rating) == found.rating, judged
    assert compared > len(STYLES) * len(DAMAGED)
