"""Decoding: a photo file's upright pixels at the model's size, with its metadata.

It runs in worker processes, so it imports no model.
"""

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BufferedReader

import numpy as np
from numpy.typing import NDArray
from PIL import TiffImagePlugin

from captioner.describe.square import orientation_of, to_square
from photosearch.files.file import File
from photosearch.files.hashing import content_hash
from photosearch.photo.exif import Exif
from photosearch.photo.metadata import picture_metadata, with_sidecar
from photosearch.photo.opened import muted_stderr, opened
from photosearch.photo.picture import (
    UndecodableError,
    load,
    open_picture,
    refuse_planes,
)
from photosearch.photo.raw import is_raw, read_raw
from photosearch.photo.sidecars import UnreadSidecar
from photosearch.photo.user_metadata import NOTHING, UserMetadata

MAX_PIXELS = 200_000_000
"""Photos with more pixels are refused. A pixel takes 4 to 9 bytes of memory, except in JPEGs."""

# Formats whose decoders print: libtiff always, libde265 and dav1d in some builds.
_NOISY = frozenset({"TIFF", "HEIF", "AVIF"})


@dataclass(frozen=True, slots=True)
class Decoded:
    """A photo ready for the model.

    Attributes:
        pixels: Upright, whole picture squashed to a square, RGB, uint8. (size, size, 3)
        width: Of the original, upright, in pixels.
        height: Of the original, upright, in pixels.
        exif: The values of EXIF.
        format: Pillow's name of the file format: JPEG, PNG, HEIF, ..., or RAW.
        user_metadata: What people wrote into the file and its sidecar.
        content_hash: Of the whole file; see `photosearch.files.hashing`.
        unread_sidecar: The sidecar beside the file if it can't be read, else None.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    exif: Exif
    format: str
    user_metadata: UserMetadata = NOTHING
    content_hash: bytes | None = None
    unread_sidecar: UnreadSidecar | None = None


def decode_file(file: File, size: int, max_pixels: int = MAX_PIXELS) -> Decoded:
    """Decode a photo that a walk found, together with its sidecar.

    The sidecar's metadata go before the file's. If `file` carries its hash, the hash isn't computed
    again.

    Raises:
        UndecodableError: As `decode` does. A sidecar that can't be read raises nothing.
    """
    decoded = decode(file.path, size, max_pixels, file.content_hash)
    user_metadata, unread = with_sidecar(file, decoded.exif, decoded.user_metadata)
    return replace(decoded, user_metadata=user_metadata, unread_sidecar=unread)


def decode(
    path: str, size: int, max_pixels: int = MAX_PIXELS, known_hash: bytes | None = None
) -> Decoded:
    """Decode a photo, turn it upright and squash it to `size` by `size` pixels.

    The content decides about the format, not the name. If a file has several pictures (an
    animation, pages), the first is taken. If the embedded preview of a RAW file is large enough,
    the preview is taken. Transparent parts become white. Nothing is written to stderr.

    Args:
        path: Of the file, which is opened read-only.
        size: Side of the square, in pixels.
        max_pixels: Larger photos are refused by their header, before any pixel is decoded.
        known_hash: Of the whole file; None: it is computed here.

    Raises:
        UndecodableError: The file gives no pixels, for any reason. No other error is raised. If
            the system can't reach the file now, it is an UnreachableError.
    """
    with opened(path) as file:
        return _decode(file, size, max_pixels, known_hash)


def _decode(file: BufferedReader, size: int, max_pixels: int, known_hash: bytes | None) -> Decoded:
    """Decode an open file; raises UndecodableError and any error of a decoder."""
    check = _limit(max_pixels)
    decoded = _decode_raw(file, size, check) if is_raw(file) else None
    decoded = decoded or _decode_picture(file, size, check)
    return replace(decoded, content_hash=known_hash or content_hash(file))


def _limit(max_pixels: int) -> Callable[[int, int], None]:
    """Return a function that refuses pictures with too many pixels or with none."""

    def check(width: int, height: int) -> None:
        if width < 1 or height < 1:
            raise UndecodableError("the picture has no pixels")
        if width * height > max_pixels:
            raise UndecodableError(
                f"{math.ceil(width * height / 1e6)} megapixels are over the limit of "
                f"{max_pixels / 1e6:g}: --max-pixels allows more"
            )

    return check


def _decode_raw(
    file: BufferedReader, size: int, check: Callable[[int, int], None]
) -> Decoded | None:
    """Decode a RAW file; None if the file is no RAW file after all."""
    with muted_stderr(file):
        raw = read_raw(file, size, check)
    if raw is None:
        return None
    pixels = to_square(raw.picture, size, raw.orientation)
    return Decoded(pixels, raw.width, raw.height, raw.exif, "RAW", raw.user_metadata)


def _decode_picture(file: BufferedReader, size: int, check: Callable[[int, int], None]) -> Decoded:
    """Decode a file in a format that Pillow reads."""
    with open_picture(file) as opened:
        image = opened
        check(*image.size)
        width, height = image.size
        name = image.format or ""
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            refuse_planes(image)
        exif, user_metadata = picture_metadata(file, image)
        with muted_stderr(file) if name in _NOISY else contextlib.nullcontext():
            image, is_reduced = load(file, image, size)
        if not is_reduced:
            width, height = image.size  # Pillow turns a TIFF upright while loading it
        orientation = orientation_of(image)
        pixels = to_square(image, size, orientation)
    if orientation >= 5:
        width, height = height, width
    kind = "JPEG" if name == "MPO" else name
    return Decoded(pixels, width, height, exif, kind, user_metadata)
