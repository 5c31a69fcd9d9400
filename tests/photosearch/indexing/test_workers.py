"""Decoding processes: in order, not too far ahead, and no photo can stop the others."""

import importlib
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photosearch.files.file import File
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.workers import Decode, Outcome, decode_all
from photosearch.photo.picture import UndecodableError

HERE = Path(__file__).parent


@pytest.fixture
def decode(monkeypatch: pytest.MonkeyPatch) -> Decode:
    """A decode function that does what a file's name says.

    Spawned processes get this one's import path, so they find the module as well; the
    module of this test they would not find (pytest imports it without a path).
    """
    monkeypatch.syspath_prepend(str(HERE))
    function: Decode = importlib.import_module("decoders").decode_by_name
    return function


def make(folder: Path, names: Iterable[str]) -> list[File]:
    """Write files that hold their number."""
    files = []
    for number, name in enumerate(names):
        path = folder / name
        path.write_text(str(number))
        files.append(File(str(path), 1, 1, 1))
    return files


def assert_decoded(file: File, outcome: Outcome, number: int, size: int = 4) -> None:
    assert not isinstance(outcome, UndecodableError), outcome
    assert outcome.exif.camera == os.path.basename(file.path)
    assert (outcome.width, outcome.height) == (number, number + 1)
    assert outcome.pixels.shape == (size, size, 3)
    assert np.all(outcome.pixels == number)


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def runs(process: int) -> bool:
    """Tell whether a process is there and no zombie that nobody has buried yet."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        if sys.platform == "linux":
            return False
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        return True
    return status.rpartition(")")[2].split()[0] not in "ZX"


def test_without_processes_photos_are_decoded_as_they_are_asked_for(
    tmp_path: Path, decode: Decode
) -> None:
    files = make(tmp_path, ["0", "1", "bad", "3"])
    outcomes = decode_all(files, 4, IndexOptions(workers=0), ahead=lambda: 64, decode=decode)
    for number, (file, outcome) in enumerate(outcomes):
        assert file == files[number]
        if number == 2:
            assert isinstance(outcome, UndecodableError)
            assert str(outcome) == "bad is bad"
        else:
            assert_decoded(file, outcome, number)
        assert len(list(tmp_path.glob("*.seen"))) == number + 1
        assert (tmp_path / f"{os.path.basename(file.path)}.seen").read_text() == str(os.getpid())


@pytest.mark.parametrize("workers", [0, 1])
def test_nothing_to_decode(workers: int) -> None:
    before = {child.pid for child in multiprocessing.active_children()}
    assert list(decode_all([], 4, IndexOptions(workers=workers))) == []
    assert {child.pid for child in multiprocessing.active_children()} <= before


def test_the_order_stays_whoever_is_ready_first(tmp_path: Path, decode: Decode) -> None:
    names = [f"{n}-sleep-{0.3 if n == 0 else 0.01 * (n % 3)}" for n in range(12)]
    names = [name.replace("-sleep", "sleep") for name in names] + ["bad1", "bad2"]
    files = make(tmp_path, names)
    outcomes = list(decode_all(files, 6, IndexOptions(workers=2), ahead=lambda: 5, decode=decode))
    assert [file for file, _ in outcomes] == files
    for number, (file, outcome) in enumerate(outcomes[:-2]):
        assert_decoded(file, outcome, number, size=6)
    assert [str(outcome) for _, outcome in outcomes[-2:]] == ["bad1 is bad", "bad2 is bad"]
    processes = {path.read_text() for path in tmp_path.glob("*.seen")}
    assert len(processes) == 2
    assert str(os.getpid()) not in processes


@pytest.mark.parametrize("ahead", [1, 4])
def test_no_more_than_so_many_are_decoded_ahead(tmp_path: Path, decode: Decode, ahead: int) -> None:
    files = make(tmp_path, [str(number) for number in range(12)])
    outcomes = decode_all(files, 4, IndexOptions(workers=1), ahead=lambda: ahead, decode=decode)
    for asked in range(1, 5):
        next(outcomes)
        wait_until(lambda: len(list(tmp_path.glob("*.seen"))) > ahead + asked, 0.25)  # noqa: B023
        seen = len(list(tmp_path.glob("*.seen")))
        assert asked <= seen <= asked + ahead
    assert len(list(outcomes)) == 8


def test_more_are_decoded_ahead_when_the_batch_has_grown(tmp_path: Path, decode: Decode) -> None:
    files = make(tmp_path, [str(number) for number in range(30)])
    ahead = 2
    outcomes = decode_all(files, 4, IndexOptions(workers=1), lambda: ahead, decode)
    next(outcomes)
    ahead = 20
    next(outcomes)
    assert wait_until(lambda: len(list(tmp_path.glob("*.seen"))) >= 20)
    assert len(list(outcomes)) == 28


def test_a_photo_that_kills_its_process_costs_no_other(tmp_path: Path, decode: Decode) -> None:
    names = ["0", "1", "2-exit", "3", "4-bad", "5", "6-kill", "7", "8"]
    files = make(tmp_path, names)
    outcomes = list(decode_all(files, 4, IndexOptions(workers=2), ahead=lambda: 4, decode=decode))
    assert [file for file, _ in outcomes] == files
    for number, (file, outcome) in enumerate(outcomes):
        if names[number] == "4-bad":
            assert str(outcome) == "4-bad is bad"
        elif number in (2, 6):
            assert isinstance(outcome, UndecodableError)
            assert "crashed" in str(outcome)
        else:
            assert_decoded(file, outcome, number)


def test_the_first_and_the_last_photo_may_kill(tmp_path: Path, decode: Decode) -> None:
    files = make(tmp_path, ["kill", "1", "exit"])
    outcomes = [
        outcome for _, outcome in decode_all(files, 4, IndexOptions(workers=1), decode=decode)
    ]
    assert [isinstance(outcome, UndecodableError) for outcome in outcomes] == [True, False, True]
    assert_decoded(files[1], outcomes[1], 1)


def test_whoever_stops_asking_leaves_no_process(tmp_path: Path, decode: Decode) -> None:
    outcomes = decode_all(
        make(tmp_path, map(str, range(9))), 4, IndexOptions(workers=2), decode=decode
    )
    next(outcomes)
    assert multiprocessing.active_children()
    assert hasattr(outcomes, "close")
    outcomes.close()
    assert wait_until(lambda: not multiprocessing.active_children())


KILLED = """
import multiprocessing, sys, time
sys.path.insert(0, sys.argv[1])
from decoders import decode_by_name
from photosearch.files.file import File
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.workers import decode_all
if __name__ == "__main__":
    files = [File(path, 1, 1, 1) for path in sys.argv[2:]]
    outcomes = decode_all(files, 4, IndexOptions(workers=2), decode=decode_by_name)
    next(outcomes), next(outcomes)
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    time.sleep(60)
"""


def test_workers_die_with_a_killed_parent(tmp_path: Path) -> None:
    """One that is busy, and one that waits."""
    files = make(tmp_path, ["0", "1", "sleep-60"])
    script = tmp_path / "script.py"
    script.write_text(KILLED)
    command = [sys.executable, str(script), str(HERE), *[file.path for file in files]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        workers = [int(word) for word in parent.stdout.readline().split()]
        try:
            assert len(workers) == 2
            assert wait_until((tmp_path / "sleep-60.seen").exists)
            assert all(runs(worker) for worker in workers)
        finally:
            parent.send_signal(signal.SIGKILL)
        parent.wait(10)
    assert wait_until(lambda: not any(runs(worker) for worker in workers))


# As in the package's own docstring: a script without `if __name__ == "__main__"`.
UNGUARDED = """
from captioner.describe.description import Caption, Description
from photosearch import Library

class Describer:
    name, image_size, batch_size = "fake", 8, 32
    fingerprints = {"captions": "c1", "tags": "t1", "vectors": "v1"}
    def describe_pixels(self, pixels, parts):
        return [Description([Caption("a dog", -1.0, 3)], [], b"11111111") for _ in pixels]

Library("library.db").index(["photos"], load=Describer, workers=1)
"""


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["script.py"], ["-"]])
def test_photos_are_not_blamed_for_processes_that_cannot_start(
    tmp_path: Path, arguments: list[str]
) -> None:
    """Spawned processes run the main script again, where it has no guard or is no file.

    Indexing may say what is wrong or work; it must not record good photos as broken.
    """
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (8, 8), "red").save(tmp_path / "photos" / "x.png")
    (tmp_path / "script.py").write_text(UNGUARDED)
    subprocess.run(
        [sys.executable, *arguments],
        input=UNGUARDED, cwd=tmp_path, text=True, capture_output=True, timeout=60,
    )  # fmt: skip
    if (tmp_path / "library.db").exists():
        connection = sqlite3.connect(tmp_path / "library.db")
        assert connection.execute("SELECT reason FROM failures").fetchall() == []
        connection.close()


def test_workers_import_no_model() -> None:
    code = """import sys, photosearch.indexing.workers
print(*{'torch', 'timm', 'onnxruntime', 'safetensors', 'tokenizers'} & {*sys.modules})"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
