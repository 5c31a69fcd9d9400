"""ExifTool (https://exiftool.org): writes what rows say, and judges what files say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

_UTF_8 = ("-charset", "filename=utf8", "-charset", "iptc=utf8", "-charset", "exif=utf8")
Tags = Mapping[str, Any]  # values by group and tag: IFD0:Artist


def is_here() -> bool:
    """Return whether ExifTool is installed; it must be in CI."""
    if shutil.which("exiftool"):
        return True
    if os.environ.get("CI"):
        pytest.fail("CI needs ExifTool: apt-get install libimage-exiftool-perl")
    return False


def write(orders: Iterable[tuple[Path, Sequence[str]]], folder: Path) -> str:
    """Write metadata into files with one process; a sidecar that isn't there is made.

    Args:
        orders: files, each with the arguments that write into it.
        folder: for the list of the arguments.

    Returns:
        What ExifTool complains about.
    """
    lines: list[str] = []
    for path, args in orders:
        target = [str(path)] if path.exists() else ["-o", str(path)]
        lines += [*args, *target, "-execute"]
    listed = folder / "arguments"
    listed.write_text("\n".join(lines), "utf-8")
    common = ("-common_args", "-n", "-q", "-m", "-overwrite_original", *_UTF_8)
    done = subprocess.run(
        ["exiftool", "-@", str(listed), *common], capture_output=True, check=False
    )
    return done.stderr.decode("utf-8", "replace")


def read(folder: Path) -> dict[Path, Tags]:
    """Read all files below a folder with one process."""
    command = ["exiftool", "-j", "-n", "-G1", "-r", "-q", "-q", "-ee", "-x", "System:all", *_UTF_8]
    command += ["-ext", "*", str(folder)]
    done = subprocess.run(command, capture_output=True, check=False)
    records = json.loads(done.stdout or "[]")
    return {Path(record.pop("SourceFile")): record for record in records}


def says(files: Iterable[Tags], tag: str, wanted: object) -> bool:
    """Return whether any of some files has a tag with this value."""
    values = [_texts(wanted)]
    return any(_texts(tags[tag]) in values for tags in files if tag in tags)


def _texts(value: object) -> list[str]:
    return [_text(each) for each in (value if isinstance(value, list | tuple) else [value])]


def _text(value: object) -> str:
    """Return a value as text; JSON may hold a title of digits as a number."""
    try:
        return repr(float(str(value)))
    except ValueError:
        return str(value)
