"""Decode functions for tests, in a module of their own: processes have to import them."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from photosearch.files.file import File
from photosearch.photo.decode import Decoded
from photosearch.photo.exif import Exif
from photosearch.photo.picture import UndecodableError


def decode_by_name(file: File, size: int, max_pixels: int) -> Decoded:
    """Do what a file's name says: exit, kill, bad, or sleep-0.1; then give its content back.

    Leaves a file beside it, so that tests see what was decoded, and where.
    """
    name, content = os.path.basename(file.path), int(Path(file.path).read_text())
    Path(f"{file.path}.seen").write_text(str(os.getpid()))
    if "exit" in name:
        os._exit(3)
    if "kill" in name:
        os.kill(os.getpid(), signal.SIGKILL)
    if "bad" in name:
        raise UndecodableError(f"{name} is bad")
    if "sleep" in name:
        time.sleep(float(name.partition("-")[2]))
    pixels = np.full((size, size, 3), content % 256, np.uint8)
    return Decoded(pixels, content, content + 1, Exif(camera=name), "PNG")
