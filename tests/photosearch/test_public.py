"""What the package names public: all of it is there, and works as the typed examples say."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import captioner
import photosearch
from photosearch import BusyError, ExitCode, Library, LibraryError, UsageError, WatchError
from tests import typed_api
from tests.fakes import FakeDescriber


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "Photos"
    folder.mkdir()
    Image.new("RGB", (20, 10), "blue").save(folder / "sea.png")
    return folder


def test_all_that_is_named_is_there() -> None:
    for package in (photosearch, captioner):
        assert package.__all__ == sorted(package.__all__)
        assert set(package.__all__) <= set(dir(package))
        for name in package.__all__:
            assert getattr(package, name) is not None
        with pytest.raises(AttributeError, match="no attribute"):
            package.nothing  # noqa: B018
    assert photosearch.__version__ == captioner.__version__


def test_naming_the_package_imports_nothing_of_it() -> None:
    code = "import sys, photosearch; print([m for m in sys.modules if 'photosearch.' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_typed_examples_run(photos: Path, tmp_path: Path) -> None:
    with Library(tmp_path / "l.db") as library:
        library.index([photos], load=FakeDescriber, workers=0)
        assert typed_api.index_by_name(library, photos).unchanged == 1
        assert typed_api.index_by_dataclass(library, photos).unchanged == 1
        ((path, score, taken_at),) = typed_api.find(library, "blue")
        assert path == str(photos / "sea.png") and score > 0 and taken_at
        assert typed_api.export(library, tmp_path / "out.csv") == 1
        assert typed_api.keep(library, photos) == (0, 1, "healthy")


def test_errors_are_told_apart(photos: Path, tmp_path: Path) -> None:
    library = Library(tmp_path / "l.db")
    message, code = typed_api.explain(library.stats)
    assert message.startswith("no library: no library at") and code is ExitCode.UNUSABLE
    library.index([photos], load=FakeDescriber, workers=0)
    assert typed_api.explain(lambda: library.edit(photos / "no.png", "x")) == (
        "not in the library: index its folder first",
        ExitCode.USAGE,
    )
    message, code = typed_api.explain(lambda: library.index([photos], batch_size=0))
    assert (message, code) == ("wrong argument: batch_size is 0: 1 is the least", ExitCode.USAGE)
    assert typed_api.explain(library.stats) == ("fine", ExitCode.DONE)


def test_kinds_of_errors() -> None:
    """What 0.1.0 raised is caught as it was."""
    assert issubclass(UsageError, ValueError)
    assert issubclass(BusyError, LibraryError) and issubclass(WatchError, LibraryError)
    error: Any = LibraryError("it is gone", "look elsewhere")
    assert (str(error), error.hint) == ("it is gone: look elsewhere", "look elsewhere")
    assert str(LibraryError("it is gone")) == "it is gone"
