"""Damaged files of every format: pixels or one line for each, and the process goes on."""

import io
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, features

from photosearch.files.file import File
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.workers import decode_all
from photosearch.photo.picture import UndecodableError

TIMEOUT = 10.0


def picture(width: int = 96, height: int = 64) -> Image.Image:
    noise = np.random.default_rng(1).integers(0, 60, (height, width, 3))
    x, y = np.meshgrid(np.linspace(0, 190, width), np.linspace(0, 190, height))
    return Image.fromarray((np.dstack([x, y, 190 - x]) + noise).astype(np.uint8))


def written(name: str, image: Image.Image | None = None, **options: Any) -> bytes:
    page = io.BytesIO()
    (image or picture()).save(page, name, **options)
    return page.getvalue()


@pytest.fixture(scope="module")
def originals(dng: Callable[..., bytes]) -> list[bytes]:
    """A good file of every format, and of its most different kinds."""
    exif = Image.Exif()
    exif[0x0112], exif[0x0110] = 6, "X100"
    files = [
        written("JPEG", exif=exif),
        written("JPEG", progressive=True),
        written("JPEG", picture().convert("CMYK")),
        written("MPO", save_all=True, append_images=[picture(40, 40)]),
        written("PNG"),
        written("PNG", picture().convert("P"), transparency=3),
        written("PNG", Image.fromarray(np.arange(6144, dtype=np.uint16).reshape(64, 96))),
        written("WEBP"),
        written("WEBP", picture().convert("RGBA"), lossless=True),
        written("TIFF", exif=exif),
        *(written("TIFF", compression=f"tiff_{kind}") for kind in ("lzw", "jpeg", "adobe_deflate")),
        written("BMP"),
        written("GIF", save_all=True, append_images=[picture()]),
        written("JPEG2000"),
        written("JPEG2000", no_jp2=True),
        dng(picture()),
        dng(picture(), picture(80, 60)),
    ]
    if "HEIF" in Image.SAVE:
        files.append(written("HEIF", exif=exif))
    if features.check("avif"):
        files.append(written("AVIF", exif=exif))
    return files


def mutant(content: bytes, chance: random.Random) -> bytes:
    """Damage a file as disks, networks and attackers do."""
    data = bytearray(content)
    head = min(len(data), 400)  # where lengths and offsets stand
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(data))
        kind = chance.randrange(6)
        if kind == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del data[max(1, at) :]
        elif kind == 2:
            length = chance.randrange(1, 200)
            other = chance.randrange(len(data))
            block, swap = data[at : at + length], data[other : other + length]
            data[at : at + len(block)], data[other : other + len(swap)] = swap, block
        elif kind == 3:
            at = chance.randrange(min(head, len(data)))
            value = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
            data[at : at + chance.choice((1, 2, 4))] = bytes([value]) * chance.choice((1, 2, 4))
        elif kind == 4:
            data[at : at + chance.randrange(1, 64)] = chance.randbytes(chance.randrange(1, 64))
        else:
            data[at:at] = data[at : at + chance.randrange(1, 500)]
    return bytes(data)


def check(folder: Path, originals: list[bytes], count: int, seed: int) -> dict[str, int]:
    """Decode mutants in real processes; count what comes of them."""
    chance, files = random.Random(seed), []
    for number in range(count):
        path = folder / f"{number}.jpg"
        path.write_bytes(mutant(originals[number % len(originals)], chance))
        files.append(File(str(path), 1, 1, 1))
    seen = {"pixels": 0, "refused": 0, "crashed": 0, "too long": 0}
    outcomes = decode_all(files, 48, IndexOptions(workers=2, file_timeout=TIMEOUT))
    for expected in files:
        started = time.monotonic()
        file, outcome = next(outcomes)
        assert time.monotonic() - started < TIMEOUT + 20
        assert file == expected
        if not isinstance(outcome, UndecodableError):
            assert outcome.pixels.shape == (48, 48, 3)
            assert outcome.content_hash is not None
            seen["pixels"] += 1
            continue
        reason = str(outcome)
        assert reason == " ".join(reason.split()) and 0 < len(reason) < 250
        assert reason.isprintable()
        if "crashed" in reason or "longer" in reason:
            print(reason, file.path)
        kind = "crashed" if "crashed" in reason else "too long" if "longer" in reason else "refused"
        seen[kind] += 1
    assert next(outcomes, None) is None
    return seen


def test_undamaged_they_all_decode(tmp_path: Path, originals: list[bytes]) -> None:
    files = []
    for number, content in enumerate(originals):
        (tmp_path / str(number)).write_bytes(content)
        files.append(File(str(tmp_path / str(number)), 1, 1, 1))
    reasons = [
        o
        for _, o in decode_all(files, 48, IndexOptions(workers=0))
        if isinstance(o, UndecodableError)
    ]
    assert reasons == []


def test_damaged_files_end_in_pixels_or_a_reason(tmp_path: Path, originals: list[bytes]) -> None:
    seen = check(tmp_path, originals, 15 * len(originals), seed=1)
    assert sum(seen.values()) == 15 * len(originals)
    assert seen["pixels"] > 20  # else nothing past the headers was reached
    assert seen["refused"] > 20
    assert seen["crashed"] + seen["too long"] <= 2, seen


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_damaged_files_by_the_thousand(tmp_path: Path, originals: list[bytes], seed: int) -> None:
    seen = check(tmp_path, originals, 1300, seed)
    print(seen)
    assert seen["crashed"] + seen["too long"] <= 13, seen
