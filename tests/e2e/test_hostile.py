"""A folder with everything that can be wrong with photos, indexed by the command."""

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, features

import photosearch.photo.decode  # noqa: F401  registers HEIF
from photosearch.cli.demo import find_photos
from photosearch.text import display

Run = Callable[..., subprocess.CompletedProcess[str]]
LONGEST_NAME = 255
DEPTH = 64


@dataclass
class Hostile:
    """A folder of good and bad files, and what indexing it twice told."""

    folder: Path
    db: Path
    good: set[Path] = field(default_factory=set)
    bad: dict[Path, str] = field(default_factory=dict)  # what the reason must hold
    before: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    first: subprocess.CompletedProcess[str] | None = None
    second: subprocess.CompletedProcess[str] | None = None


def picture(width: int = 96, height: int = 64) -> Image.Image:
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.dstack([x, y, 255 - x]).astype(np.uint8))


def named(folder: Path, name: bytes) -> Path:
    return Path(os.fsdecode(os.fsencode(folder) + b"/" + name))


def make_good(hostile: Hostile, data_dir: Path | None) -> None:
    folder = hostile.folder

    def save(name: str | bytes, image: Image.Image, kind: str, **options: Any) -> None:
        path = named(folder, name if isinstance(name, bytes) else name.encode())
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            image.save(path, kind, **options)
        except OSError:  # a file system that has only UTF-8 names
            if isinstance(name, bytes):
                return
            raise
        hostile.good.add(path)

    image = picture()
    frames = [picture(48, 48).rotate(angle) for angle in (0, 90, 180)]
    save("cmyk.jpg", image.convert("CMYK"), "JPEG")
    save("grey.jpg", image.convert("L"), "JPEG")
    deep_grey = np.arange(96 * 64, dtype=np.uint16).reshape(64, 96) * 10
    save("16 bit.png", Image.fromarray(deep_grey), "PNG")
    save("16 bit.tif", Image.fromarray(deep_grey), "TIFF")
    save("palette.png", image.convert("P"), "PNG", transparency=3)
    save("bilevel.png", image.convert("1"), "PNG")
    save("transparent.webp", image.convert("RGBA"), "WEBP")
    save("bitmap.bmp", image, "BMP")
    save("animated.gif", frames[0], "GIF", save_all=True, append_images=frames[1:])
    save("animated.png", frames[0], "PNG", save_all=True, append_images=frames[1:])
    save("pages.tiff", frames[0], "TIFF", save_all=True, append_images=frames[1:])
    save("one pixel.png", picture(1, 1), "PNG")
    save("thin.png", picture(3000, 1), "PNG")
    save("really a png.jpg", image, "PNG")
    save("LOUD.JPG", image, "JPEG")
    if "HEIF" in Image.SAVE:
        save("phone.heic", image, "HEIF")
    if features.check("avif"):
        save("modern.avif", image, "AVIF")

    save(b"new\nline.jpg", image, "JPEG")
    save(b"quote\"'`$(reboot).jpg", image, "JPEG")
    save(b"tab\there.jpg", image, "JPEG")
    save(b"controls\x01\x07\x7f\xc2\x9b.jpg", image, "JPEG")
    save(b"escape\x1b]0;gotcha\x07.jpg", image, "JPEG")
    save(b"caf\xe9 \xff\xfe.jpg", image, "JPEG")
    save(b"back\\slash.jpg", image, "JPEG")
    save(b"-rf.jpg", image, "JPEG")
    save("smile 😀👩‍👩‍👧.jpg", image, "JPEG")
    save("override \u202egpj.jpg", image, "JPEG")
    save("x" * (LONGEST_NAME - 4) + ".jpg", image, "JPEG")
    save("composed/é.jpg", image, "JPEG")  # NFC
    save("decomposed/e\u0301.jpg", image, "JPEG")  # NFD
    save("/".join(["deep"] * DEPTH) + "/down.jpg", image, "JPEG")
    for photo in find_photos()[:3]:
        hostile.good.add(Path(shutil.copyfile(photo, folder / photo.name)))
    if data_dir is not None:
        for photo in sorted((data_dir / "photos").iterdir())[:20]:
            hostile.good.add(Path(shutil.copyfile(photo, folder / photo.name)))


def make_bad(hostile: Hostile, bomb: Path) -> None:
    folder, bad = hostile.folder, hostile.bad
    jpeg, coded = io.BytesIO(), io.BytesIO()
    picture().save(jpeg, "JPEG")
    picture().save(coded, "PNG")
    photo, png = jpeg.getvalue(), coded.getvalue()

    def write(name: bytes, data: bytes, reason: str) -> None:
        path = named(folder, name)
        try:
            path.write_bytes(data)
        except OSError:
            return
        bad[path] = reason

    write(b"empty.jpg", b"", "empty")
    write(b"empty.heic", b"", "empty")
    write(b"truncated.jpg", photo[: len(photo) // 2], "truncated")
    write(b"truncated.png", png[: len(png) // 2], "truncated")
    write(b"header only.jpg", photo[:4], "truncated")
    write(b"text.jpg", b"Dear diary, this is no photo.\n" * 50, "not an image")
    write(b"web page.png", b"<!doctype html><title>404</title>" * 50, "not an image")
    write(b"picture.svg.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image")
    write(b"script.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image")
    write(b"noise.tiff", np.random.default_rng(1).bytes(4000), "not an image")
    write(b"noise after magic.png", b"\x89PNG\r\n\x1a\n" + b"\xab" * 900, "damaged|decoded")
    write(b"bad\n\x1b[2Jname.jpg", b"no photo", "not an image")
    write(b"bad \xff bytes.jpg", b"no photo", "not an image")
    write(b"[red]bad[/red] markup.jpg", b"no photo", "not an image")
    bad[Path(shutil.copyfile(bomb, folder / "bomb.png"))] = (
        "900 megapixels are over the limit of 200: --max-pixels allows more"
    )

    closed = folder / "closed folder"
    closed.mkdir()
    (closed / "inside.jpg").write_bytes(photo)
    closed.chmod(0o000)
    bad[closed] = "permission denied"
    write(b"closed.jpg", photo, "permission denied")
    (folder / "closed.jpg").chmod(0o000)

    for name, target in [("dangling.jpg", "nowhere.jpg"), ("itself.jpg", "itself.jpg")]:
        (folder / name).symlink_to(target)
        bad[folder / name] = "broken link"
    os.mkfifo(folder / "pipe.jpg")
    bad[folder / "pipe.jpg"] = "not a regular file"
    with contextlib.chdir(folder), socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.jpg")  # a whole path may be too long for a socket
    bad[folder / "socket.jpg"] = "not a regular file"


def make_silent(hostile: Hostile) -> None:
    """What is neither indexed nor worth a word."""
    folder = hostile.folder
    (folder / "to the top").symlink_to(folder)  # a loop
    (folder / "below").mkdir()
    (folder / "below" / "up").symlink_to("..")
    indexed = min(path.name for path in hostile.good if path.parent == folder)
    (folder / "to a photo.jpg").symlink_to(indexed)  # is indexed where it is
    (folder / "dangling").symlink_to("nowhere")
    (folder / ".hidden.jpg").write_bytes(b"no photo")
    (folder / "notes.txt").write_text("no photo")
    (folder / "film.mp4").write_bytes(b"no photo")  # counted once, in a line of its own
    (folder / "folder.jpg").mkdir()


def snapshot(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Everything about a folder that indexing must not change."""
    found: dict[str, tuple[Any, ...]] = {}
    for parent, folders, files in os.walk(folder):
        for path in [parent, *(os.path.join(parent, name) for name in folders + files)]:
            status = os.lstat(path)
            content: str | None = None
            if stat.S_ISREG(status.st_mode) and os.access(path, os.R_OK):
                content = hashlib.sha256(Path(path).read_bytes()).hexdigest()
            found[path] = (
                status.st_mode, status.st_ino, status.st_nlink, status.st_size,
                status.st_mtime_ns, status.st_ctime_ns, content,
            )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def hostile(
    run: Run,
    mortal: dict[str, Any],
    bomb: Path,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Hostile]:
    if not hasattr(os, "mkfifo"):
        pytest.skip("needs a POSIX system")
    place = tmp_path_factory.mktemp("hostile")
    folder = place / "photos"
    folder.mkdir()
    hostile = Hostile(folder, place / "l.db")
    has_data = "PHOTOSEARCH_DATA" in os.environ or "CI" in os.environ
    make_good(hostile, request.getfixturevalue("data_dir") if has_data else None)
    make_bad(hostile, bomb)
    make_silent(hostile)
    hostile.before = snapshot(folder)
    options = ("--device", "cpu", "--workers", "1", "--threads", "1")
    hostile.first = run("index", folder, *options, db=hostile.db, **mortal)
    imports = {"PYTHONPROFILEIMPORTTIME": "1"}
    hostile.second = run("index", folder, db=hostile.db, env=imports, **mortal)
    yield hostile
    (folder / "closed folder").chmod(0o755)


def shown(path: Path) -> str:
    """A path as a terminal may see it: one line, valid UTF-8, no control characters."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "\ufffd", text)


def skipped(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("skipping ")]


def test_indexing_ends_well(hostile: Hostile) -> None:
    first = hostile.first
    assert first is not None and first.returncode == 0, first
    assert first.stdout.count("\n") == 1
    told = re.match(r"(\d+) photos captioned in .*, (\d+) copies, ", first.stdout)
    assert told is not None
    # The names are odd, but many of the pictures are the same.
    assert int(told[1]) + int(told[2]) == len(hostile.good)
    assert first.stdout.endswith(f", {len(hostile.bad)} can't be read\n")


def test_exactly_the_good_ones_are_captioned(hostile: Hostile) -> None:
    with contextlib.closing(sqlite3.connect(hostile.db)) as db:
        rows = db.execute(
            """SELECT photos.path, captions.text, photos.missing_since FROM photos
               JOIN captions ON photo_id = photos.id AND rank = 0
               JOIN search USING (photo_id)"""
        ).fetchall()
        assert db.execute("SELECT count(*) FROM photos").fetchone() == (len(rows),)
    assert sorted(path for path, _, _ in rows) == sorted(map(os.fsencode, hostile.good))
    assert all(caption.strip() and missing is None for _, caption, missing in rows)


def test_every_bad_one_is_reported_once_with_its_reason(hostile: Hostile) -> None:
    assert hostile.first is not None
    lines = skipped(hostile.first.stderr)
    for path, reason in hostile.bad.items():
        start = f"skipping {shown(path)}: "
        found = [line.removeprefix(start) for line in lines if line.startswith(start)]
        assert len(found) == 1, (path, found)
        assert re.search(reason, found[0]), (path, found)
    assert len(lines) == len(hostile.bad)
    with contextlib.closing(sqlite3.connect(hostile.db)) as db:
        recorded = {path for (path,) in db.execute("SELECT path FROM failures")}
    assert recorded == {os.fsencode(path) for path in hostile.bad}


def test_nothing_else_is_said_and_nothing_that_commands_a_terminal(hostile: Hostile) -> None:
    assert hostile.first is not None
    text = hostile.first.stderr
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    text.encode("utf-8")  # no bytes that aren't UTF-8
    others = [line for line in text.splitlines() if not line.startswith("skipping ")]
    usual = r"[\d,]+ photos to caption|[\d,]+ of [\d,]+ photos, .*/s, .* left"
    assert others.pop() == "passed over: 1 video"
    assert others == [line for line in others if re.fullmatch(usual, line)]


def test_the_second_run_is_silent_and_imports_no_torch(hostile: Hostile) -> None:
    second = hostile.second
    assert second is not None and second.returncode == 0
    summary = f"nothing new, {len(hostile.good)} unchanged, {len(hostile.bad)} can't be read\n"
    assert second.stdout == summary
    lines = second.stderr.splitlines()
    imports = [line for line in lines if line.startswith("import time:")]
    assert lines == imports
    assert any(line.endswith(" photosearch") for line in imports)
    assert not any(re.search(r"\| +(torch|timm)\b", line) for line in imports)


def test_photos_and_their_folder_stay_as_they_were(hostile: Hostile) -> None:
    assert snapshot(hostile.folder) == hostile.before


def test_odd_photos_are_found_again(hostile: Hostile, run: Run) -> None:
    done = run("find", "photos", "-n", "999", "-0", db=hostile.db)
    assert done.returncode == 0
    assert {Path(path) for path in done.stdout.split("\0")[:-1]} == hostile.good
    for word in ("é", "e\u0301", "E"):  # typed either way, both files are found
        found = run("find", word, "-0", db=hostile.db).stdout.split("\0")[:-1]
        names = {os.path.basename(os.path.dirname(path)) for path in found}
        assert {"composed", "decomposed"} <= names, word


@pytest.mark.slow
def test_among_all_that_is_hostile_every_photo_is_captioned(
    run: Run, mortal: dict[str, Any], bomb: Path, data_dir: Path, tmp_path: Path
) -> None:
    hostile = Hostile(tmp_path / "photos", tmp_path / "l.db")
    hostile.folder.mkdir()
    for photo in sorted((data_dir / "photos").iterdir()):
        hostile.good.add(Path(shutil.copyfile(photo, hostile.folder / photo.name)))
    assert len(hostile.good) == 150
    make_bad(hostile, bomb)
    make_silent(hostile)
    try:
        done = run("index", hostile.folder, db=hostile.db, **mortal)
    finally:
        (hostile.folder / "closed folder").chmod(0o755)
    assert done.returncode == 0
    assert done.stdout.startswith("150 photos captioned in ")
    assert done.stdout.endswith(f", {len(hostile.bad)} can't be read\n")
    assert len(skipped(done.stderr)) == len(hostile.bad)
    with contextlib.closing(sqlite3.connect(hostile.db)) as db:
        query = "SELECT count(DISTINCT photo_id) FROM captions"
        assert db.execute(query).fetchone() == (150,)
    listed = json.loads(run("errors", "--json", db=hostile.db).stdout)
    reasons = {failure["path"]: failure["reason"] for failure in listed}
    assert len(listed) == len(reasons) == len(hostile.bad)
    for path, reason in hostile.bad.items():
        assert re.search(reason, reasons[display(str(path))])


@pytest.mark.slow
def test_what_is_mended_is_captioned_and_what_is_gone_is_forgotten(
    hostile: Hostile, run: Run, mortal: dict[str, Any], tmp_path: Path
) -> None:
    folder, db = tmp_path / "photos", tmp_path / "l.db"
    folder.mkdir()
    for name in ("mended.jpg", "removed.jpg", "kept.jpg"):
        (folder / name).write_bytes(b"no photo")
    shutil.copyfile(hostile.folder / "LOUD.JPG", folder / "gone.jpg")
    options = ("--workers", "0", "--threads", "1")
    first = run("index", tmp_path / "nowhere", folder, *options, db=db)
    assert (first.returncode, len(skipped(first.stderr))) == (0, 3)
    assert first.stderr.count("nowhere can't be opened: no such file or directory\n") == 1
    shutil.copyfile(find_photos()[0], folder / "mended.jpg")
    (folder / "removed.jpg").unlink()
    (folder / "gone.jpg").unlink()
    second = run("index", *options, db=db)
    assert (second.returncode, skipped(second.stderr)) == (0, [])
    assert re.fullmatch(
        r"1 photo captioned in .*, 1 can't be read, 1 gone and hidden\n", second.stdout
    )
    assert (
        run("find", "mended", "--min-score=0.9", "-0", db=db).stdout == f"{folder / 'mended.jpg'}\0"
    )
    assert run("find", "gone", "--min-score=0.9", db=db).returncode == 1
    # A folder that can't be opened hides nothing.
    folder.chmod(0o000)
    try:
        third = run("index", db=db, **mortal)
        assert (third.returncode, third.stdout) == (3, "")
    finally:
        folder.chmod(0o755)
    assert run("find", "mended", db=db).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_bomb_is_refused_before_it_takes_memory(run: Run, bomb: Path) -> None:
    script = """
import re, sys
from photosearch.photo.decode import decode
from photosearch.photo.picture import UndecodableError
from photosearch.text import display
def peak():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1])
before = peak()
try:
    decode(sys.argv[1], 224)
except UndecodableError as error:
    print(error)
assert peak() - before < 20_000, (before, peak())
"""
    done = run("-c", script, bomb, program="python", timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "900 megapixels are over the limit of 200: --max-pixels allows more\n"
