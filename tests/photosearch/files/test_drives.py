"""Drives: an empty folder is the place of an unplugged drive."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from photosearch.files.drives import (
    holds_drives,
    identity_of,
    is_emptied,
    is_gone,
    is_reachable,
    is_unplugged,
)

AsNobody = Callable[[], contextlib.AbstractContextManager[None]]


def no_drives(folder: str) -> bool:
    return False


def test_a_folder_is_reachable_if_something_is_seen_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "drive"
    assert not is_reachable(str(folder)) and not is_emptied(str(folder))
    folder.mkdir()
    assert not is_reachable(str(folder)) and is_emptied(str(folder))
    assert identity_of(str(folder)) is None
    file = folder / ".hidden"
    file.touch()
    assert is_reachable(str(folder)) and not is_emptied(str(folder))
    assert not is_emptied(str(file))  # which is no folder


def test_a_closed_folder_counts_as_emptied(public_folder: Path, as_nobody: AsNobody) -> None:
    (public_folder / "closed").mkdir(mode=0o755)
    (public_folder / "closed" / "a.jpg").touch()
    closed = str(public_folder / "closed")
    os.chmod(closed, 0)
    with as_nobody():
        assert is_emptied(closed) and not is_reachable(closed)
        assert identity_of(closed) is None
        assert not is_gone(os.path.join(closed, "a.jpg"))  # nobody can say
        assert is_unplugged(closed, no_drives)


def test_the_identity_tells_a_folder_from_the_next_at_its_path(tmp_path: Path) -> None:
    folder = tmp_path / "drive"
    assert identity_of(str(folder)) is None
    folder.mkdir()
    (folder / "a.jpg").touch()
    before = identity_of(str(folder))
    assert before == (os.stat(folder).st_dev, os.stat(folder).st_ino)
    (folder / "b.jpg").touch()
    assert identity_of(str(folder)) == before
    folder.rename(tmp_path / "old")
    folder.mkdir()
    (folder / "a.jpg").touch()
    assert identity_of(str(folder)) not in (None, before)
    assert identity_of(str(folder / "a.jpg")) is not None  # a file may be empty


def test_an_unplugged_drive_leaves_an_empty_folder_or_none(tmp_path: Path) -> None:
    media = tmp_path / "media"
    drive = media / "usb" / "2019" / "Rome"
    drive.mkdir(parents=True)
    (drive / "a.jpg").touch()
    (media / "other").mkdir()
    (media / "other" / "b.jpg").touch()

    def is_media(folder: str) -> bool:
        return folder == str(media)

    assert not is_unplugged(str(drive), is_media)
    (drive / "a.jpg").unlink()
    assert is_unplugged(str(drive), no_drives)  # it is empty itself
    drive.rmdir()
    assert is_unplugged(str(drive), no_drives)  # the folder above it is empty
    drive.parent.rmdir()
    (media / "usb").rmdir()
    assert is_unplugged(str(drive), is_media)  # its place is gone from among the drives'
    assert not is_unplugged(str(drive), no_drives)  # or it was removed
    assert not is_unplugged(str(media), is_media)


def test_systems_keep_drives_in_a_few_folders() -> None:
    for folder in ("/media", "/media/ann", "/run/media/ann", "/mnt", "/Volumes"):
        assert holds_drives(folder)
    for folder in ("/media/ann/usb1", "/home/ann", "/", "/Volumes/disk"):
        assert not holds_drives(folder)


@pytest.mark.parametrize("kind", [str, os.fsencode])
def test_gone_is_what_no_look_finds(tmp_path: Path, kind: Callable[[str], str | bytes]) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    for name, gone in {"file": False, "link": False, "none": True, "file/x": True}.items():
        assert is_gone(kind(f"{tmp_path}/{name}")) == gone
    assert is_gone(kind(f"{tmp_path}/a\0b"))  # no path that a file can have
