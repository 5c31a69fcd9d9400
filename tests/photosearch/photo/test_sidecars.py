"""Sidecars: each format has a reader, and what can't be read is told without an error."""

import json
import os
from pathlib import Path

from photosearch.files.file import File, Sidecar
from photosearch.files.sidecars import SidecarFormat
from photosearch.photo.dates import DateSource
from photosearch.photo.sidecars import (
    READERS,
    UnreadSidecar,
    read_sidecar,
    read_sidecars,
)
from photosearch.photo.user_metadata import NOTHING, UserMetadata

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Rome</dc:title></rdf:Description>
</rdf:RDF></x:xmpmeta>"""
TAKEOUT = json.dumps({"title": "a.jpg", "description": "Ann"})


def photo_with(folder: Path, **contents: str) -> File:
    """A photo with sidecars, in this order, each ending as its argument's name."""
    found = []
    for place, (ending, text) in enumerate(contents.items()):
        path = folder / f"a{place}.{ending}"
        path.write_text(text)
        found.append(Sidecar(str(path), 5))
    return File(str(folder / "IMG_20191231_233000.jpg"), 1, 1, 1, tuple(found))


def test_every_format_has_a_reader() -> None:
    assert set(READERS) == set(SidecarFormat)


def test_the_reader_is_that_of_the_name(tmp_path: Path) -> None:
    for name in ("a.xmp", "a.jpg.XMP"):
        (tmp_path / name).write_text(XMP)
        assert read_sidecar(f"{tmp_path}/{name}") == (UserMetadata("Rome"), None)
    (tmp_path / "a.jpg.JSON").write_text(TAKEOUT)
    said, unread = read_sidecar(f"{tmp_path}/a.jpg.JSON")
    assert (said, unread) == (UserMetadata(description="Ann"), None)


def test_what_cannot_be_read_says_nothing_but_why(tmp_path: Path) -> None:
    said, unread = read_sidecar(f"{tmp_path}/none.xmp")
    assert said == NOTHING
    assert unread == UnreadSidecar(f"{tmp_path}/none.xmp", "can't be read: it is gone", False)
    (tmp_path / "broken.xmp").write_text("<broken")
    (tmp_path / "broken.json").write_text("{broken")
    os.mkfifo(tmp_path / "pipe.xmp")
    (tmp_path / "a.txt").write_text(XMP)
    for name in ("broken.xmp", "broken.json", "pipe.xmp", "a.txt"):  # other tries say the same
        said, unread = read_sidecar(f"{tmp_path}/{name}")
        assert said == NOTHING and unread is not None and unread.damaged, name
        assert unread.reason and len(unread.reason.splitlines()) == 1


def test_all_sidecars_are_read_and_each_failure_is_told(tmp_path: Path) -> None:
    said, unread = read_sidecars(photo_with(tmp_path, xmp=XMP, json=TAKEOUT), NOTHING, {})
    assert (said, unread) == (UserMetadata("Rome", "Ann"), ())
    photo = photo_with(tmp_path, xmp="<broken", json=TAKEOUT, XMP="<broken")
    said, unread = read_sidecars(photo, NOTHING, {})
    assert said == UserMetadata(description="Ann")
    assert [each.path for each in unread] == [f"{tmp_path}/a0.xmp", f"{tmp_path}/a2.XMP"]
    assert read_sidecars(photo_with(tmp_path), NOTHING, {}) == (NOTHING, ())


def test_of_takeouts_date_the_local_day_counts(tmp_path: Path) -> None:
    utc = {"photoTakenTime": {"timestamp": "1577853000"}}  # 2020-01-01 04:30
    photo = photo_with(tmp_path, json=json.dumps(utc))
    said, _ = read_sidecars(photo, NOTHING, {})
    assert said.dates == {DateSource.SIDECAR: "2019-12-31T23:30:00"}  # by the file's name
    said, _ = read_sidecars(photo, NOTHING, {DateSource.EXIF: "2019-12-31T22:30:00"})
    assert said.dates == {}


def test_takeout_takes_no_word_away(tmp_path: Path) -> None:
    own = UserMetadata("Home", "Grandma", keywords=("sun",), people=("Thi",), rating=3)
    names = {"title": "a.jpg", "description": "Ann", "people": [{"name": "Ines"}]}
    alone, _ = read_sidecars(photo_with(tmp_path, json=json.dumps(names)), own, {})
    assert alone == UserMetadata(
        "Home", "Ann", keywords=("sun",), people=("Ines", "Thi"), rating=3, notes=("Grandma",)
    )
    both, _ = read_sidecars(photo_with(tmp_path, xmp=XMP, json=json.dumps(names)), own, {})
    assert both == UserMetadata(
        "Rome", "Ann", keywords=("sun",), people=("Ines", "Thi"), rating=3, notes=("Grandma",)
    )
    own = UserMetadata(description="Will")  # an XMP sidecar goes over the photo
    described = XMP.replace("dc:title", "dc:description")
    both, _ = read_sidecars(photo_with(tmp_path, xmp=described, json=json.dumps(names)), own, {})
    assert (both.description, both.people) == ("Rome", ("Ines",))
    assert {*both.notes} == {"Will", "Ann"}
    only, _ = read_sidecars(photo_with(tmp_path, xmp=described), own, {})
    assert (only.description, only.notes) == ("Rome", ())


def test_a_damaged_sidecar_keeps_its_words_and_tells_the_damage(tmp_path: Path) -> None:
    (tmp_path / "a.xmp").write_text(XMP.replace("Rome", "Rome & Naples") + "left over")
    said, unread = read_sidecar(f"{tmp_path}/a.xmp")
    assert said == UserMetadata("Rome & Naples")
    assert unread is not None and unread.damaged and unread.in_part
    assert unread.reason == (
        'damaged, but read as far as possible: a bare "&" or an unknown entity, '
        "text behind the packet"
    )
