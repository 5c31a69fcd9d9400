"""A photo outside the library: its vector, to find photos that look like it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from captioner.captioner import Captioner
from captioner.describe.describer import Describer
from captioner.describe.description import Part
from captioner.describe.model_folder import read_image_size, shipped_model
from captioner.describe.quantise import dequantise
from photosearch.errors import UnknownPathError, UsageError, loading_model
from photosearch.photo.decode import decode
from photosearch.photo.picture import UndecodableError
from photosearch.text import display


def vector_of_file(
    path: str,
    load: Callable[[], Describer] | None,
    notify: Callable[[str], None],
    folder: Path | None = None,
) -> np.ndarray:
    """Return the vector of a photo that has no vector in the library, unit length, float32 (D,).

    Args:
        path: of the photo.
        load: returns the describer; None: the captioner of the model.
        notify: called with a line about what takes long.
        folder: of the model; None: the shipped model.

    Raises:
        UsageError: the photo doesn't exist, or it can't be read.
        ModelError: the model can't be loaded.
    """
    if not os.path.exists(path):
        raise UnknownPathError(f"no photo at {display(path)}")
    given = load() if load else None
    with loading_model():
        size = given.image_size if given else read_image_size(folder or shipped_model())
    try:  # before the captioner is loaded: loading takes longer
        pixels = decode(path, size).pixels
    except UndecodableError as error:
        raise UsageError(f"{display(path)}: {error}") from error
    notify(f"{display(path)} is not in the library: looking at it first takes some seconds")
    with loading_model():
        describes = given or Captioner.load(folder, notify=notify)
    (description,) = describes.describe_pixels(pixels[None], (Part.VECTORS,))
    assert description.vector is not None
    return dequantise(np.frombuffer(description.vector, np.int8))
