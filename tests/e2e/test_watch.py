"""Watching as a person does: the real command, real files, and signals."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from photosearch.cli.demo import find_photos

COMMANDS = Path(sys.executable).parent
HINT = "stopped: all finished batches are kept, the same command goes on"


@pytest.fixture
def watching(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts the command; what it writes comes to a file, as one text."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> tuple[subprocess.Popen[bytes], Path]:
        out = tmp_path / f"out{len(begun)}"
        with out.open("wb") as stream:
            process = subprocess.Popen(
                [COMMANDS / "photosearch", "watch", *arguments], env=environment, cwd=tmp_path,
                stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        begun.append(process)
        return begun[-1], out

    yield start
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_for(text: str, out: Path, times: int = 1) -> None:
    end = time.monotonic() + 120
    while out.read_text().count(text) < times:
        assert time.monotonic() < end, out.read_text()
        time.sleep(0.05)


@pytest.mark.slow
def test_photos_are_found_soon_after_they_come(
    watching: Callable[..., Any], run: Callable[..., Any], tmp_path: Path
) -> None:
    photos = tmp_path / "Photos"
    photos.mkdir()
    first, second, *_ = sorted(find_photos())
    shutil.copyfile(first, photos / f"first{first.suffix}")
    db = photos / "library.db"  # in the folder that is watched: its own writes are no changes
    process, out = watching("--db", str(db), "Photos", "nowhere", "--workers", "0")
    wait_for("watching: Ctrl-C ends it\n", out)
    assert (
        f"{tmp_path}/nowhere is gone or empty: its photos stay, waiting for it\n" in out.read_text()
    )

    # Copied slowly: what was read too soon is read again.
    late = photos / "album" / f"second{second.suffix}"
    late.parent.mkdir()
    late.write_bytes(second.read_bytes()[:2000])
    wait_for(f"skipping {late}: ", out)
    late.write_bytes(second.read_bytes())
    wait_for("1 photo captioned in ", out, 2)
    assert run("find", "--paths", "second", db=db).stdout.splitlines()[0] == str(late)

    (photos / ".photosearchignore").write_text("album/\n")
    wait_for("nothing new, 1 unchanged, 1 ignored now and hidden\n", out)
    (photos / ".photosearchignore").unlink()
    wait_for("1 back again\n", out)
    album = late.parent.rename(tmp_path / "elsewhere")  # one event, of the folder alone
    wait_for("1 gone and hidden\n", out)
    before = out.read_text()
    time.sleep(5)
    assert out.read_text() == before and album.exists()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert out.read_text() == f"{before}{HINT}\n"


@pytest.mark.slow
def test_sigterm_ends_it_with_its_own_code(watching: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "Photos").mkdir()
    (tmp_path / "Photos/notes.txt").touch()
    process, out = watching("--db", str(tmp_path / "l.db"), "Photos")
    wait_for("watching: Ctrl-C ends it\n", out)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143
    assert out.read_text() == f"nothing new\nwatching: Ctrl-C ends it\n{HINT}\n"


def test_without_a_folder_it_is_a_usage_error(run: Callable[..., Any], tmp_path: Path) -> None:
    done = run("watch", db=tmp_path / "l.db")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "photosearch: which folder? photosearch watch FOLDER\n"
    assert list(tmp_path.iterdir()) == []
