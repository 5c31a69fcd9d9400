"""What was passed over: counted for each root, until the root is walked again or is no root."""

import sqlite3

import pytest

from photosearch.store.passed_over import read_passed_over, write_passed_over
from photosearch.store.roots import add_roots, drop_roots
from photosearch.store.statistics import stats


def test_counts_are_those_of_the_last_walk_of_each_root(library: sqlite3.Connection) -> None:
    assert read_passed_over(library) == {} and "passed_over" not in stats(library)
    add_roots(library, ["/p", "/q", "/odd\udcff"])
    assert write_passed_over(library, {"/p": {".psd": 2, "video": 1}, "/q": {"video": 4}})
    assert not write_passed_over(library, {"/p": {".psd": 2, "video": 1}})
    assert write_passed_over(library, {"/p/within": {".psd": 1}})
    assert not write_passed_over(library, {"/p/within": {}})
    write_passed_over(library, {"/odd\udcff": {".jxl": 1}})
    assert read_passed_over(library) == {".psd": 2, "video": 5, ".jxl": 1}
    write_passed_over(library, {"/p": {".psd": 1}, "/odd\udcff": {}})
    assert stats(library)["passed_over"] == {".psd": 1, "video": 4}
    drop_roots(library, ["/q"])
    assert read_passed_over(library) == {".psd": 1}
    write_passed_over(library, {"/p": {}})
    assert library.execute("SELECT count(*) FROM settings").fetchone() == (0,)


@pytest.mark.parametrize("stored", ["'{bad'", "'[1]'", "'{\"/p\": 3}'", "CAST(x'7bff7d' AS TEXT)"])
def test_damaged_counts_count_nothing_and_are_replaced(
    library: sqlite3.Connection, stored: str
) -> None:
    add_roots(library, ["/p"])
    library.execute(f"INSERT INTO settings VALUES ('passed_over', {stored})")
    assert read_passed_over(library) == {}
    assert write_passed_over(library, {"/p": {".psd": 1}})
    assert read_passed_over(library) == {".psd": 1}
