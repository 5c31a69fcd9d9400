"""Watching: bursts become one run, what doesn't matter none, and a missing folder loses nothing."""

import errno
import os
import shutil
import sys
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.errors import BusyError, WatchError
from photosearch.files.ignore import NAME
from photosearch.indexing.config import WatchOptions
from photosearch.indexing.watch import (
    Watcher,
    by_watchfiles,
    concerned,
    follow,
    matters,
    watch,
)

CONFIG = WatchOptions(quiet=2, longest=60, retry=10)


@dataclass
class Play:
    """Changes at given seconds, the clock that shows them, and the runs that come of them."""

    roots: list[str]
    changes: dict[int, set[str]]
    until: int = 200
    busy: range = range(0)  # when another process is indexing
    now: int = 0
    runs: list[tuple[int, list[str]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def ticks(self) -> Iterator[set[str]]:
        for second in range(self.until):
            self.now = second
            yield self.changes.get(second, set())

    def index(self, roots: list[str]) -> int:
        if self.now in self.busy:
            raise BusyError("another one is at work")
        self.runs.append((self.now, roots))
        return len(self.runs)

    def run(self) -> list[tuple[int, list[str]]]:
        outcomes = watch(
            self.roots, self.index, self.ticks(), self.notes.append, CONFIG, lambda: self.now
        )
        assert list(outcomes) == list(range(1, len(self.runs) + 1))
        return self.runs


@pytest.fixture
def two(tmp_path: Path) -> list[str]:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").touch()
    return [f"{tmp_path}/a", f"{tmp_path}/b"]


# When to index


def test_all_is_indexed_first_and_then_only_what_is_concerned(two: list[str]) -> None:
    a, b = two
    assert Play(two, {30: {f"{b}/x.jpg"}, 50: {a, f"{b}/y.jpg"}, 90: {"/else"}}).run() == [
        (0, [a, b]),
        (32, [b]),
        (52, [a, b]),
    ]


def test_a_burst_is_one_run_after_it_or_after_the_longest_wait(two: list[str]) -> None:
    a = two[0]
    short = {second: {f"{a}/{second}.jpg"} for second in range(10, 20)}
    assert Play(two, short).run()[1:] == [(21, [a])]
    # While it goes on and on, there is a run each minute.
    long = {second: {f"{a}/{second}.jpg"} for second in range(10, 150)}
    assert Play(two, long).run()[1:] == [(70, [a]), (131, [a]), (151, [a])]


@given(st.dictionaries(st.integers(0, 150), st.sets(st.sampled_from("ab"), min_size=1)))
def test_no_change_is_lost_or_waits_too_long(changes: dict[int, set[str]]) -> None:
    roots = {name: os.path.dirname(__file__) + end for name, end in [("a", ""), ("b", "/../store")]}
    named = {second: {roots[name] for name in names} for second, names in changes.items()}
    play = Play(list(roots.values()), named, until=300)
    runs = play.run()
    for second, paths in named.items():
        for path in paths:
            assert any(second <= at <= second + 60 and path in found for at, found in runs)
    moments = [at for at, _ in runs]
    assert moments == sorted(set(moments)) and len(runs) <= len(changes) + 1


def test_another_indexer_is_waited_for_with_one_line(two: list[str]) -> None:
    play = Play(two, {5: {f"{two[0]}/x.jpg"}}, busy=range(0, 35))
    assert play.run() == [(40, two)]
    assert play.notes == ["another one is at work; trying again every 10 s"]


def test_what_is_gone_or_empty_is_not_indexed(two: list[str]) -> None:
    a, b = two
    (Path(b) / "1.jpg").unlink()
    assert Play([a, b, f"{a}/nowhere"], {9: {f"{b}/1.jpg"}}).run() == [(0, [a])]


def test_folders_are_concerned_by_what_lies_in_them() -> None:
    assert concerned({"/a/b/c", "/ab"}, ["/a", "/a/b", "/b"]) == {"/a", "/a/b"}
    assert concerned({"/x"}, ["/", "/x", "/xy"]) == {"/", "/x"}


# What matters


def test_what_can_change_the_library_matters(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    library = f"{tmp_path}/photos.db"
    yes = ["a.jpg", "b/A.HEIC", "b/a.jpg.xmp", "new", NAME, f"b/{NAME}", "b/CACHEDIR.TAG", "moved"]
    yes += ["new/c.jpg.json", "new/c.json", "new/C.jpg.suppl.json", "thumbs/.immich"]
    (tmp_path / "new" / "c.jpg").touch()
    no = ["new/d.jpg.json", "new/package.json", "b/a.jpg.json", "new/c.mp4"]
    no += ["a.txt", ".a.jpg", ".git/a.jpg", "@eaDir/a.jpg", "b/node_modules/c/a.jpg", "unknown"]
    no += [f"photos.db{end}" for end in ("", "-wal", "-shm", "-journal", "-lock")]
    (tmp_path / "a.txt").touch()
    for names, expected in [(yes, True), (no, False)]:
        for name in names:
            path = f"{tmp_path}/{name}"
            told = matters(path, [str(tmp_path)], library, lambda path: path.endswith("moved"))
            assert told == expected, name
    assert matters(str(tmp_path), [str(tmp_path)], library, lambda path: False)
    assert not matters("/elsewhere/a.jpg", [str(tmp_path)], library, lambda path: True)
    hidden = f"{tmp_path}/.hidden"  # given all the same
    assert matters(f"{hidden}/a.jpg", [str(tmp_path), hidden], library, lambda path: False)


# Folders that come and go


@dataclass
class Script:
    """A watcher that tells what it is told to, and what it was asked to watch."""

    steps: Sequence[Callable[[], set[str]]]
    asked: list[list[str]] = field(default_factory=list)
    at: int = 0

    def __call__(self, folders: Collection[str], poll: bool) -> Generator[set[str], None, None]:
        self.asked.append(list(folders))
        while self.at < len(self.steps):
            self.at += 1
            yield self.steps[self.at - 1]()
        raise StopWatching


class StopWatching(Exception):
    """The script is at its end."""


def told(paths: list[str], watcher: Watcher, notes: list[str]) -> list[set[str]]:
    changes: list[set[str]] = []
    with pytest.raises(StopWatching):
        for changed in follow(
            paths,
            notes.append,
            lambda path: not path.endswith(".txt"),
            watcher,
            sleep=lambda s: None,
        ):
            changes.append(changed)
    return changes


def test_only_what_matters_is_told(two: list[str]) -> None:
    script = Script([lambda: {"x.jpg", "x.txt"}, set, lambda: {"x.txt"}])
    assert told(two, script, []) == [{"x.jpg"}, set(), set()]
    assert script.asked == [two]


def test_a_folder_that_goes_is_told_once_and_indexed_when_it_is_back(two: list[str]) -> None:
    a, b = two

    def remove() -> set[str]:
        shutil.rmtree(b)
        return {f"{b}/1.jpg"}

    def empty() -> set[str]:  # as the place of an unplugged drive
        Path(b).mkdir()
        return set()

    def fill() -> set[str]:
        (Path(b) / "2.jpg").touch()
        return set()

    notes: list[str] = []
    script = Script([set, remove, set, empty, set, fill, set, set])
    changes = told(two, script, notes)
    assert changes == [set(), {f"{b}/1.jpg"}, set(), set(), set(), set(), {b}, set()]
    assert script.asked == [[a, b], [a], [a, b]]
    assert notes == [
        f"{b} is gone or empty: its photos stay, waiting for it",
        f"{b} is there again",
    ]


def test_a_folder_that_is_replaced_is_watched_anew(two: list[str]) -> None:
    a, b = two

    def replace() -> set[str]:
        os.rename(b, f"{b}-old")
        shutil.copytree(a, b)
        return set()

    script = Script([replace, set, set])
    assert told(two, script, []) == [set(), {b}, set()]
    assert script.asked == [two, two]


def test_without_any_folder_it_waits(tmp_path: Path) -> None:
    naps = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            (tmp_path / "a").mkdir()
            (tmp_path / "a/1.jpg").touch()

    script, notes = Script([set, set]), list[str]()
    changes = follow([f"{tmp_path}/a"], notes.append, lambda path: True, script, sleep=nap)
    found = [next(changes) for _ in range(5)]
    assert found == [set(), set(), {f"{tmp_path}/a"}, {f"{tmp_path}/a"}, set()]
    assert len(naps) == 3 and len(notes) == 2


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OSError("OS file watch limit reached. about [...]"), "fs.inotify.max_user_watches"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "or use --poll"),
        (OSError("something else\nat length"), "something else; try --poll"),
    ],
)
def test_folders_that_cannot_be_watched_are_one_line_of_advice(
    two: list[str], error: OSError, advice: str
) -> None:
    def broken(folders: Collection[str], poll: bool) -> Generator[set[str], None, None]:
        raise error
        yield set()

    told: list[str] = []
    with pytest.raises(WatchError, match=advice) as caught:
        next(follow(two, told.append, lambda path: True, broken))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.skipif(sys.platform == "darwin", reason="has only UTF-8 names")
def test_a_name_that_is_no_text_ends_nothing(two: list[str]) -> None:
    notes: list[str] = []
    changes = follow(two, notes.append, lambda path: True, by_watchfiles)
    next(changes)
    Path(os.fsdecode(os.path.join(os.fsencode(two[0]), b"caf\xe9.jpg"))).touch()
    for _ in range(20):
        if set(two) <= next(changes):  # what may have been missed is looked at
            break
    else:
        pytest.fail("nothing was told")
    assert [note for note in notes if "isn't UTF-8" in note] == notes != []
    assert next(changes) == set()  # and it goes on


def test_a_link_to_a_folder_above_ends_nothing(two: list[str]) -> None:
    Path(two[0], "loop").symlink_to(two[0])
    notes: list[str] = []
    changes = follow(two, notes.append, lambda path: True, by_watchfiles, poll=True)
    assert next(changes) in (set(), set(two))
    next(changes)
    assert [note for note in notes if "a link to a folder above it" in note] == notes != []


@pytest.mark.parametrize("poll", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_watchfiles_tells_of_changes_in_new_folders_too(two: list[str], poll: bool) -> None:
    events = by_watchfiles(two, poll)
    next(events)  # watching has begun
    path = Path(two[1]) / "new" / "2.jpg"
    path.parent.mkdir()
    path.touch()
    told: set[str] = set()
    for _ in range(20):
        told |= next(events)
        if told & {str(path), str(path.parent)}:
            break
    events.close()
    assert told & {str(path), str(path.parent)}
