"""Shards: photos ready for training, in few files that are easily carried to another machine.

A shard is a ZIP file without compression. It holds `000000.webp`, `000001.webp`, ...: photos as the
square that the encoder takes; and `photos.jsonl`, a line for each photo: name, source, role, split
and texts. `shards.json` lists the shards with their hashes. All of it opens with everyday tools.
"""

from __future__ import annotations

import hashlib
import io
import json
import multiprocessing
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from captioner.describe.engines import processors
from captioner.errors import DataError
from captioner.training.pixels import load
from captioner.training.sources import Photo, Role

INDEX, LIST = "shards.json", "photos.jsonl"
GROUP = 64  # photos that a thread or a process takes at once
_OVERHEAD = 256  # bytes of a photo's entries in a ZIP file, at most, beside pixels and texts
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the date of every member: equal photos give equal bytes

Progress = Callable[[int, int], None]  # done, total


@dataclass(frozen=True)
class PackConfig:
    """How photos are packed."""

    image_size: int = 224  # side of the squares, in pixels
    quality: int = 90  # of WebP; docs/explained/training.md says what it costs
    most_bytes: int = 56 * 2**20  # of a shard


def pack(
    photos: Sequence[tuple[Photo, Path]],
    out: Path,
    config: PackConfig | None = None,
    progress: Progress = lambda done, total: None,
) -> None:
    """Write photos as shards. If the folder has a part of these shards, go on after it.

    Args:
        photos: with their files, see `captioner.training.sources.read_source`.
        out: the folder of the shards.
        config: how to pack.
        progress: called with the photos packed.

    Raises:
        DataError: a photo can't be read, or the folder holds shards of other photos.
    """
    config = config or PackConfig()
    out.mkdir(parents=True, exist_ok=True)
    index = {**asdict(config), "photos": _fingerprint(photos), "total": len(photos)}
    shards = _begun(out, index)
    done = sum(shard["photos"] for shard in shards)
    encoded = _encoded(photos[done:], config)
    waiting = next(encoded, None)
    while waiting is not None:
        name = f"shard-{len(shards):04}.zip"
        writer = _Writer(out / name, config.most_bytes)
        while waiting is not None and writer.add(*waiting):
            done += 1
            progress(done, len(photos))
            waiting = next(encoded, None)
        shards.append({"name": name, "photos": len(writer.lines), "sha256": writer.close()})
        _write_index(out, {**index, "shards": shards})


class _Writer:
    """A shard that is being written."""

    def __init__(self, file: Path, most: int) -> None:
        self.file = file
        self.most = most
        self.new = file.with_suffix(".new")
        self.lines: list[str] = []
        self.bytes = 0
        self.archive = zipfile.ZipFile(self.new, "w")

    def add(self, photo: Photo, webp: bytes) -> bool:
        """Add a photo, and return True; a full shard stays as it is, and returns False.

        Raises:
            DataError: the photo alone is larger than a shard.
        """
        line = json.dumps(asdict(photo), ensure_ascii=False) + "\n"
        size = len(webp) + len(line.encode()) + _OVERHEAD
        if self.bytes + size > self.most:
            if not self.lines:
                raise DataError(f"{photo.source}/{photo.name} is larger than a shard")
            return False
        self._write(_member(len(self.lines)), webp)
        self.lines.append(line)
        self.bytes += size
        return True

    def close(self) -> str:
        """Finish the shard, and return its hash. A kill before leaves no shard of this name."""
        self._write(LIST, "".join(self.lines).encode())
        self.archive.close()
        self.new.replace(self.file)
        return _hash(self.file)

    def _write(self, name: str, content: bytes) -> None:
        member = zipfile.ZipInfo(name, _EPOCH)
        member.external_attr = 0o644 << 16
        self.archive.writestr(member, content)


def _member(place: int) -> str:
    return f"{place:06}.webp"


def _hash(file: Path) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _fingerprint(photos: Sequence[tuple[Photo, Path]]) -> str:
    digest = hashlib.sha256()
    for photo, file in photos:
        digest.update(json.dumps([asdict(photo), file.stat().st_size]).encode())
    return digest.hexdigest()[:16]


def _begun(out: Path, index: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the shards that a folder has already.

    Raises:
        DataError: they are of other photos, or packed in another way.
    """
    if not (out / INDEX).exists():
        return []
    present = _read_index(out)
    shards: list[dict[str, Any]] = present.pop("shards")
    if present != index:
        raise DataError(f"{out} holds shards of other photos", "choose another --out")
    return shards


def _write_index(out: Path, index: dict[str, Any]) -> None:
    new = out / f"{INDEX}.new"
    new.write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    new.replace(out / INDEX)


def _encoded(
    photos: Sequence[tuple[Photo, Path]], config: PackConfig
) -> Iterator[tuple[Photo, bytes]]:
    """Yield photos with their squares as WebP, in order."""

    def encode(item: tuple[Photo, Path]) -> tuple[Photo, bytes]:
        photo, file = item
        try:
            pixels = load(file, config.image_size)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise DataError(f"{file} can't be read: {error}") from error
        content = io.BytesIO()
        Image.fromarray(pixels).save(content, "WEBP", quality=config.quality, method=4)
        return photo, content.getvalue()

    with ThreadPoolExecutor(processors()) as pool:
        for start in range(0, len(photos), GROUP):  # in groups: not all wait in memory
            yield from pool.map(encode, photos[start : start + GROUP])


@dataclass(frozen=True)
class Shards:
    """The shards of a folder: whole, all there, and compared with their hashes."""

    folder: Path
    image_size: int
    photos: tuple[Photo, ...]
    places: tuple[tuple[str, int], ...]  # of each photo: its shard, and its number there

    @classmethod
    def open(cls, folder: Path) -> Shards:
        """Read which photos the shards of a folder hold, after a check of all bytes.

        Raises:
            DataError: the folder holds no shards or not all of them, or a shard is damaged: then
                its first damaged photo is named.
        """
        index = _read_index(folder)
        photos: list[Photo] = []
        places: list[tuple[str, int]] = []
        for shard in index["shards"]:
            file = folder / shard["name"]
            _check(file, shard["sha256"])
            with zipfile.ZipFile(file) as archive:
                lines = _lines(archive)
            photos += [_photo(line) for line in lines]
            places += [(shard["name"], place) for place in range(len(lines))]
        if len(photos) != index["total"]:
            raise DataError(
                f"{folder} holds {len(photos)} of {index['total']} photos",
                "give the same `captioner pack` command again",
            )
        return cls(folder, index["image_size"], tuple(photos), tuple(places))

    def decode(
        self,
        chosen: Sequence[int] | None = None,
        workers: int | None = None,
        progress: Progress = lambda done, total: None,
    ) -> np.ndarray:
        """Return the pixels of photos, uint8 RGB (N, S, S, 3).

        Args:
            chosen: numbers of photos; by default all.
            workers: processes; by default one for each processor. Threads would not help: Pillow
                decodes one WebP at a time.
            progress: called with the photos decoded.

        Raises:
            DataError: a photo is damaged.
        """
        numbers = range(len(self.photos)) if chosen is None else chosen
        side = self.image_size
        pixels = np.empty((len(numbers), side, side, 3), np.uint8)
        groups = [numbers[start : start + GROUP] for start in range(0, len(numbers), GROUP)]
        tasks = [(self.folder, [self.places[n] for n in group]) for group in groups]
        workers = min(workers or processors(), len(tasks))
        if workers <= 1:
            self._collect(pixels, map(_decode, tasks), progress)
            return pixels
        context = multiprocessing.get_context("spawn")  # torch's threads don't survive a fork
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            self._collect(pixels, pool.map(_decode, tasks), progress)
        return pixels

    def _collect(self, pixels: np.ndarray, parts: Iterator[np.ndarray], progress: Progress) -> None:
        done = 0
        for part in parts:
            pixels[done : done + len(part)] = part
            done += len(part)
            progress(done, len(pixels))


def _lines(archive: zipfile.ZipFile) -> list[str]:
    return archive.read(LIST).decode().removesuffix("\n").split("\n")


def _photo(line: str) -> Photo:
    found = json.loads(line)
    texts, role = tuple(found.pop("texts")), Role(found.pop("role"))
    return Photo(**found, texts=texts, role=role)


def _read_index(folder: Path) -> dict[str, Any]:
    file = folder / INDEX
    if not file.is_file():
        raise DataError(f"no shards in {folder}: {INDEX} is missing")
    try:
        index: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if {"shards", "image_size", "photos", "total"} <= index.keys():
            return index
    except (ValueError, AttributeError):
        pass
    raise DataError(f"{file} is damaged")


def _check(file: Path, sha256: str) -> None:
    """Compare a shard with its hash.

    Raises:
        DataError: the shard is missing or damaged.
    """
    if not file.is_file():
        raise DataError(f"{file} is missing")
    if _hash(file) == sha256:
        return
    where = ""
    try:
        with zipfile.ZipFile(file) as archive:
            member = archive.testzip()
            if member and member != LIST:
                photo = _photo(_lines(archive)[int(member.partition(".")[0])])
                where = f" (photo {photo.source}/{photo.name})"
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, IndexError, TypeError):
        pass  # too damaged to name a photo
    raise DataError(f"{file} is damaged{where}", "copy it again")


def _decode(task: tuple[Path, list[tuple[str, int]]]) -> np.ndarray:
    """Return the pixels of photos, uint8 RGB (N, S, S, 3), in their order."""
    folder, places = task
    found: list[np.ndarray] = []
    archives: dict[str, zipfile.ZipFile] = {}
    try:
        for shard, place in places:
            if shard not in archives:
                archives[shard] = zipfile.ZipFile(folder / shard)
            try:
                content = archives[shard].read(_member(place))
                with Image.open(io.BytesIO(content), formats=("WEBP",)) as image:
                    found.append(np.asarray(image.convert("RGB")))
            except (zipfile.BadZipFile, OSError, ValueError) as error:
                raise DataError(f"photo {place} in {folder / shard} is damaged") from error
    finally:
        for archive in archives.values():
            archive.close()
    return np.stack(found)
