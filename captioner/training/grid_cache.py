"""The cache of encoded photos: training reads each photo's pixels only once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from captioner.networks.encoder import Encoder
from captioner.training.pixels import PLAIN, load

Progress = Callable[[int, int], None]  # done, total


def encode_files(
    images: Sequence[Path],
    encoder: Encoder,
    cache: Path,
    *,
    view: int = PLAIN,
    batch_size: int = 32,
    progress: Progress = lambda done, total: None,
) -> np.ndarray:
    """Return the grids of photos; only photos that the cache lacks are encoded.

    After a kill, the next run goes on where the first stopped. If a photo, the network or the
    weights change, there is a new cache file.

    Args:
        images: files to encode.
        encoder: in evaluation mode.
        cache: folder for the features.
        view: how the photos are seen, see `captioner.training.pixels.load`.
        batch_size: photos encoded between two writes.
        progress: called with the number of encoded photos.

    Returns:
        Region features, float16, memory-mapped read-only, (photos, R, C).

    Raises:
        OSError: a photo can't be read.
    """
    config = encoder.config
    shape = (len(images), config.regions, config.channels)
    stem = cache / _fingerprint(images, encoder, view)
    file, mark = stem.with_suffix(".f16"), stem.with_suffix(".done")
    cache.mkdir(parents=True, exist_ok=True)
    done = int(mark.read_text()) if mark.exists() and file.exists() else 0
    grids = np.memmap(file, np.float16, "r+" if done else "w+", shape=shape)
    for start in range(done, len(images), batch_size):
        part = images[start : start + batch_size]
        pixels = np.stack([load(image, config.image_size, view) for image in part])
        with torch.inference_mode():
            grids[start : start + len(part)] = encoder(torch.from_numpy(pixels)).half().numpy()
        grids.flush()
        mark.write_text(str(start + len(part)))
        progress(start + len(part), len(images))
    return np.memmap(file, np.float16, "r", shape=shape)


def _fingerprint(images: Sequence[Path], encoder: Encoder, view: int) -> str:
    digest = hashlib.sha256(json.dumps([repr(encoder.config), view]).encode())
    for image in images:
        stat = image.stat()
        digest.update(f"{image.name} {stat.st_size}\n".encode())
    for weight in encoder.state_dict().values():
        digest.update(np.ascontiguousarray(weight.numpy()).tobytes())
    return f"{digest.hexdigest()[:16]}-{view}"
