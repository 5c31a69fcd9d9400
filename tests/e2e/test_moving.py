"""Photos that moved, as the commands tell it."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from photosearch.cli.demo import find_photos

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.slow  # a dozen processes
def test_photos_keep_their_words_wherever_they_go(run: Run, tmp_path: Path) -> None:
    photos, db = tmp_path / "Pictures", tmp_path / "l.db"
    (photos / "Rome").mkdir(parents=True)
    first, second = find_photos()[:2]
    one = Path(shutil.copy(first, photos / "Rome"))
    shutil.copy(second, photos)
    assert run("index", photos, "--workers", "0", "--threads", "1", db=db).returncode == 0
    assert run("edit", one, "what only I know", db=db).returncode == 0

    # None of these needs the captioner, and so none of them imports torch.
    (photos / "Rome").rename(photos / "Roma")
    moved = run("index", db=db)
    assert (moved.returncode, moved.stdout, moved.stderr) == (0, "1 moved, 1 unchanged\n", "")
    shutil.copy(photos / "Roma" / one.name, photos / "copy.jpg")
    copied = run("index", db=db)
    assert (copied.returncode, copied.stdout) == (0, "1 copy, 2 unchanged\n")
    assert run("find", "only I know", "--min-score=0.9", "--paths", db=db).stdout.count("\n") == 2

    disk = tmp_path / "disk"
    photos.rename(disk)
    gone = run("index", db=db)
    assert gone.returncode == 3 and "can't be opened: no such file or directory" in gone.stderr
    mistyped = run("relocate", photos, tmp_path / "disc", db=db)
    assert (mistyped.returncode, mistyped.stdout) == (2, "")
    assert mistyped.stderr.endswith("disc is not a folder: nothing was changed\n")
    unknown = run("relocate", tmp_path / "nowhere", disk, db=db)
    assert unknown.returncode == 2
    assert unknown.stderr.endswith("nowhere is not in the library\n")
    (tmp_path / "other").mkdir()
    other = run("relocate", photos, tmp_path / "other", db=db)
    assert other.returncode == 2
    assert other.stderr.endswith("other under the same name: nothing was changed\n")
    told = run("relocate", photos, disk, db=db)
    assert (told.returncode, told.stderr) == (0, "3 photos relocated\n")
    assert run("index", db=db).stdout == "nothing new, 3 unchanged\n"
    found = run("find", "only I know", "--min-score=0.9", "--paths", db=db).stdout.splitlines()
    assert sorted(found) == sorted(map(str, [disk / "Roma" / one.name, disk / "copy.jpg"]))

    # A folder that is there but empty may be the place of a drive that isn't.
    disk.rename(tmp_path / "unplugged")
    disk.mkdir()
    empty = run("index", db=db)
    assert empty.returncode == 3 and "is a drive unplugged?" in empty.stderr
    assert (
        run("find", "only I know", "--min-score=0.9", "--paths", db=db).stdout.splitlines() == found
    )
