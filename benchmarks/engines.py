"""A comparison of the engines: their speed, and whether their descriptions are the same.

python benchmarks/engines.py                     # 1,000 photos of Flickr8k dev
python benchmarks/engines.py --photos 200

Needs PHOTOSEARCH_DATA and the extra openvino. Torch, the reference, runs first.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from captioner import Captioner
from captioner.describe.description import Description
from captioner.describe.quantise import dequantise
from captioner.training.data import read_split
from captioner.training.metrics import score
from photosearch.photo.decode import decode

BATCH = 32


def describe(engine: str, pixels: np.ndarray) -> tuple[list[Description], float]:
    """Return descriptions by one engine, and photos a second."""
    model = Captioner.load(None, engine, "cpu", notify=print)
    model.describe_pixels(pixels[:BATCH])  # warm up
    started = time.perf_counter()
    found: list[Description] = []
    for at in range(0, len(pixels), BATCH):
        found.extend(model.describe_pixels(pixels[at : at + BATCH]))
    return found, len(pixels) / (time.perf_counter() - started)


def caption(description: Description) -> str:
    assert description.captions is not None
    return description.captions[0].text


def vectors(descriptions: Sequence[Description]) -> np.ndarray:
    """Return vectors as they are stored, (photos, D)."""
    rows = [np.frombuffer(d.vector or b"", np.int8) for d in descriptions]
    return dequantise(np.stack(rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--photos", type=int, default=1000)
    options = parser.parse_args()
    data = os.environ.get("PHOTOSEARCH_DATA") or parser.error("set PHOTOSEARCH_DATA")
    split = read_split(Path(data) / "flickr8k", "dev")
    images = list(split.images)[: options.photos]
    names = [image.name for image in images]
    references = {name: split.references()[name] for name in names}
    pixels = np.stack([decode(str(image), 224).pixels for image in images])
    reference, speed = describe("torch", pixels)
    print("| engine | photos/s | same captions | CIDEr-D | cosine | same tags |")
    print("|---|---|---|---|---|---|")
    for engine in ("torch", "onnx", "openvino"):
        found, rate = (reference, speed) if engine == "torch" else describe(engine, pixels)
        pairs = list(zip(found, reference, strict=True))
        same = np.mean([caption(a) == caption(b) for a, b in pairs])
        said = dict(zip(names, map(caption, found), strict=True))
        cider = score(said, references)["CIDEr-D"]
        cosine = np.mean(np.sum(vectors(found) * vectors(reference), 1))
        tags = np.mean([
            [t.text for t in a.tags or ()] == [t.text for t in b.tags or ()] for a, b in pairs
        ])  # fmt: skip
        columns = [engine, f"{rate:.1f}", f"{same:.1%}", f"{100 * cider:.2f}"]
        print(f"| {' | '.join([*columns, f'{cosine:.5f}', f'{tags:.1%}'])} |", flush=True)


if __name__ == "__main__":
    main()
