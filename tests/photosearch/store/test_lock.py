"""The lock on a library."""

from pathlib import Path

import pytest

from photosearch.errors import BusyError
from photosearch.store.lock import locked


def test_one_at_a_time(tmp_path: Path) -> None:
    path = str(tmp_path / "library.db")
    with (
        locked(path),
        pytest.raises(BusyError, match="another photosearch is at work"),
        locked(path),
    ):
        pass
    with locked(path):  # it was let go
        pass


def test_another_name_is_no_way_around_it(tmp_path: Path) -> None:
    (tmp_path / "library.db").touch()
    (tmp_path / "link.db").symlink_to("library.db")
    with (
        locked(str(tmp_path / "library.db")),
        pytest.raises(BusyError),
        locked(str(tmp_path / "link.db")),
    ):
        pass
