"""A job: what is done once, what in each run, and what a person can't ask for."""

import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import captioner
from captioner import Captioner, EngineError
from captioner.describe.describer import Describer
from captioner.describe.description import PARTS
from photosearch import Library, UsageError
from photosearch.indexing.config import DescribeOptions, IndexOptions, WatchOptions
from photosearch.indexing.job import Job, job
from photosearch.indexing.model import Given
from photosearch.photo.decode import MAX_PIXELS
from tests.fakes import FakeDescriber


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "Photos"
    folder.mkdir()
    for colour in ("red", "blue"):
        Image.new("RGB", (20, 10), colour).save(folder / f"{colour}.png")
    (folder / "bad.png").write_bytes(b"bad")
    return folder


def counting(describer: FakeDescriber) -> tuple[Callable[[], Describer], list[int]]:
    """Give a describer; each call is noted."""
    calls: list[int] = []

    def load() -> Describer:
        calls.append(1)
        return describer

    return load, calls


def test_force_and_retry_are_done_once(photos: Path, tmp_path: Path) -> None:
    load, calls = counting(FakeDescriber())
    Library(tmp_path / "l.db").index([photos], load=load, workers=0)
    options = IndexOptions(workers=0, force=True, retry=True, exclude=["red.png"])
    work = Job(str(tmp_path / "l.db"), options, Given(load))
    first, later = work.run([str(photos)]), work.run([str(photos)])
    assert (first.captioned, first.failed, first.ignored) == (1, 1, 1)
    assert (later.captioned, later.failed, later.failed_before, later.unchanged) == (0, 0, 1, 1)
    assert len(calls) == 2  # this job's model was loaded once


def test_what_was_asked_for_is_done_after_a_run_that_failed(photos: Path, tmp_path: Path) -> None:
    tellers: list[FakeDescriber] = []

    def load() -> Describer:
        if not tellers:
            tellers.append(FakeDescriber())
            raise RuntimeError("no memory")
        return tellers[0]

    Library(tmp_path / "l.db").index([photos], load=FakeDescriber, workers=0)
    work = Job(str(tmp_path / "l.db"), IndexOptions(workers=0, force=True), Given(load))
    with pytest.raises(RuntimeError, match="no memory"):
        work.run([str(photos)])
    assert work.run([str(photos)]).captioned == 2


def test_upgrade_makes_anew_what_another_model_made(photos: Path, tmp_path: Path) -> None:
    path = str(tmp_path / "l.db")
    Library(path).index([photos], load=FakeDescriber, workers=0)
    newer = dict.fromkeys(PARTS, "2")
    load, _ = counting(FakeDescriber(fingerprints=newer))
    work = Job(path, IndexOptions(workers=0, upgrade=True), Given(load, newer))
    assert work.run([str(photos)]).captioned == 2
    again = work.run([str(photos)])
    assert (again.captioned, again.unchanged, again.outdated) == (0, 2, 0)


@pytest.mark.parametrize("work", ["index", "watch"])
def test_upgrade_with_a_describer_of_ones_own_is_refused(
    photos: Path, tmp_path: Path, work: str
) -> None:
    library = Library(tmp_path / "l.db")
    with pytest.raises(UsageError, match="upgrade compares with the shipped model"):
        getattr(library, work)([photos], load=FakeDescriber, upgrade=True)
    assert not (tmp_path / "l.db").exists()


def test_watching_upgrades(photos: Path, tmp_path: Path) -> None:
    """The first run of the shipped model tells what an older one described."""
    library = Library(tmp_path / "l.db")
    library.index([photos], load=FakeDescriber, workers=0)
    summary, _ = next(iter(library.watch([photos], workers=0, config=WatchOptions(quiet=0))))
    assert (summary.captioned, summary.unchanged, summary.outdated) == (0, 2, 2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"engine": "steam"}, "steam"),
        ({"device": "abacus"}, "abacus"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"workers": -1}, "workers is -1"),
        ({"threads": 0}, "threads is 0"),
        ({"file_timeout": 0.05}, "file_timeout is 0.05: 0.1 is the least"),
        ({"max_pixels": 10}, "max_pixels is 10: 100000 is the least"),
    ],
)
def test_what_cannot_be_used_is_told_before_anything_is_made(
    photos: Path, tmp_path: Path, values: dict[str, Any], message: str
) -> None:
    library = Library(tmp_path / "l.db")
    for work in (library.index, library.watch):
        with pytest.raises(UsageError, match=message):
            work([photos], **values)
    assert not (tmp_path / "l.db").exists()


def test_an_unknown_name_is_a_type_error(photos: Path, tmp_path: Path) -> None:
    library = Library(tmp_path / "l.db")
    for work in (library.index, library.watch):
        with pytest.raises(TypeError, match="unknown option 'batchsize'"):
            work([photos], batchsize=3)


def test_a_single_pattern_is_a_type_error(photos: Path, tmp_path: Path) -> None:
    """Its letters would be taken for patterns: the star excludes all."""
    library = Library(tmp_path / "l.db")
    for work in (library.index, library.watch):
        with pytest.raises(TypeError, match=r"a list of patterns is wanted: exclude=\['\*.jpg'\]"):
            work([photos], exclude="*.jpg")
    assert not (tmp_path / "l.db").exists()


def test_values_come_over_options_and_those_over_the_defaults() -> None:
    start = IndexOptions(workers=3, retry=True)
    values = {"workers": 0, "retry": None, "threads": 2, "batch_size": 5}
    work = job("l.db", start, DescribeOptions(), FakeDescriber, lambda text: None, values)
    assert work.options == IndexOptions(workers=0, retry=True, batch_size=5)
    assert work.options.max_pixels == MAX_PIXELS


def test_a_shipped_model_without_fingerprints_is_told(tmp_path: Path) -> None:
    """In a process that has a copy of the captioner, with a damaged model."""
    source = Path(captioner.__file__).parent
    shutil.copytree(source, tmp_path / "captioner", ignore=shutil.ignore_patterns("models"))
    model = tmp_path / "captioner" / "models" / "default"
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    script = """
        from photosearch import ModelError
        from photosearch.indexing.job import job
        from photosearch.indexing.outside import vector_of_file
        for work in (
            lambda: job("l.db", None, None, None, print, {}),
            lambda: vector_of_file(".", None, print),
        ):
            try:
                work()
            except ModelError as error:
                print(int(error.exit_code), error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    hint = "pip install --force-reinstall photosearch"
    line = f"3 config.json in {model} can't be read: {hint}\n"
    assert done.stdout == 2 * line, done.stderr


@pytest.mark.parametrize(
    ("engine", "device", "words"),
    [
        ("tensorflow", "auto", "choose auto, torch, onnx, openvino"),
        ("onnx", "cuda", "runs on the processor"),
        ("auto", "tpu", "unknown device"),
    ],
)
def test_a_wrong_choice_is_told_even_where_there_is_no_photo_to_describe(
    tmp_path: Path, engine: str, device: str, words: str
) -> None:
    with pytest.raises(EngineError, match=words):
        Captioner.load(engine=engine, device=device)
    library = Library(tmp_path / "library.db")
    for work in (library.index, library.watch):
        with pytest.raises(UsageError, match=words):
            work([tmp_path], engine=engine, device=device)
    assert list(tmp_path.iterdir()) == []
