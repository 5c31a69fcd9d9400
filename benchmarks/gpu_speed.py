"""How fast a device describes photos: each stage alone, together, and the whole command.

python benchmarks/gpu_speed.py                                # CUDA, MPS or the processor
python benchmarks/gpu_speed.py --photos 16384 --most 512
python benchmarks/gpu_speed.py --folder ~/photos              # the whole command, too
python benchmarks/gpu_speed.py --device cpu --photos 64 --graphics

Photos are made up: smooth colours with noise. `--graphics` takes the way of graphics processors on
the processor, too: for a test of this script. A stage on the device ends with one wait for the
device. The stages of the processor are what Python does for each photo meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from captioner.describe.colours import (
    ColourTable,
    ColourWeights,
    colour_table,
    name_colours,
    weigh_colours,
)
from captioner.describe.outputs import CaptionMaker, tags_and_words, vectors_of
from captioner.networks.beam_step import beam_search
from captioner.networks.device_search import DeviceSearch, hypotheses
from captioner.networks.torch_captioner import TorchCaptioner
from captioner.networks.transfer import Download, upload
from photosearch.store import database

# In a process of its own: what a command waits for before it describes.
LOAD = """import sys, time
marks = [time.perf_counter()]
def mark(name):
    marks.append(time.perf_counter())
    print(f"{name} {marks[-1] - marks[-2]:.1f} s", end="; ", flush=True)
import torch
mark("importing torch")
import timm
mark("timm")
from captioner.networks.torch_captioner import TorchCaptioner
mark("captioner")
torch.zeros(1, device=sys.argv[1])
mark("starting the device")
TorchCaptioner.load(sys.argv[2] or None, sys.argv[1])
mark("loading the model")
print()
"""


def made_up(photos: int, size: int) -> np.ndarray:
    """Return photos, uint8 (photos, S, S, 3)."""
    dice = np.random.default_rng(0)
    blocks = dice.integers(0, 256, (photos, 8, 8, 3), np.uint8)
    smooth = blocks.repeat(size // 8, 1).repeat(size // 8, 2)
    noise: np.ndarray = dice.integers(0, 16, (1, *smooth.shape[1:]), np.uint8)
    return np.asarray(smooth // 2 + noise)


def wait(device: torch.device) -> None:
    """Wait until a device has done all its work."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    elif device.type == "mps":
        torch.mps.synchronize()


def rate(work: Callable[[], Any], photos: int, device: torch.device, rounds: int) -> float:
    """Return the photos a second of the fastest of some rounds, after a round to warm up."""
    times = []
    for _ in range(1 + rounds):
        started = time.perf_counter()
        work()
        wait(device)
        times.append(time.perf_counter() - started)
    return photos / min(times[1:])


@torch.inference_mode()
def stages(model: TorchCaptioner, pixels: np.ndarray, rounds: int) -> Iterator[tuple[str, float]]:
    """Yield each stage of describing with its photos a second, for photos that fit at once."""
    device, networks, config, labels = model.device, model.networks, model.config, model.labels
    tagger, words, embedding = networks.tagger, networks.words, networks.embedding
    assert tagger and words and embedding and labels
    shown = upload(pixels, device)
    grid = model.encode(pixels)
    table = ColourTable(*(torch.from_numpy(x).to(device) for x in colour_table(config.colours)))
    maker = CaptionMaker(model.vocabulary, labels.words, config)
    kin = maker.content.kin
    search = DeviceSearch(networks.decoder, config.beam, kin, device)

    def timed(name: str, work: Callable[[], Any]) -> tuple[str, float]:
        return name, rate(work, len(pixels), device, rounds)

    yield timed("device: copy there", lambda: upload(pixels, device))
    yield timed("device: encoder, copy included", lambda: model.encode(pixels))
    yield timed("device: vectors", lambda: embedding(grid))
    yield timed("device: classes and words", lambda: (tagger(grid), words(grid)))
    yield timed("device: colours", lambda: weigh_colours(shown, table, config.colours.step))
    yield timed("device: search", lambda: search(grid))
    yield timed(
        "the search of all engines", lambda: beam_search(networks.decoder, grid, config.beam, kin)
    )
    found = Download(search(grid)._asdict()).arrays()
    vectors, hubness = embedding(grid)
    arrays = Download({
        "classes": tagger(grid), "seen": words(grid),
        "vectors": vectors, "hubness": hubness,
        **weigh_colours(shown, table, config.colours.step)._asdict(),
    }).arrays()  # fmt: skip
    classes, seen = arrays["classes"], arrays["seen"]
    weights = ColourWeights(arrays["names"], arrays["coloured"])
    said = hypotheses(found)
    colours = name_colours(weights, config.colours)
    yield timed("processor: hypotheses", lambda: hypotheses(found))
    yield timed("processor: choice of captions", lambda: maker.captions(said, seen))
    yield timed("processor: colours", lambda: name_colours(weights, config.colours))
    yield timed(
        "processor: tags and words", lambda: tags_and_words(classes, seen, colours, labels, config)
    )
    yield timed("processor: vectors", lambda: vectors_of(arrays["vectors"], arrays["hubness"]))


def whole_command(folder: Path, device: str) -> float:
    """Return how many photos a second `photosearch index` describes, its start included."""
    command = [str(Path(sys.executable).parent / "photosearch"), "index", "--device", device]
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary, "library.db")
        started = time.perf_counter()
        subprocess.run([*command, "--db", str(path), str(folder)], check=True)
        seconds = time.perf_counter() - started
        with contextlib.closing(database.open_for_reading(str(path))) as connection:
            [photos] = connection.execute("SELECT count(*) FROM photos").fetchone()
    return float(photos / seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    parser.add_argument("--model", type=Path, help="a model folder; by default the shipped model")
    parser.add_argument("--photos", type=int, default=8192, help="of describing as a whole")
    parser.add_argument("--most", type=int, default=512, help="photos at once, stage by stage")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--graphics", action="store_true", help="on the processor, too")
    parser.add_argument("--folder", type=Path, help="photos for the whole command")
    options = parser.parse_args()

    model = TorchCaptioner.load(options.model, options.device, options.bf16)
    subprocess.run(
        [sys.executable, "-c", LOAD, model.device.type, str(options.model or "")], check=True
    )
    if options.graphics:
        model = TorchCaptioner(
            model.networks, model.vocabulary, model.config,
            labels=model.labels, bf16=options.bf16, graphics=True,
        )  # fmt: skip
    device = model.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    print(f"{name}, torch {torch.__version__}; first batch of {model.batch_size} photos")
    pixels = made_up(options.photos, model.image_size)
    print("| stage | photos/s | µs a photo |")
    print("|---|---|---|")

    def show(stage: str, photos: float) -> None:
        print(f"| {stage} | {photos:,.0f} | {1e6 / photos:,.0f} |", flush=True)

    for stage, photos in stages(model, pixels[: options.most], options.rounds):
        show(stage, photos)

    def describe() -> None:
        at = 0
        while at < len(pixels):
            size = model.batch_size
            model.describe_pixels(pixels[at : at + size])
            at += size

    show("describe_pixels, all parts", rate(describe, len(pixels), device, 1))
    if options.folder:
        show("photosearch index, start included", whole_command(options.folder, device.type))
    if device.type == "cuda":
        print(f"most memory: {torch.cuda.max_memory_allocated() / 1e9:.1f} GB")


if __name__ == "__main__":
    main()
