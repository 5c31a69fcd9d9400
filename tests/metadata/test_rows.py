"""Each row of the table in each of its formats: what is stored is what was written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.metadata.row import Row
from tests.metadata.shelf import Shelf
from tests.metadata.table import ROWS

CHECKS = [
    pytest.param(kind, row, form, id=f"{kind}/{form}/{row.name}")
    for kind, rows in ROWS.items()
    for row in rows
    for form in row.formats
]


@pytest.mark.parametrize(("kind", "row", "form"), CHECKS)
def test_what_was_written_is_known(
    kind: str, row: Row, form: str, shelf_of: Callable[[str], Shelf]
) -> None:
    shelf = shelf_of(kind)
    if row.args and not shelf.judged:
        pytest.skip("needs ExifTool, which writes this input")
    placed = shelf.placed[row.name, form]
    if shelf.judged:
        misread = shelf.misread(placed)
        assert not misread, f"the input isn't what the row says: {misread} {shelf.complaints}"
    wrong = shelf.wrong(placed)
    assert not wrong, "; ".join(wrong)


@pytest.mark.parametrize("kind", ROWS)
def test_no_two_rows_of_a_kind_have_one_name(kind: str) -> None:
    names = [row.name for row in ROWS[kind]]
    assert len(set(names)) == len(names)
