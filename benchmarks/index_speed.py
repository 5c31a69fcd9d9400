"""How fast photos are indexed: the whole command, and each stage by itself.

python benchmarks/index_speed.py                 # the 7,000 photos of flickr8k
python benchmarks/index_speed.py --photos 500

Needs PHOTOSEARCH_DATA. The stages are measured one after the other in this process, on
the same photos: decode on one processor, encode and caption with all threads, write.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from photosearch import database, store
from photosearch.decode import Decoded, decode
from photosearch.descriptions import Description as Described
from photosearch.descriptions import use_models
from photosearch.walk import File, walk

BATCH = 32


def whole_command(folder: Path, photos: int, arguments: Sequence[str]) -> float:
    """Return photos a second of `photosearch index`, from its start to its end."""
    command = str(Path(sys.executable).parent / "photosearch")
    with tempfile.TemporaryDirectory() as temporary:
        path = str(Path(temporary, "photosearch.db"))
        started = time.perf_counter()
        subprocess.run([command, "index", "--db", path, *arguments, str(folder)], check=True)
        return photos / (time.perf_counter() - started)


def stages(files: Sequence[File], threads: int | None) -> dict[str, float]:
    """Return photos a second of each stage alone."""
    import torch

    from captioner import Captioner
    from captioner.description import Description

    if threads:
        torch.set_num_threads(threads)
    captioner = Captioner.load(device="cpu")
    captioner.describe_pixels(np.zeros((BATCH, 224, 224, 3), np.uint8))  # warm up
    seconds = dict.fromkeys(("decode", "encode", "caption", "tag", "embed", "write"), 0.0)
    with tempfile.TemporaryDirectory() as temporary:
        connection = database.open_for_writing(str(Path(temporary, "photosearch.db")))
        run = store.start_run(connection)
        models = use_models(connection, run, captioner.name, captioner.fingerprints)
        for batch in batches(files):
            clock = time.perf_counter()

            def lap(stage: str) -> None:
                nonlocal clock
                now = time.perf_counter()
                seconds[stage] += now - clock
                clock = now

            decoded = [decode(file.path, captioner.image_size) for file in batch]
            lap("decode")
            pixels = np.stack([photo.pixels for photo in decoded])
            grid = captioner.encode(pixels)
            lap("encode")
            captions = captioner.caption_grid(grid)
            lap("caption")
            tags = captioner.tag_grid(grid, pixels)
            lap("tag")
            vectors = captioner.embed_grid(grid)
            lap("embed")
            found = [
                Description(said, tagged, *vector)
                for said, tagged, vector in zip(captions, tags, vectors, strict=True)
            ]
            store.write_batch(connection, run, models, rows(batch, decoded, found), [])
            lap("write")
        connection.close()
    return {stage: len(files) / spent for stage, spent in seconds.items()}


def batches(files: Sequence[File]) -> Iterator[list[File]]:
    """Yield files, a batch at a time."""
    rest = iter(files)
    while batch := list(itertools.islice(rest, BATCH)):
        yield batch


def rows(
    files: Sequence[File], decoded: Sequence[Decoded], descriptions: Sequence[Described]
) -> list[store.Photo]:
    """Put together what is written of each photo."""
    return [
        store.Photo(
            file, os.path.dirname(file.path), photo.format, photo.width, photo.height,
            photo.metadata, found,
        )
        for file, photo, found in zip(files, decoded, descriptions, strict=True)
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=os.environ.get("PHOTOSEARCH_DATA"))
    parser.add_argument("--photos", type=int, help="only so many")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    if options.data is None:
        parser.error("set PHOTOSEARCH_DATA or give --data")
    folder = Path(options.data) / "flickr8k" / "images"
    files = [entry for entry in walk(str(folder)) if isinstance(entry, File)]
    files = files[: options.photos]
    arguments = [f"--{name}={getattr(options, name)}" for name in ("threads", "workers")
                 if getattr(options, name) is not None]  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        chosen = folder
        if options.photos:
            chosen = Path(temporary)
            for file in files:
                (chosen / Path(file.path).name).symlink_to(file.path)
        figures = {"whole command": whole_command(chosen, len(files), arguments)}
    figures |= stages(files, options.threads)
    print(f"{len(files):,} photos, {os.cpu_count()} processors; photos a second:")
    for name, value in figures.items():
        print(f"  {name:<14} {value:>9.1f}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
