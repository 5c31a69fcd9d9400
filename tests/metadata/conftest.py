"""Shelves of rows, made once for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.metadata.shelf import Shelf
from tests.metadata.table import ROWS


@pytest.fixture(scope="session")
def shelf_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Shelf]]:
    """Return the shelf of a kind of rows."""
    made: dict[str, Shelf] = {}

    def shelf(kind: str) -> Shelf:
        if kind not in made:
            made[kind] = Shelf(ROWS[kind], tmp_path_factory.mktemp(kind))
        return made[kind]

    yield shelf
    for each in made.values():
        each.close()
