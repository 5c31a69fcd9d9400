"""Paths: which lies in which, and how each is spelled."""

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.errors import UsageError
from photosearch.files.paths import (
    absolute,
    is_below,
    outermost,
    paths_of,
    root_of,
    spelled,
    top_of,
    way_to,
)

names = st.lists(st.sampled_from(["a", "b", "ab", "a-b", "a.b", "a b", "A", "é", "\udcff"]))
folders = names.map(lambda names: "/" + "/".join(names[:4]))


def lies_in(path: str, folder: str) -> bool:
    return path != folder and os.path.commonpath([path, folder]) == folder


@given(path=folders, folder=folders)
def test_below_is_what_a_common_path_tells(path: str, folder: str) -> None:
    assert is_below(path, folder) == lies_in(path, folder)


@given(folders)
def test_the_way_to_a_path_is_all_that_lies_above_it(path: str) -> None:
    assert list(way_to(path)) == [*reversed([str(above) for above in Path(path).parents]), path]


@given(st.lists(folders, max_size=8))
def test_outermost_are_those_in_no_other(folders: list[str]) -> None:
    kept = outermost(folders)
    assert set(kept) == {f for f in folders if not any(lies_in(f, other) for other in folders)}
    assert len(set(kept)) == len(kept)
    assert outermost(random.sample(folders, len(folders))) == kept
    assert outermost(kept) == kept


@given(path=folders, roots=st.lists(folders, max_size=4))
def test_a_photo_has_one_outer_root_and_is_below_its_top(path: str, roots: list[str]) -> None:
    root = root_of(path, outermost(roots))
    assert (root is not None) == any(path == root or lies_in(path, root) for root in roots)
    top = top_of(path, outermost(roots))
    if root is None or root == path:
        assert top == os.path.dirname(path)
    else:
        assert top == root and lies_in(path, top)


def test_paths_are_absolute_and_never_empty() -> None:
    assert paths_of(["/a/../b", "//c", "d"]) == ["/b", "/c", os.path.join(os.getcwd(), "d")]
    with pytest.raises(ValueError, match="empty name"):
        absolute("")
    with pytest.raises(TypeError, match="a list of folders"):
        paths_of("/Pictures")
    assert absolute(b"/caf\xe9") == "/caf\udce9"
    for name in ("\0", "/a\0b", b"/a\0b"):
        with pytest.raises(UsageError, match="holds a NUL character"):
            absolute(name)


def test_a_folder_by_another_way_is_the_one_that_is_known(tmp_path: Path) -> None:
    (tmp_path / "disk" / "2019").mkdir(parents=True)
    link, real = str(tmp_path / "Pictures"), str(tmp_path / "disk")
    os.symlink(real, link)
    for known, other in ((link, real), (real, link)):
        for below in ("", "/2019", "/2019/a.jpg", "/gone/b.jpg"):
            assert spelled([other + below, known + below], [known]) == [known + below] * 2
    # By the innermost: the other may leave out what is hidden in it.
    (tmp_path / "disk" / ".old").mkdir()
    for name in ("A", "Z"):
        os.symlink(f"{real}/.old", tmp_path / name)
        assert spelled([f"{real}/.old/a.jpg"], [link, f"{tmp_path}/{name}"]) == [
            f"{tmp_path}/{name}/a.jpg"
        ]
    # One beside it, or above it, is another one.
    assert spelled([f"{tmp_path}/other", str(tmp_path)], [link]) == [
        f"{tmp_path}/other", str(tmp_path),
    ]  # fmt: skip
