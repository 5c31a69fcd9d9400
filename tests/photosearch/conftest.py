"""What the tests of photosearch's parts share."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def as_nobody() -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Gives root's rights up within a `with`: root opens and writes everything."""

    @contextlib.contextmanager
    def give_up() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        try:
            os.seteuid(65534)
        except OSError:
            pytest.skip("runs as root, and can't become somebody else")
        try:
            yield
        finally:
            os.seteuid(0)

    return give_up


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that a user other than its owner can enter, unlike tmp_path."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)
