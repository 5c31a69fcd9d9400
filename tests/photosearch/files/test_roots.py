"""Roots: how the folders that were given stand to each other."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from photosearch.files.file import Skipped
from photosearch.files.ignore import NAME, Rules, RulesError
from photosearch.files.roots import root_among, why_unreachable
from photosearch.files.walk import walk


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def rule(folder: Path, *lines: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_root_alone_has_no_others(tmp_path: Path) -> None:
    make(tmp_path, "2019/a.jpg")
    beside = {f"{tmp_path}/2", f"{tmp_path}/2019 b", "/elsewhere"}
    at = root_among(f"{tmp_path}/2019", beside)
    assert (at.outer, at.inner, at.reached) == (None, (), ())
    assert at.rules == Rules()


def test_a_root_that_another_one_comes_to_is_part_of_it(tmp_path: Path) -> None:
    make(tmp_path, "2019/a.jpg", "2019/b.png")
    rule(tmp_path, "*.png", "/2019/c.jpg")
    at = root_among(f"{tmp_path}/2019", {str(tmp_path), f"{tmp_path}/2019"})
    assert at.outer == str(tmp_path)
    assert [item.path for item in walk(at.path, at.rules)] == [f"{tmp_path}/2019/a.jpg"]
    assert root_among(str(tmp_path), {at.path}).reached == (at.path,)


def test_an_ignored_root_has_rules_of_its_own(tmp_path: Path) -> None:
    make(tmp_path, "x.jpg", "2019/a.jpg", "2019/b.png", "2019/in/c.jpg", ".h/d.jpg", ".h/.e.jpg")
    rule(tmp_path, "2019/", "*.png")
    rule(tmp_path / "2019", "in/")
    inner = [".h", ".h/.e.jpg", ".h/d.jpg", "2019", "gone"]
    at = root_among(str(tmp_path), {f"{tmp_path}/{name}" for name in inner})
    assert [os.path.relpath(path, tmp_path) for path in at.inner] == [".h", ".h/.e.jpg", "2019"]
    assert at.outer is None and root_among(f"{tmp_path}/2019", {str(tmp_path)}).outer is None
    names = ["x.jpg", ".h/d.jpg", ".h/.e.jpg", "2019/a.jpg", "2019/b.png"]
    found = [os.path.relpath(item.path, tmp_path) for item in walk(at.path, at.rules, at.inner)]
    assert found == names
    shutil.rmtree(tmp_path / "2019")
    *_, last = walk(at.path, at.rules, at.inner)
    assert last == Skipped(f"{tmp_path}/2019", "folder can't be opened: it is gone")


def test_a_bad_rule_between_two_roots_closes_only_the_inner_one(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b/c/d.jpg", "e/f.jpg")
    rule(tmp_path / "b", "a\\")
    at = root_among(str(tmp_path), {f"{tmp_path}/b/c", f"{tmp_path}/e"})
    assert (at.inner, at.reached) == ((), (f"{tmp_path}/e",))
    with pytest.raises(RulesError) as caught:
        root_among(f"{tmp_path}/b/c", {str(tmp_path)})
    assert why_unreachable(caught.value, f"{tmp_path}/b/c").startswith(
        f"{tmp_path}/b: its {NAME} can't"
    )


def test_the_outermost_root_that_comes_to_a_root_is_its_outer_one(tmp_path: Path) -> None:
    make(tmp_path, "a/b/c/d.jpg")
    rule(tmp_path, "/a/b/")
    known = {str(tmp_path), f"{tmp_path}/a", f"{tmp_path}/a/b", f"{tmp_path}/a/b/c"}
    assert root_among(f"{tmp_path}/a/b", known).outer == f"{tmp_path}/a"
    # The outermost root ignores it, and comes to the roots below it through it alone.
    whole = root_among(str(tmp_path), known)
    assert whole.inner == (f"{tmp_path}/a/b",)
    assert whole.reached == (f"{tmp_path}/a", f"{tmp_path}/a/b/c")


def test_a_single_file_is_part_of_a_folder_that_lists_it(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "notes.txt")
    known = {str(tmp_path)}
    assert root_among(f"{tmp_path}/a.jpg", known).outer == str(tmp_path)
    assert root_among(f"{tmp_path}/notes.txt", known).outer is None  # no photo, but given
    assert root_among(str(tmp_path), {f"{tmp_path}/a.jpg"}).reached == (f"{tmp_path}/a.jpg",)
    assert root_among(str(tmp_path), {f"{tmp_path}/notes.txt"}).inner == (f"{tmp_path}/notes.txt",)


def test_people_are_told_why_a_root_cannot_be_opened() -> None:
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory", "/p")
    assert why_unreachable(missing, "/p") == "no such file or directory"
    assert why_unreachable(ValueError("embedded null byte"), "/p") == "no folder can have that name"
    rules = RulesError("/p", "not a regular file")
    assert why_unreachable(rules, "/p") == f"its {NAME} can't be used: not a regular file"
    assert why_unreachable(rules, "/p/q").startswith("/p: its ")


@pytest.mark.parametrize(
    ("folder", "mark"),
    [("thumbs", ".immich"), ("storage", ".ppstorage"), ("any", "CACHEDIR.TAG"), ("@eaDir", "none")],
)
def test_a_marked_folder_that_a_person_gives_is_walked(
    tmp_path: Path, folder: str, mark: str
) -> None:
    (tmp_path / folder / "deep").mkdir(parents=True)
    (tmp_path / folder / mark).write_bytes(b"Signature: 8a477f597d28d172789f06886806bc55")
    photo = tmp_path / folder / "deep" / "a.jpg"
    photo.write_bytes(b"photo")
    assert list(walk(str(tmp_path))) == []
    at = root_among(str(tmp_path), {str(tmp_path), str(tmp_path / folder)})
    found = [entry.path for entry in walk(at.path, at.rules, at.inner, at.outer)]
    assert found == [str(photo)]
