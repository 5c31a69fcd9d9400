"""What people wrote about photos: read from every format, kept, found, and read again."""

import csv
import io
import json
import os
import sqlite3
import struct
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo

from captioner.describe.description import Caption, Description
from captioner.describe.tags import Tag
from photosearch.cli.finding import as_record
from photosearch.export import export
from photosearch.indexing.run import Describer, IndexConfig, index
from photosearch.indexing.summary import Summary
from photosearch.photo.decode import decode
from photosearch.photo.embedded import read_embedded
from photosearch.photo.user_metadata import MAX_KEYWORDS, Written, cleaned, distinct
from photosearch.photo.xmp import MAX_BYTES, read_sidecar, read_xmp
from photosearch.search.query import Query
from photosearch.search.results import Hits
from photosearch.search.scores import word_scores
from photosearch.search.searcher import Searcher
from photosearch.search.stems import Stemmer
from photosearch.store import database
from photosearch.store.descriptions import PARTS, write_edit

NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
}
ALT_TEXT = "Iptc4xmpCore:AltTextAccessibility"


def packet(
    texts: Mapping[str, str] | None = None,
    lists: Mapping[str, Sequence[str]] | None = None,
    attributes: Mapping[str, str] | None = None,
) -> bytes:
    """A packet with texts in the default language (and in another one), bags and attributes."""
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    given = " ".join(f"{name}={quoteattr(value)}" for name, value in (attributes or {}).items())
    parts = []
    for name, text in (texts or {}).items():
        other = '<rdf:li xml:lang="eo">alie</rdf:li>'
        default = f'<rdf:li xml:lang="x-default">{escape(text)}</rdf:li>'
        parts.append(f"<{name}><rdf:Alt>{other}{default}</rdf:Alt></{name}>")
    for name, values in (lists or {}).items():
        items = "".join(f"<rdf:li>{escape(value)}</rdf:li>" for value in values)
        parts.append(f"<{name}><rdf:Bag>{items}</rdf:Bag></{name}>")
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {names}>'
        f'<rdf:Description rdf:about="" {given}>{"".join(parts)}</rdf:Description>'
        f'</rdf:RDF></x:xmpmeta>{" " * 100}<?xpacket end="w"?>'
    ).encode()


# XMP

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


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_xmp_in_utf_16_is_read(order: str) -> None:
    text = packet(attributes={"xmp:Rating": "4"}).decode()
    raw = ("\ufeff" + text.replace("UTF-8", "UTF-16")).encode(order)
    assert read_xmp(raw).rating == 4


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
    assert read_sidecar(str(tmp_path / "a.xmp")) == Written("Rome")


# Files

IMAGE_DESCRIPTION = 0x010E
FULL = packet(
    {"dc:title": "Rome", "dc:description": "On the bridge", ALT_TEXT: "Ann waves"},
    {"dc:subject": ["Ann", "bridge"], "lr:hierarchicalSubject": ["places|Italy|Rome"]},
    {"xmp:Rating": "4", "photoshop:DateCreated": "1999-12-31"},
)
WRITTEN = Written("Rome", "On the bridge", "Ann waves", ("Ann", "bridge", "Rome"), 4, "1999-12-31")


def iptc(*fields: tuple[int, int, bytes]) -> bytes:
    """IPTC-IIM data sets, one after the other."""
    return b"".join(
        struct.pack(">BBBH", 0x1C, record, number, len(value)) + value
        for record, number, value in fields
    )


def jpeg(block: bytes = b"", xmp: bytes = b"", description: bytes = b"") -> bytes:
    """A JPEG with IPTC as Photoshop keeps it, XMP, and EXIF's description."""
    exif = Image.Exif()
    if description:
        exif[IMAGE_DESCRIPTION] = description
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=exif, xmp=xmp)
    data = file.getvalue()
    if not block:
        return data
    resource = (
        b"8BIM\x04\x04\0\0" + struct.pack(">I", len(block)) + block + b"\0" * (len(block) % 2)
    )
    segment = b"Photoshop 3.0\0" + resource
    return data[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


def read_photo(data: bytes) -> Written:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return read_embedded(image)


@pytest.mark.parametrize("name", ["jpg", "png", "webp", "tif", "avif", "heic"])
def test_xmp_is_read_from_files(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"a.{name}"
    image = Image.new("RGB", (16, 16))
    if name == "png":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", FULL.decode())
        image.save(path, pnginfo=info)
    elif name == "tif":
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[700] = FULL
        tags.tagtype[700] = 1
        image.save(path, tiffinfo=tags, compression="tiff_lzw")
    else:
        image.save(path, xmp=FULL)
    assert decode(str(path), 8).written == WRITTEN


def test_a_file_without_anything() -> None:
    assert read_photo(jpeg()) == Written()


@pytest.mark.parametrize(
    ("mark", "encoding"), [(b"\x1b%G", "utf-8"), (b"", "utf-8"), (b"", "cp1252")]
)
def test_iptc_is_read(mark: bytes, encoding: str) -> None:
    block = iptc(
        *([(1, 90, mark)] if mark else []),
        (2, 5, "Düne".encode(encoding)),
        (2, 25, b"Ann"),
        (2, 25, "Café".encode(encoding)),
        (2, 25, b"ann"),
        (2, 120, "Am Meer – früh".encode(encoding)),
    )
    assert read_photo(jpeg(block)) == Written("Düne", "Am Meer – früh", keywords=("Ann", "Café"))
    assert read_photo(jpeg(iptc((2, 25, b"one")))) == Written(keywords=("one",))


def test_iptc_in_a_tiff_is_read(tmp_path: Path) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[TiffImagePlugin.IPTC_NAA_CHUNK] = iptc((2, 5, b"Rome"))
    tags.tagtype[TiffImagePlugin.IPTC_NAA_CHUNK] = 7
    Image.new("RGB", (8, 8)).save(tmp_path / "a.tif", tiffinfo=tags)
    assert decode(str(tmp_path / "a.tif"), 8).written == Written("Rome")


def test_xmp_before_iptc_before_exif() -> None:
    block = iptc((2, 5, b"from IPTC"), (2, 25, b"dune"), (2, 25, b"ROME"), (2, 120, b"its caption"))
    exif = b"from EXIF"
    assert read_photo(jpeg(description=exif)) == Written(description="from EXIF")
    assert read_photo(jpeg(block, description=exif)).description == "its caption"
    found = read_photo(jpeg(block, FULL, exif))
    assert (found.title, found.description) == (WRITTEN.title, WRITTEN.description)
    assert found.keywords == ("Ann", "bridge", "Rome", "dune")


def test_descriptions_of_exif() -> None:
    assert read_photo(jpeg(description="Düne".encode())).description == "Düne"
    assert read_photo(jpeg(description="Düne".encode("cp1252"))).description == "Düne"
    assert read_photo(jpeg(description=b"OLYMPUS DIGITAL CAMERA         ")) == Written()


@settings(max_examples=150, deadline=None)
@given(st.binary(min_size=1, max_size=60), st.integers(0, 60), st.binary(max_size=80))
def test_damaged_files_never_raise(junk: bytes, start: int, xmp: bytes) -> None:
    block = iptc((1, 90, b"\x1b%G"), (2, 5, b"Rome"), (2, 25, b"one"), (2, 25, b"two"))
    assert isinstance(read_photo(jpeg(block[:start] + junk + block[start:], xmp, junk)), Written)


# The library

TEXTS = {"dc:title": "Swallows", "dc:description": "Our old wall", ALT_TEXT: "Ann on a ladder"}

FINGERPRINTS = {part: f"{part} 1" for part in PARTS}


class Namer:
    """A describer that tells red photos from others."""

    name = "namer"
    fingerprints = FINGERPRINTS
    image_size = 8
    batch_size = 32

    def describe_pixels(
        self, pixels: np.ndarray, parts: Collection[str] = PARTS
    ) -> list[Description]:
        assert tuple(parts) == PARTS
        colours = ["red" if photo[..., 0].mean() > 128 else "blue" for photo in pixels]
        return [
            Description(
                [Caption(f"a {colour} wall", -1.0, 4), Caption(f"{colour} paint", -2.0, 3)],
                [Tag(colour, 0.75, True)],
                b"vector",
            )
            for colour in colours
        ]


class Album:
    """A folder of photos in one colour each, and its library."""

    def __init__(self, home: Path) -> None:
        self.photos = home / "Photos"
        self.photos.mkdir()
        self.connection: sqlite3.Connection = database.open_for_writing(str(home / "library.db"))
        self.clock = 10**18

    def photo(self, name: str, colour: str = "red", xmp: bytes = b"") -> str:
        Image.new("RGB", (24, 16), colour).save(self.photos / name, xmp=xmp)
        return self.dated(name)

    def sidecar(self, name: str, raw: bytes) -> str:
        (self.photos / name).write_bytes(raw)
        return self.dated(name)

    def dated(self, name: str) -> str:
        self.clock += 10**9
        os.utime(self.photos / name, ns=(self.clock, self.clock))
        return str(self.photos / name)

    def index(self, describer: Describer | None = None, **config: Any) -> Summary:
        def load() -> Describer:
            assert describer is not None, "nothing is to be captioned"
            return describer

        settings = IndexConfig(workers=0, **config)
        return index(self.connection, [str(self.photos)], load, settings, None, FINGERPRINTS)

    def find(self, query: str) -> Hits:
        return Searcher(self.connection, lambda: None).find(Query(query))

    def row(self, table: str, columns: str = "*") -> tuple[object, ...] | None:
        """The only row of a table."""
        row: tuple[object, ...] | None
        row = self.connection.execute(f"SELECT {columns} FROM {table}").fetchone()
        return row

    def exported(self) -> Mapping[str, str]:
        file = self.photos.with_name("out.csv")
        assert export(self.connection, str(file)) == 1
        (row,) = csv.DictReader(file.read_text("utf-8").splitlines())
        return row


@pytest.fixture
def album(tmp_path: Path) -> Iterator[Album]:
    album = Album(tmp_path)
    yield album
    album.connection.close()


def test_the_most_telling_of_what_was_written_is_shown(album: Album) -> None:
    texts = dict(TEXTS)
    for name, shown in [(ALT_TEXT, 2), ("dc:description", 1), ("dc:title", 0), ("", -1)]:
        album.photo("a.jpg", xmp=packet(texts))
        album.index(Namer())
        (result,) = album.find("red wall")
        row = album.exported()
        expected = list(TEXTS.values())[shown] if shown >= 0 else "a red wall"
        assert result.caption == row["caption"] == expected
        assert row["alt_text"] == (expected if shown > 0 else "A red wall.")
        assert bool(row["confidence"]) == bool(row["model"]) == (shown < 0)
        if shown >= 0:
            (alternatives,) = album.row("search", "alternatives") or ()
            assert str(alternatives).splitlines()[0] == "a red wall"
        texts.pop(name, None)
    assert album.row("written") is None  # a row only where something is


def test_a_person_who_edits_has_the_last_word(album: Album) -> None:
    path = album.photo("a.jpg", xmp=packet(TEXTS))
    album.index(Namer())
    write_edit(album.connection, path, "Ann, 1999")
    album.index(Namer(), force=True)
    (result,) = album.find("ladder")  # still found by what is in the file
    assert (result.caption, result.matches) == ("Ann, 1999", {"description": ["ladder"]})
    assert album.exported()["alt_text"] == album.exported()["caption"] == "Ann, 1999"
    write_edit(album.connection, path, None)
    assert album.find("ladder")[0].caption == "Ann on a ladder"


def test_written_words_are_found_and_told_and_exported(album: Album) -> None:
    raw = packet(TEXTS, {"dc:subject": ["barn", "=summer"]}, {"xmp:Rating": "5"})
    album.photo("a.jpg", xmp=raw)
    album.index(Namer())
    for word, columns in [
        ("swallows", ["title"]), ("old", ["description"]), ("ladder", ["caption", "description"]),
        ("barn", ["keywords"]), ("summer", ["keywords"]), ("red", ["alternatives", "tags"]),
    ]:  # fmt: skip
        (result,) = album.find(word)
        assert result.matches == {column: [word] for column in columns}
    row = album.exported()
    assert (row["title"], row["keywords"], row["rating"]) == ("Swallows", "barn; =summer", "5")


@pytest.mark.parametrize("name", list(TEXTS))
def test_what_people_wrote_ranks_above_what_the_model_says(album: Album, name: str) -> None:
    album.photo("model.jpg", "red")
    album.photo("person.jpg", "blue", packet({name: "Something red"}))
    album.photo("keyword.jpg", "blue", packet(lists={"dc:subject": ["red"]}))
    album.index(Namer())
    photos = dict(album.connection.execute("SELECT display, id FROM photos").fetchall())
    numbers = [photos[str(album.photos / f"{n}.jpg")] for n in ("model", "person", "keyword")]
    ids = np.array(numbers)
    _, by_person = word_scores(album.connection, Stemmer(), ids, ["red"])
    assert by_person.tolist() == [0.0, 1.0, 1.0]
    _, by_person = word_scores(album.connection, Stemmer(), ids, ["red"], ["caption"])
    assert by_person.tolist() == [0.0, 1.0, 0.0]  # a caption by a person is no model's


def test_a_sidecar_beats_what_is_embedded(album: Album) -> None:
    album.photo("a.jpg", xmp=packet(TEXTS, {"dc:subject": ["barn"]}))
    album.sidecar("A.XMP", packet({"dc:title": "Martins"}, attributes={"xmp:Rating": "-1"}))
    album.index(Namer())
    assert album.row("written", "title, description, alt_text, keywords, rating") == (
        "Martins", "Our old wall", "Ann on a ladder", "barn", -1
    )  # fmt: skip


def test_a_changed_sidecar_is_read_without_captioning(album: Album) -> None:
    album.photo("a.jpg")
    album.photo("b.jpg", "blue")
    album.index(Namer())
    captions = album.connection.execute("SELECT * FROM captions").fetchall()
    steps: list[tuple[bytes | None, str]] = [
        (packet({"dc:title": "Rome"}), "Rome"), (packet({"dc:title": "Oslo"}), "Oslo"),
        (b"<broken", "Oslo"), (packet(TEXTS), "Ann on a ladder"), (None, "a red wall"),
    ]  # fmt: skip
    for raw, shown in steps:
        if raw is None:
            (album.photos / "a.xmp").unlink()
        else:
            album.sidecar("a.xmp", raw)
        summary = album.index()  # without a model
        assert (summary.reread, summary.captioned, summary.unchanged) == (1, 0, 1)
        assert album.find("red")[0].caption == shown
        assert album.index().unchanged == 2
    assert album.connection.execute("SELECT * FROM captions").fetchall() == captions
    assert album.row("runs", "sum(captioned)") == (2,)


def test_a_damaged_sidecar_is_told_once_and_until_it_is_mended(album: Album) -> None:
    album.photo("a.jpg", xmp=packet({"dc:title": "Rome"}))
    path = album.sidecar("a.xmp", b"<broken")
    assert (album.index(Namer()).failed, album.find("red")[0].caption) == (1, "Rome")
    for _ in range(2):
        summary = album.index()
        assert (summary.reread, summary.failed, summary.failed_before) == (0, 0, 1)
        assert album.row("failures", "display, stage") == (path, "sidecar")
    summary = album.index(retry=True)
    assert (summary.reread, summary.failed) == (1, 1)
    album.sidecar("a.xmp", packet({"dc:title": "Oslo"}))
    summary = album.index()
    assert (summary.reread, summary.failed, album.find("red")[0].caption) == (1, 0, "Oslo")
    assert album.row("failures") is None
    album.sidecar("a.xmp", b"<broken")
    album.index()
    (album.photos / "a.xmp").unlink()
    assert (album.index().failed, album.row("failures")) == (0, None)
    assert album.find("red")[0].caption == "Rome"


def test_a_damaged_sidecar_is_told_wherever_it_goes(album: Album) -> None:
    (album.photos / "A").mkdir()
    album.photo("A/a.jpg")
    album.sidecar("A/a.xmp", b"<broken")
    album.index(Namer())
    (album.photos / "A").rename(album.photos / "B")
    summary = album.index()
    assert (summary.moved, summary.reread, summary.failed) == (1, 1, 1)
    assert album.row("failures", "display") == (str(album.photos / "B" / "a.xmp"),)
    album.index(exclude=["B"])
    assert album.row("failures") is None
    summary = album.index()
    assert (summary.reread, summary.failed) == (1, 1)
    assert (album.index().reread, album.index().failed_before) == (0, 1)


def test_a_shared_sidecar_is_told_once(album: Album) -> None:
    for name in ("a.jpg", "a.png", "a.gif"):
        album.photo(name)
    album.sidecar("a.xmp", b"<broken")
    assert album.index(Namer(), batch_size=1).failed == 1
    album.sidecar("a.xmp", packet({"dc:title": "Rome"}))
    assert (album.index().reread, album.row("failures")) == (3, None)


def test_a_damaged_sidecar_costs_no_date(album: Album) -> None:
    album.photo("a.jpg")
    album.sidecar("a.xmp", packet(attributes={"photoshop:DateCreated": "1931-05"}))
    album.index(Namer())
    album.sidecar("a.xmp", b"<broken")
    album.index()
    assert album.row("photos", "taken_at, taken_from") == ("1931-05", "xmp")
    (album.photos / "a.xmp").unlink()
    album.index()
    assert album.row("photos", "taken_from") == ("file",)


def test_the_sidecar_of_a_photo_that_was_given_by_itself(album: Album) -> None:
    path = album.photo("a.jpg")
    album.sidecar("a.xmp", b"<broken")

    def index_it() -> tuple[int, int]:
        summary = index(album.connection, [path], Namer, IndexConfig(workers=0))
        return summary.failed, summary.failed_before

    assert [index_it() for _ in range(3)] == [(1, 0), (0, 1), (0, 1)]
    album.sidecar("a.xmp", packet({"dc:title": "Rome"}))
    assert (index_it(), album.row("failures")) == ((0, 0), None)
    album.sidecar("a.xmp", b"<broken")
    assert index_it() == (1, 0)
    (album.photos / "a.xmp").unlink()
    assert (index_it(), album.row("failures")) == ((0, 0), None)


def test_a_closed_sidecar_is_read_when_it_is_opened(
    public_folder: Path, as_nobody: Callable[[], AbstractContextManager[None]]
) -> None:
    album = Album(public_folder)
    album.photo("a.jpg")
    path = Path(album.sidecar("a.xmp", packet({"dc:title": "Rome"})))
    path.chmod(0)
    with as_nobody():
        assert album.index(Namer()).failed == 1
        assert album.row("failures", "reason") == ("can't be read: permission denied",)
        assert album.index().failed == 1
    path.with_name("a.jpg").rename(path.with_name("b.jpg"))
    path = path.rename(path.with_name("b.xmp"))
    with as_nobody():
        assert (album.index().moved, album.row("failures", "display")) == (1, (str(path),))
    path.chmod(0o644)
    assert (album.index().reread, album.find("red")[0].caption) == (1, "Rome")
    assert (album.index().unchanged, album.row("failures")) == (1, None)
    album.connection.close()


def test_a_file_that_is_spoilt_beside_a_changed_sidecar_is_told(album: Album) -> None:
    path = Path(album.photo("a.jpg"))
    album.index(Namer())
    status = path.stat()
    path.write_bytes(b"x" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    album.sidecar("a.xmp", packet(TEXTS))
    assert (album.index().failed, album.index().failed_before) == (1, 1)


def test_dates_come_from_the_best_source(album: Album) -> None:
    album.photo("IMG_20190704_123456.jpg")
    album.index(Namer())
    (result,) = album.find("red")
    assert (result.taken_at, result.taken_from) == ("2019-07-04T12:34:56", "name")
    album.sidecar(
        "IMG_20190704_123456.xmp", packet(attributes={"photoshop:DateCreated": "1931-05"})
    )
    album.index()
    (result,) = album.find("red")
    assert (result.taken_at, result.taken_from) == ("1931-05", "xmp")
    row = album.exported()
    assert (row["taken_at"], row["taken_from"]) == ("1931-05", "xmp")
    assert album.row("written") is None  # a date is no text


def test_results_can_be_told_to_programs(album: Album) -> None:
    album.photo("a.jpg", xmp=packet(TEXTS))
    album.index(Namer())
    record = json.loads(json.dumps(as_record(album.find("swallows")[0])))
    assert record["matches"] == {"title": ["swallows"]}
    assert record["taken_from"] == "file" and record["taken_at"].startswith("2001-09-")
