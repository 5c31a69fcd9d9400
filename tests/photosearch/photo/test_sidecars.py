"""Sidecars: each format has a reader, and what can't be read is told without an error."""

import os
from pathlib import Path

from photosearch.files.sidecars import SidecarFormat
from photosearch.photo.sidecars import READERS, UnreadSidecar, read_sidecar
from photosearch.photo.user_metadata import NOTHING, UserMetadata

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Rome</dc:title></rdf:Description>
</rdf:RDF></x:xmpmeta>"""


def test_every_format_has_a_reader() -> None:
    assert set(READERS) == set(SidecarFormat)


def test_the_reader_is_that_of_the_name(tmp_path: Path) -> None:
    for name in ("a.xmp", "a.jpg.XMP"):
        (tmp_path / name).write_text(XMP)
        assert read_sidecar(f"{tmp_path}/{name}") == (UserMetadata("Rome"), None)


def test_what_cannot_be_read_says_nothing_but_why(tmp_path: Path) -> None:
    said, unread = read_sidecar(f"{tmp_path}/none.xmp")
    assert said == NOTHING
    assert unread == UnreadSidecar(f"{tmp_path}/none.xmp", "can't be read: it is gone", False)
    (tmp_path / "broken.xmp").write_text("<broken")
    os.mkfifo(tmp_path / "pipe.xmp")
    (tmp_path / "a.txt").write_text(XMP)
    for name in ("broken.xmp", "pipe.xmp", "a.txt"):  # other tries say the same
        said, unread = read_sidecar(f"{tmp_path}/{name}")
        assert said == NOTHING and unread is not None and unread.damaged, name
        assert unread.reason and len(unread.reason.splitlines()) == 1


def test_a_damaged_sidecar_keeps_its_words_and_tells_the_damage(tmp_path: Path) -> None:
    (tmp_path / "a.xmp").write_text(XMP.replace("Rome", "Rome & Naples") + "left over")
    said, unread = read_sidecar(f"{tmp_path}/a.xmp")
    assert said == UserMetadata("Rome & Naples")
    assert unread is not None and unread.damaged and unread.in_part
    assert unread.reason == (
        'damaged, but read as far as possible: a bare "&" or an unknown entity, '
        "text behind the packet"
    )
