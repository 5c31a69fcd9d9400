"""How fast photos are indexed: the whole command, each stage alone, and CLIP instead.

python benchmarks/index_speed.py --large 1000    # photos of 12 megapixels
python benchmarks/index_speed.py                 # the 7,000 photos of flickr8k
python benchmarks/index_speed.py --photos 500 --engine onnx

Needs PHOTOSEARCH_DATA. The large photos are made from small ones: enlarged to 4,000 by
3,000 pixels, with noise like a sensor's, JPEG quality 92. A stage is measured alone, on
some of the photos, by the processor time that it takes. CLIP is ViT-B/32's image tower by
open_clip with its own preprocessing and batches of eight; its weights are random, which
changes nothing about its speed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from captioner import Captioner
from captioner.describe.config import BATCH
from captioner.describe.engines import processors
from photosearch.files.file import File
from photosearch.files.walk import walk
from photosearch.photo.decode import Decoded, decode
from photosearch.store import database
from photosearch.store.descriptions import use_models
from photosearch.store.photos import Photo, write_batch
from photosearch.store.runs import start_run

CLIP_BATCH = 8
SIZE = (4000, 3000)


def enlarge(source: str, target: str, seed: int) -> None:
    """Make a photo of 12 megapixels and 3 to 5 MB."""
    dice = np.random.default_rng(seed)
    with Image.open(source) as image:
        large = np.asarray(image.convert("RGB").resize(SIZE, Image.Resampling.BICUBIC), np.int16)
    noise = dice.normal(0, 9, (500, 500, 3)).astype(np.int16)
    height, width = large.shape[:2]
    tiled = np.tile(noise, (height // 500, width // 500, 1))
    tiled = np.roll(tiled, tuple(dice.integers(0, 500, 2)), (0, 1))
    Image.fromarray((large + tiled).clip(0, 255).astype(np.uint8)).save(target, quality=92)


def make_large(sources: Sequence[Path], folder: Path, count: int) -> None:
    """Fill a folder with large photos, as many as are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / f"{number:05}.jpg" for number in range(count)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for number, target in enumerate(targets):
            if not target.exists():
                pool.submit(enlarge, str(sources[number]), str(target), number)


def whole_command(folder: Path, arguments: Sequence[str]) -> tuple[float, float, float]:
    """Run `photosearch index`; return wall and processor seconds and peak megabytes."""
    command = str(Path(sys.executable).parent / "photosearch")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as temporary:
        path = str(Path(temporary, "photosearch.db"))
        started = time.perf_counter()
        process = subprocess.Popen([command, "index", "--db", path, *arguments, str(folder)])
        peak = [0.0]
        watcher = threading.Thread(target=_watch, args=(process, peak), daemon=True)
        watcher.start()
        if process.wait():
            raise RuntimeError(f"index ended with {process.returncode}")
        seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, used, peak[0]


def _watch(process: subprocess.Popen[bytes], peak: list[float]) -> None:
    """Add up the memory that the processes of a command hold for themselves, now and then."""
    while process.poll() is None:
        peak[0] = max(peak[0], sum(map(_own_megabytes, [process.pid, *_children(process.pid)])))
        time.sleep(0.5)


def _children(number: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{number}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        found += children + [grandchild for child in children for grandchild in _children(child)]
    return found


def _own_megabytes(number: int) -> float:
    try:  # proportional set size: what is shared counts once
        lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def stages(files: Sequence[File], engine: str) -> dict[str, float]:
    """Return processor milliseconds a photo of each stage alone."""
    model = Captioner.load(None, engine, "cpu", notify=print)
    model.describe_pixels(np.zeros((BATCH, model.image_size, model.image_size, 3), np.uint8))
    decoded: list[Decoded] = []
    found: list[Photo] = []
    temporary = tempfile.TemporaryDirectory()
    connection = database.open_for_writing(str(Path(temporary.name, "photosearch.db")))

    def decode_all() -> None:
        decoded.extend(decode(file.path, model.image_size) for file in files)

    def describe() -> None:
        for at in range(0, len(files), BATCH):
            part = slice(at, at + BATCH)
            pixels = np.stack([photo.pixels for photo in decoded[part]])
            said = model.describe_pixels(pixels)
            for file, photo, description in zip(files[part], decoded[part], said, strict=True):
                found.append(
                    Photo(
                        file, str(Path(file.path).parent), photo.format, photo.width,
                        photo.height, photo.exif, description,
                    )
                )  # fmt: skip

    def write() -> None:
        run = start_run(connection)
        models = use_models(connection, run, model.name, model.fingerprints)
        for at in range(0, len(found), BATCH):
            write_batch(connection, run, models, found[at : at + BATCH], [])

    with temporary, contextlib.closing(connection):
        return {
            "decode": _processor_ms(decode_all, len(files)),
            "describe": _processor_ms(describe, len(files)),
            "write": _processor_ms(write, len(files)),
        }


def _processor_ms(work: Callable[[], None], photos: int) -> float:
    started = time.process_time()
    work()
    return 1000 * (time.process_time() - started) / photos


def clip(paths: Sequence[str]) -> float:
    """Return photos a second of CLIP ViT-B/32, once loaded."""
    import open_clip
    import torch

    model, _, preprocess = open_clip.create_model_and_transforms("ViT-B-32")
    model.eval()
    started = 0.0
    with torch.inference_mode():
        # The first batch warms up.
        for at in range(0, len(paths), CLIP_BATCH):
            if at == CLIP_BATCH:
                started = time.perf_counter()
            images = []
            for path in paths[at : at + CLIP_BATCH]:
                with Image.open(io.BytesIO(Path(path).read_bytes())) as image:
                    images.append(preprocess(image.convert("RGB")))
            model.encode_image(torch.stack(images), normalize=True)
    return (len(paths) - CLIP_BATCH) / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--photos", type=int, default=7000, help="small photos")
    parser.add_argument("--large", type=int, default=0, help="large photos instead")
    parser.add_argument("--sample", type=int, default=160, help="photos for a stage and for CLIP")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--keep", type=Path, help="folder for large photos, used again")
    parser.add_argument("--clip", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("arguments", nargs="*", help="passed on to photosearch index")
    options = parser.parse_args()
    if options.clip:
        print(clip(options.clip))
        return
    data = os.environ.get("PHOTOSEARCH_DATA") or parser.error("set PHOTOSEARCH_DATA")
    images = sorted((Path(data) / "flickr8k" / "images").iterdir())
    arguments = ["--engine", options.engine, *options.arguments]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if options.large:
            folder = options.keep or folder
            make_large(images, folder, options.large)
        else:
            for image in images[: options.photos]:
                (folder / image.name).symlink_to(image)
        files = [file for file in walk(str(folder)) if isinstance(file, File)]
        for file in files:  # into the disk cache
            Path(file.path).read_bytes()
        megabytes = sum(file.size for file in files) / len(files) / 1e6
        print(f"{len(files):,} photos of {megabytes:.2f} MB", flush=True)
        whole_command(Path(files[0].path), arguments)  # exports the networks if need be
        seconds, used, peak = whole_command(folder, arguments)
        sample = files[: options.sample]
        alone = stages(sample, options.engine)
        paths = [file.path for file in sample]
        rival = subprocess.run(
            [sys.executable, __file__, "--clip", *paths],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    rate, other = len(files) / seconds, float(rival.stdout.split()[-1])
    for stage, milliseconds in alone.items():
        print(f"{stage:9} {milliseconds:7.2f} ms of one processor a photo")
    least = sum(alone.values()) * len(files) / 1000 / processors()
    print(f"whole     {rate:7.1f} photos/s, {used / seconds:.2f} processors busy, {peak:.0f} MB")
    print(f"          {seconds / least:7.2f} times the stages' time over all processors")
    print(f"CLIP      {other:7.1f} photos/s; photosearch is {rate / other:.1f} times as fast")


if __name__ == "__main__":
    main()
