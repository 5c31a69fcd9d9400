"""What the tests of the store share."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

LIBRARIES = Path(__file__).parent / "libraries"


@pytest.fixture
def frozen(tmp_path: Path) -> Callable[..., Path]:
    """Gives a copy of the library that the code of an earlier schema made."""

    def copy(version: int, name: str = "library.db") -> Path:
        return Path(shutil.copyfile(LIBRARIES / f"schema-{version}.db", tmp_path / name))

    return copy
