"""Running the installed commands as a person does: as processes, outside the checkout."""

import ctypes
import os
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photosearch.cli.demo import find_photos

COMMANDS = Path(sys.executable).parent  # of the environment that runs the tests
DEMO_PHOTOS = 12

Run = Callable[..., subprocess.CompletedProcess[str]]

# File names that break programs. Each is a photo in `library`, in a folder named odd.
ODD_NAMES = [
    b"new\nline.jpg", b"tab\there.jpg", b"quote\"and'.jpg", b"escape\x1b[31mred.jpg",
    b"caf\xe9.jpg", "smile😀.jpg".encode(), b"-dash.jpg", b"[bold]markup.jpg",
    b"=1+1.jpg", b" space, comma.jpg",
]  # fmt: skip


@dataclass(frozen=True)
class Indexed:
    """A library that tests only read."""

    db: Path
    photos: Path  # the folder that was indexed
    odd: list[Path]  # the photos in it with odd names
    index: subprocess.CompletedProcess[str]  # the command that made it


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables of a person with an empty home folder: no test touches a real library."""
    dropped = ("PHOTOSEARCH_DB", "PHOTOSEARCH_DEBUG", "FORCE_COLOR", "COLUMNS")
    variables = {name: value for name, value in os.environ.items() if name not in dropped}
    home = tmp_path_factory.mktemp("home")
    return {**variables, "HOME": str(home), "XDG_DATA_HOME": str(home / "data")}


@pytest.fixture(scope="session")
def run(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a command: run("find", "dog", db=FILE, env={...}, ...subprocess.run's options).

    What it wrote comes back as text that loses nothing: bytes that aren't UTF-8 stand
    in it as `os.fsdecode` has them, line ends as they were written.
    """
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(
        *arguments: str | os.PathLike[str],
        program: str = "photosearch",
        db: Path | None = None,
        env: dict[str, str] | None = None,
        **options: Any,
    ) -> subprocess.CompletedProcess[str]:
        command = [str(COMMANDS / program), *(os.fspath(argument) for argument in arguments)]
        variables = {**environment, **({"PHOTOSEARCH_DB": str(db)} if db else {}), **(env or {})}
        defaults = {"cwd": elsewhere, "stdin": subprocess.DEVNULL, "timeout": 300}
        for stream in ("stdout", "stderr"):
            defaults.setdefault(stream, subprocess.PIPE)
        done = subprocess.run(command, env=variables, **{**defaults, **options})
        out, err = (
            (stream or b"").decode("utf-8", "surrogateescape")
            for stream in (done.stdout, done.stderr)
        )
        return subprocess.CompletedProcess(command, done.returncode, out, err)

    return run


@pytest.fixture(scope="session")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Options for `run` that take root's right to open everything from a command."""
    if os.geteuid() != 0:
        return {}
    if sys.platform != "linux":
        pytest.skip("runs as root, who can open everything")
    libc = ctypes.CDLL(None)
    drop_from_bounding_set, override, read_search = 24, 1, 2  # linux/prctl.h, capability.h

    def drop() -> None:
        libc.prctl(drop_from_bounding_set, override, 0, 0, 0)
        libc.prctl(drop_from_bounding_set, read_search, 0, 0, 0)

    closed = tmp_path_factory.mktemp("mortal") / "closed"
    closed.touch(0o000)
    if subprocess.run(["cat", closed], preexec_fn=drop, stderr=subprocess.DEVNULL).returncode == 0:
        pytest.skip("runs as root, and can't drop root's rights")
    return {"preexec_fn": drop}


@pytest.fixture(scope="session")
def bomb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PNG of 900 megapixels in 110 kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    side, bits, grey = 30_000, 1, 0
    packer = zlib.compressobj(9)
    rows = b"\0" * ((side // 8 + 1) * 1000)  # each: which filter, then the pixels
    data = b"".join([packer.compress(rows) for _ in range(side // 1000)] + [packer.flush()])
    header = struct.pack(">IIBBBBB", side, side, bits, grey, 0, 0, 0)
    path = tmp_path_factory.mktemp("bomb") / "bomb.png"
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    assert path.stat().st_size < 200_000
    return path


@pytest.fixture(scope="session")
def library(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    """A library of the demo's photos, photos with odd names, and one with EXIF."""
    folder = tmp_path_factory.mktemp("library")
    photos = folder / "album"
    (photos / "odd").mkdir(parents=True)
    demo = find_photos()
    assert len(demo) == DEMO_PHOTOS
    for photo in demo:
        shutil.copyfile(photo, photos / photo.name)
    _paris().save(photos / "eiffel.jpg", exif=_paris_exif())
    odd = list(_make_odd(photos / "odd"))
    db = folder / "library.db"
    options = ("--device", "cpu", "--batch-size", "3", "--workers", "0", "--threads", "1")
    return Indexed(db, photos, odd, run("index", photos, *options, db=db))


def _make_odd(folder: Path) -> Iterable[Path]:
    for name in ODD_NAMES:
        path = Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))
        try:
            Image.linear_gradient("L").resize((40, 30)).save(path, "JPEG")
        except OSError:  # macOS has only UTF-8 names
            continue
        yield path


def _paris() -> Image.Image:
    return Image.radial_gradient("L").convert("RGB").resize((80, 60))


def _paris_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Fotomat", "Zoom 9"
    exif[0x0132] = "2021:07:14 21:30:00"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (48.0, 51.0, 30.0)  # degrees, minutes, seconds
    gps[3], gps[4] = "W", (2.0, 21.0, 0.0)
    return exif
