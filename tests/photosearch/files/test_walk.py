"""Walking: which photos are found, in which order, and that no tree can break it."""

import contextlib
import inspect
import os
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photosearch.files.file import File, PassedOver, Sidecar, Skipped
from photosearch.files.ignore import NAME
from photosearch.files.names import SUFFIXES, VIDEO
from photosearch.files.walk import walk

AsNobody = Callable[[], contextlib.AbstractContextManager[None]]


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def listed(root: Path) -> list[str]:
    """Paths of the photos found, relative to the root; fails when anything was skipped."""
    found = list(walk(str(root)))
    assert [item for item in found if isinstance(item, Skipped)] == []
    return [os.path.relpath(item.path, root) for item in found if isinstance(item, File)]


def skipped(root: Path) -> dict[str, str]:
    found = walk(str(root))
    return {
        os.path.relpath(item.path, root): item.reason for item in found if isinstance(item, Skipped)
    }


def test_photos_are_known_by_their_suffix_in_any_case(tmp_path: Path) -> None:
    names = [f"{suffix[1:]}{suffix}" for suffix in SUFFIXES]
    make(tmp_path, *names, "LOUD.JPG", "Mixed.HeIc", "notes.txt", "movie.mp4", "jpg", "x.jpg.part")
    assert set(listed(tmp_path)) == {*names, "LOUD.JPG", "Mixed.HeIc"}


def test_pictures_and_videos_that_cannot_be_read_are_told_apart(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.PSD", "c/d.mov", "e.txt", ".f.mp4", "@eaDir/g.mp4", "h.mp4", "i.jxl")
    (tmp_path / "j.mp4").mkdir()
    (tmp_path / NAME).write_text("h.mp4\n")
    found = [item for item in walk(str(tmp_path)) if isinstance(item, PassedOver)]
    assert found == [
        PassedOver(f"{tmp_path}/b.PSD", ".psd"),
        PassedOver(f"{tmp_path}/c/d.mov", VIDEO),
        PassedOver(f"{tmp_path}/i.jxl", ".jxl"),
    ]


def test_a_raw_file_beside_its_jpeg_is_one_photo(tmp_path: Path) -> None:
    make(tmp_path, "1.CR2", "1.jpg", "2.dng", "2.heic", "3.nef", "3.png", "4.arw")
    assert set(listed(tmp_path)) == {"1.jpg", "2.heic", "3.nef", "3.png", "4.arw"}
    (tmp_path / "1.jpg").write_bytes(b"")  # gives no photo
    assert {"1.CR2", "1.jpg"} <= set(listed(tmp_path))
    (tmp_path / NAME).write_text("*.heic\n*.jpg\n")
    assert set(listed(tmp_path)) == {"1.CR2", "2.dng", "3.nef", "3.png", "4.arw"}


def test_a_raw_file_beside_a_link_to_a_listed_photo_is_listed(tmp_path: Path) -> None:
    make(tmp_path, "a/cover.dng", "b/best.jpg")
    (tmp_path / "a" / "cover.jpg").symlink_to("../b/best.jpg")
    assert listed(tmp_path) == ["a/cover.dng", "b/best.jpg"]
    make(tmp_path, "a/cover.png", "a/cover.jpeg")  # its own: the RAW file's twin
    assert listed(tmp_path) == ["a/cover.jpeg", "a/cover.png", "b/best.jpg"]


def test_a_bad_link_beside_a_raw_file_costs_nothing_else(tmp_path: Path) -> None:
    make(tmp_path, "x.cr2", "good.jpg", "sub/s.jpg")
    (tmp_path / "x.jpg").symlink_to("x.jpg")
    found = {os.path.relpath(f.path, tmp_path) for f in walk(str(tmp_path)) if isinstance(f, File)}
    assert found == {"x.cr2", "good.jpg", os.path.join("sub", "s.jpg")}
    assert skipped(tmp_path) == {"x.jpg": "broken link"}


def test_order_is_depth_first_by_name(tmp_path: Path) -> None:
    make(tmp_path, "b/2.jpg", "b/10.jpg", "a.jpg", "c.jpg", "b/a/z.jpg", "b.jpg")
    assert listed(tmp_path) == ["a.jpg", "b/10.jpg", "b/2.jpg", "b/a/z.jpg", "b.jpg", "c.jpg"]


def test_a_file_carries_what_its_status_says(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg")
    status = (tmp_path / "a.jpg").stat()
    expected = File(f"{tmp_path}/a.jpg", 1, status.st_mtime_ns, status.st_ino)
    assert list(walk(str(tmp_path))) == [expected]


def test_hidden_and_system_folders_are_passed_over(tmp_path: Path) -> None:
    make(tmp_path, ".hidden.jpg", "._resource.jpg", ".cache/a.jpg", "@eaDir/a.jpg")
    make(tmp_path, "node_modules/a.jpg", "__pycache__/a.jpg", "$RECYCLE.BIN/a.jpg")
    make(tmp_path, "System Volume Information/a.jpg", "lost+found/a.jpg", "seen/a.jpg")
    assert listed(tmp_path) == ["seen/a.jpg"]


def test_the_root_itself_may_be_hidden(tmp_path: Path) -> None:
    make(tmp_path, ".photos/a.jpg")
    assert listed(tmp_path / ".photos") == ["a.jpg"]


def test_a_folder_named_like_a_photo_is_a_folder(tmp_path: Path) -> None:
    make(tmp_path, "album.jpg/a.jpg")
    assert listed(tmp_path) == ["album.jpg/a.jpg"]


def test_names_that_are_not_text_survive(tmp_path: Path) -> None:
    names = [b"caf\xe9.jpg", b"new\nline.jpg", b'tab\t".jpg']
    for name in names:
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_bytes(b"x")
    found = {os.path.basename(os.fsencode(item.path)) for item in walk(str(tmp_path))}
    assert found == set(names)


def test_hundreds_of_levels_need_no_recursion(tmp_path: Path) -> None:
    deep = tmp_path / "/".join(["d"] * 400)
    make(deep, "a.jpg")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 100)
    try:
        found = list(walk(str(tmp_path)))
    finally:
        sys.setrecursionlimit(limit)
    assert [item.path for item in found] == [f"{deep}/a.jpg"]


def test_a_path_longer_than_the_system_allows_is_reported(tmp_path: Path) -> None:
    name = "n" * 200
    handles = [os.open(tmp_path, os.O_RDONLY)]
    for _ in range(25):
        os.mkdir(name, dir_fd=handles[-1])
        handles.append(os.open(name, os.O_RDONLY, dir_fd=handles[-1]))
    make(tmp_path, "z.jpg")
    try:
        *rest, last = walk(str(tmp_path))
        assert last == File(f"{tmp_path}/z.jpg", 1, last.mtime_ns, last.inode)  # type: ignore[union-attr]
        assert [item.reason for item in rest if isinstance(item, Skipped)] != []
        assert all("too long" in item.reason for item in rest if isinstance(item, Skipped))
    finally:
        for handle in handles:
            os.close(handle)


def test_loops_of_links_end_and_list_each_photo_once(tmp_path: Path) -> None:
    make(tmp_path, "a/1.jpg", "b/2.jpg")
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "a/here").symlink_to(".")
    (tmp_path / "a/other").symlink_to("../b")
    (tmp_path / "b/other").symlink_to("../a")
    (tmp_path / "0-alias").symlink_to("b")  # comes first by name: the real path still wins
    assert listed(tmp_path) == ["a/1.jpg", "b/2.jpg"]


def test_links_out_of_the_root_are_followed_once(tmp_path: Path) -> None:
    make(tmp_path, "root/1.jpg", "other/2.jpg", "other/deep/3.jpg", "single.jpg", "data.bin")
    root = tmp_path / "root"
    (root / "album").symlink_to(tmp_path / "other")
    (root / "same-album").symlink_to(tmp_path / "other")
    (root / "part").symlink_to(tmp_path / "other/deep")
    (root / "link.jpg").symlink_to(tmp_path / "single.jpg")
    (root / "named.jpg").symlink_to(tmp_path / "data.bin")
    (root / "data").symlink_to(tmp_path / "data.bin")
    (tmp_path / "other/back.jpg").symlink_to(root / "1.jpg")
    (tmp_path / "other/again.jpg").symlink_to("deep/3.jpg")
    found = ["1.jpg", "album/2.jpg", "album/deep/3.jpg", "link.jpg", "named.jpg"]
    assert listed(root) == found


def test_a_link_to_what_contains_the_root_ends(tmp_path: Path) -> None:
    make(tmp_path, "root/1.jpg", "2.jpg")
    (tmp_path / "root/out").symlink_to(tmp_path)
    (tmp_path / "root/two.jpg").symlink_to(tmp_path / "2.jpg")  # listed below `out` already
    assert listed(tmp_path / "root") == ["1.jpg", "out/2.jpg"]


def test_links_to_photos_in_the_root_are_not_listed_twice(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b/c.jpg")
    (tmp_path / "0.jpg").symlink_to("a.jpg")
    (tmp_path / "b/z.jpg").symlink_to("c.jpg")
    (tmp_path / "chain.jpg").symlink_to("0.jpg")
    assert listed(tmp_path) == ["a.jpg", "b/c.jpg"]


def test_links_to_what_would_not_be_walked_are_followed(tmp_path: Path) -> None:
    """As git-annex keeps photos: each one a link into a hidden folder of the same tree."""
    make(tmp_path, ".git/annex/SHA256--1.jpg", ".store/album/2.jpg", "blob.bin")
    (tmp_path / "a.jpg").symlink_to(".git/annex/SHA256--1.jpg")
    (tmp_path / "album").symlink_to(".store/album")
    (tmp_path / "c.jpg").symlink_to("blob.bin")
    assert listed(tmp_path) == ["a.jpg", "album/2.jpg", "c.jpg"]


def test_hard_links_are_photos_of_their_own(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg")
    (tmp_path / "b.jpg").hardlink_to(tmp_path / "a.jpg")
    assert listed(tmp_path) == ["a.jpg", "b.jpg"]


def test_broken_links_are_reported_if_named_like_photos(tmp_path: Path) -> None:
    (tmp_path / "gone.jpg").symlink_to("nowhere")
    (tmp_path / "self.jpg").symlink_to("self.jpg")
    (tmp_path / "gone").symlink_to("nowhere")
    assert skipped(tmp_path) == {"gone.jpg": "broken link", "self.jpg": "broken link"}


def test_what_is_no_regular_file_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "fifo.jpg")
    (tmp_path / "link.jpg").symlink_to("/dev/null")
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.jpg")
        reasons = skipped(tmp_path)
    assert reasons == dict.fromkeys(["fifo.jpg", "link.jpg", "socket.jpg"], "not a regular file")


def test_what_vanishes_meanwhile_is_reported(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.jpg", "c/d.jpg")
    items = walk(str(tmp_path))
    assert isinstance(next(items), File)
    shutil.rmtree(tmp_path / "c")
    (tmp_path / "b.jpg").unlink()
    assert list(items) == [
        Skipped(f"{tmp_path}/b.jpg", "can't be read: it is gone"),
        Skipped(f"{tmp_path}/c", "can't be read: it is gone"),
    ]


def test_folders_that_may_not_be_opened_are_reported(
    public_folder: Path, as_nobody: AsNobody
) -> None:
    make(public_folder, "a/1.jpg", "locked/2.jpg", "listable/3.jpg", "z.jpg")
    (public_folder / "locked").chmod(0o000)
    (public_folder / "listable").chmod(0o644)  # names can be read, the files can't be reached
    with as_nobody():
        found = list(walk(str(public_folder)))
    assert [item.path for item in found if isinstance(item, File)] == [
        f"{public_folder}/a/1.jpg",
        f"{public_folder}/z.jpg",
    ]
    assert [item for item in found if isinstance(item, Skipped)] == [
        Skipped(f"{public_folder}/listable/3.jpg", "can't be read: permission denied"),
        Skipped(f"{public_folder}/locked", "folder can't be opened: permission denied"),
    ]


def test_a_root_that_may_not_be_opened_raises(public_folder: Path, as_nobody: AsNobody) -> None:
    locked = public_folder / "locked"
    locked.mkdir(mode=0o000)
    with as_nobody(), pytest.raises(PermissionError):
        walk(str(locked))


def test_a_missing_root_raises_at_the_call(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        walk(str(tmp_path / "nowhere"))


def test_a_root_that_is_neither_file_nor_folder_raises(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.jpg")
    with pytest.raises(OSError, match="neither a folder nor a regular file"):
        walk(str(tmp_path / "fifo.jpg"))


@pytest.mark.parametrize("name", ["a.jpg", "scan-without-suffix", ".hidden.jpg"])
def test_a_root_that_is_a_file_is_listed(tmp_path: Path, name: str) -> None:
    make(tmp_path, name)
    assert [item.path for item in walk(f"{tmp_path}/{name}")] == [f"{tmp_path}/{name}"]


def test_a_root_that_is_a_link_is_followed(tmp_path: Path) -> None:
    make(tmp_path, "real/a.jpg")
    (tmp_path / "real/b.jpg").symlink_to("a.jpg")
    (tmp_path / "root").symlink_to("real")
    assert listed(tmp_path / "root") == ["a.jpg"]


def test_paths_start_with_the_root_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "photos/a.jpg")
    monkeypatch.chdir(tmp_path)
    assert [item.path for item in walk("photos")] == ["photos/a.jpg"]
    assert [item.path for item in walk("./photos/")] == ["./photos/a.jpg"]


_names = st.sampled_from(["a", "b.jpg", "C.PNG", "d.txt", ".e.jpg", "f", "@eaDir"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(_names, min_size=1, max_size=4), max_size=12))
def test_finds_what_a_plain_listing_finds(paths: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for parts in paths:
            with contextlib.suppress(OSError):  # a file where a folder is needed, or vice versa
                make(root, "/".join(parts))
        expected = {
            str(path)
            for path in root.rglob("*")
            if stat.S_ISREG(path.stat().st_mode)
            and path.suffix.lower() in SUFFIXES
            and not any(part.startswith((".", "@eaDir")) for part in path.relative_to(root).parts)
        }
        found = [item.path for item in walk(name)]
        assert set(found) == expected
        assert len(found) == len(expected)
        assert found == [item.path for item in walk(name)]


# Sidecars


def sidecars(root: Path) -> dict[str, list[str]]:
    """Names of the sidecars by the names of the photos."""
    files = [found for found in walk(str(root)) if isinstance(found, File)]
    return {
        os.path.basename(f.path): [os.path.basename(sidecar.path) for sidecar in f.sidecars]
        for f in files
    }


def test_sidecars_are_found_however_capitalised(tmp_path: Path) -> None:
    for name in ["a.jpg", "b.JPG", "c.jpg", "d.jpg", "e.jpg", "sub/g.jpg"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ["A.xmp", "B.jpg.XMP", "c.xmp", "c.jpg.xmp", "g.xmp"]:
        (tmp_path / name).touch()
    (tmp_path / "d.xmp").mkdir()
    (tmp_path / "e.jpg.xmp").symlink_to(tmp_path / "nowhere")
    (tmp_path / "e.xmp").touch()
    assert sidecars(tmp_path) == {
        "a.jpg": ["A.xmp"], "b.JPG": ["B.jpg.XMP"], "c.jpg": ["c.jpg.xmp", "c.xmp"],
        "d.jpg": [], "e.jpg": ["e.xmp"], "g.jpg": [],
    }  # fmt: skip
    assert sidecars(tmp_path / "b.JPG") == {"b.JPG": ["B.jpg.XMP"]}


def test_the_sidecars_of_a_pair_belong_to_whichever_file_is_shown(tmp_path: Path) -> None:
    make(tmp_path, "1.CR2", "1.jpg", "1.CR2.xmp", "1.jpg.xmp", "1.xmp", "1.png.xmp")
    found = next(iter(walk(str(tmp_path))))
    assert isinstance(found, File) and found.twin is not None
    names = ["1.jpg.xmp", "1.CR2.xmp", "1.xmp"]
    assert [os.path.basename(sidecar.path) for sidecar in found.sidecars] == names
    assert {*found.twin.sidecars} == {*found.sidecars}
    assert found.twin.sidecars[0].path.endswith("1.CR2.xmp")  # its own first
    assert sidecars(tmp_path / "1.jpg") == {"1.jpg": names}  # given by itself
    (tmp_path / "1.jpg").unlink()
    assert sidecars(tmp_path) == {"1.CR2": ["1.CR2.xmp", "1.jpg.xmp", "1.xmp"]}


def test_a_sidecar_tells_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "a.xmp").touch()
    os.utime(tmp_path / "a.xmp", ns=(1, 10**18))
    (file,) = walk(str(tmp_path))
    assert isinstance(file, File) and file.sidecar_mtime_ns == 10**18
    (alone,) = walk(str(tmp_path / "a.jpg"))
    assert alone == file
    monkeypatch.chdir(tmp_path)
    (relative,) = walk("a.jpg")
    assert isinstance(relative, File)
    assert (relative.path, relative.sidecars) == ("a.jpg", (Sidecar("a.xmp", 10**18),))
