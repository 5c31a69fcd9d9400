"""The roots of a library: the folders that were given to index it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.store.roots import (
    add_roots,
    all_roots,
    as_listed,
    below,
    drop_roots,
    outer_root,
    outer_roots,
    reachable,
)

names = st.lists(st.sampled_from(["a", "b", "ab", "a-b", "a.b", "a b", "A", "é", "\udcff"]))
folders = names.map(lambda names: "/" + "/".join(names[:4]))


def a_library() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE roots (path BLOB PRIMARY KEY, display, added_at)")
    return connection


@pytest.fixture
def library() -> Iterator[sqlite3.Connection]:
    with closing(a_library()) as connection:
        yield connection


def lies_in(path: str, folder: str) -> bool:
    return path != folder and os.path.commonpath([path, folder]) == folder


@given(path=folders, roots=st.lists(folders, max_size=4))
def test_the_outer_root_is_the_outermost_that_is_given(path: str, roots: list[str]) -> None:
    with closing(a_library()) as connection:
        add_roots(connection, roots)
        above = [root for root in roots if path == root or lies_in(path, root)]
        assert outer_root(connection, path) == min(above, key=len, default=None)


@given(roots=st.lists(folders, max_size=6), dropped=st.lists(folders, max_size=3))
def test_roots_are_remembered_once_until_they_are_dropped(
    roots: list[str], dropped: list[str]
) -> None:
    with closing(a_library()) as connection:
        add_roots(connection, roots)
        add_roots(connection, roots[:2])
        drop_roots(connection, dropped)
        left = set(roots) - set(dropped)
        assert sorted(all_roots(connection)) == sorted(left)
        outer = {root for root in left if not any(lies_in(root, other) for other in left)}
        assert set(outer_roots(connection)) == outer


@given(paths=st.lists(folders, max_size=8), root=folders)
def test_what_lies_below_sorts_between_the_bounds(paths: list[str], root: str) -> None:
    low, high = below(root)
    for path in paths:
        assert (low < os.fsencode(path) < high) == lies_in(path, root)


def test_a_root_that_is_gone_or_emptied_is_not_reachable(
    library: sqlite3.Connection, tmp_path: Path
) -> None:
    for name in ("full", "full/inner", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "a.jpg").touch()
    given = [f"{tmp_path}/{name}" for name in ("full", "full/inner", "empty", "gone")]
    add_roots(library, [*given, f"{tmp_path}/full/a.jpg"])
    assert reachable(library) == (f"{tmp_path}/full/",)


def test_a_path_is_listed_below_the_root_that_leads_to_it(
    library: sqlite3.Connection, tmp_path: Path
) -> None:
    (tmp_path / "disk" / "2019").mkdir(parents=True)
    (tmp_path / "Pictures").symlink_to("disk")
    add_roots(library, [f"{tmp_path}/Pictures"])
    assert as_listed(library, tmp_path / "disk" / "2019") == f"{tmp_path}/Pictures/2019"
    assert as_listed(library, "/elsewhere/../a.jpg") == "/a.jpg"
    with pytest.raises(ValueError, match="empty name"):
        as_listed(library, "")
