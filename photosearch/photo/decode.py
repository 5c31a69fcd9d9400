"""Decoding: a photo file's upright pixels at the model's size, with its metadata.

It runs in worker processes, so it imports no model.
"""

import contextlib
import errno
import io
import math
import os
import stat
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import BufferedReader
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import TiffImagePlugin

from captioner.describe.square import orientation_of, to_square
from photosearch.files.file import File
from photosearch.files.hashing import content_hash
from photosearch.photo.embedded import read_embedded
from photosearch.photo.exif import Exif, read_exif
from photosearch.photo.picture import (
    UndecodableError,
    load,
    open_picture,
    refuse_planes,
)
from photosearch.photo.raw import is_raw, read_raw
from photosearch.photo.sidecars import UnreadSidecar, read_sidecars
from photosearch.photo.user_metadata import NOTHING, UserMetadata

MAX_PIXELS = 200_000_000
"""Photos with more pixels are refused. A pixel takes 4 to 9 bytes of memory, except in JPEGs."""

# Formats whose decoders print: libtiff always, libde265 and dav1d in some builds.
_NOISY = frozenset({"TIFF", "HEIF", "AVIF"})

_stderr_lock = threading.Lock()


class UnreachableError(UndecodableError):
    """The file can't be reached now. Its content is not known, so it may be tried again."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A photo ready for the model.

    Attributes:
        pixels: Upright, whole picture squashed to a square, RGB, uint8. (size, size, 3)
        width: Of the original, upright, in pixels.
        height: Of the original, upright, in pixels.
        exif: The values of EXIF.
        format: Pillow's name of the file format: JPEG, PNG, HEIF, ..., or RAW.
        user_metadata: What people wrote into the file and its sidecars.
        content_hash: Of the whole file; see `photosearch.files.hashing`.
        unread_sidecars: The sidecars beside the file that can't be read.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    exif: Exif
    format: str
    user_metadata: UserMetadata = NOTHING
    content_hash: bytes | None = None
    unread_sidecars: tuple[UnreadSidecar, ...] = ()


def decode_file(file: File, size: int, max_pixels: int = MAX_PIXELS) -> Decoded:
    """Decode a photo that a walk found, together with its sidecars.

    The metadata of the sidecars go before the file's. If `file` carries its hash, the hash isn't
    computed again.

    Raises:
        UndecodableError: As `decode` does. A sidecar that can't be read raises nothing.
    """
    decoded = decode(file.path, size, max_pixels, file.content_hash)
    if not file.sidecars:
        return decoded
    said, unread = read_sidecars(file, {**decoded.exif.dates, **decoded.user_metadata.dates})
    user_metadata = said.over(decoded.user_metadata)
    return replace(decoded, user_metadata=user_metadata, unread_sidecars=unread)


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
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):  # opening a FIFO would wait for a writer
            raise UndecodableError("not a regular file")
        if status.st_size == 0:
            raise UndecodableError("empty file")
        with open(path, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return _decode(file, size, max_pixels, known_hash)
            except (OSError, RuntimeError, ValueError, SyntaxError) as error:
                if _ends_early(file, status.st_size):
                    raise UndecodableError("truncated file") from error
                raise
    except UndecodableError:
        raise
    except Exception as error:  # decoders raise anything: struct.error, KeyError, zlib.error
        raise (UnreachableError if _may_pass(error) else UndecodableError)(
            _reason(error)
        ) from error


def _decode(file: BufferedReader, size: int, max_pixels: int, known_hash: bytes | None) -> Decoded:
    """Decode an open file; raises UndecodableError and any error of a decoder."""
    check = _limit(max_pixels)
    decoded = _decode_raw(file, size, check) if is_raw(file, file.name) else None
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
    with _muted_stderr(file):
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
        # A TIFF is one large EXIF structure. It is read first, because libtiff moves the file's
        # position without Python's knowledge. Other formats may have their EXIF only when loaded.
        exif = read_exif(file) if name == "TIFF" else None
        user_metadata = read_embedded(image) if name == "TIFF" else None
        with _muted_stderr(file) if name in _NOISY else contextlib.nullcontext():
            image, is_reduced = load(file, image, size)
        if not is_reduced:
            width, height = image.size  # Pillow turns a TIFF upright while loading it
        if exif is None:
            blob = image.info.get("exif")
            exif = read_exif(io.BytesIO(blob)) if isinstance(blob, bytes) else Exif()
        user_metadata = user_metadata or read_embedded(image)
        orientation = orientation_of(image)
        pixels = to_square(image, size, orientation)
    if orientation >= 5:
        width, height = height, width
    kind = "JPEG" if name == "MPO" else name
    return Decoded(pixels, width, height, exif, kind, user_metadata)


def _ends_early(file: BinaryIO, size: int) -> bool:
    """Return whether a WebP file is shorter than its header says; its decoder reports no error."""
    file.seek(0)
    start = file.read(8)
    return start[:4] == b"RIFF" and int.from_bytes(start[4:], "little") + 8 > size


def _may_pass(error: Exception) -> bool:
    """Return whether the system couldn't reach a file, as on an unplugged drive."""
    if not isinstance(error, OSError) or error.errno is None:
        return False
    return error.errno not in (errno.EACCES, errno.EPERM)  # permissions don't pass


def _reason(error: Exception) -> str:
    """Return the reason of an error in one clean line."""
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    if isinstance(error, OSError) and error.errno is not None:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return "file is gone"
        if error.errno in (errno.EACCES, errno.EPERM):
            return "permission denied"
        return f"can't be read: {os.strerror(error.errno).lower()}"
    words = "".join(char if char.isprintable() else " " for char in str(error)).split()
    text = " ".join(words)[:200] or type(error).__name__
    if any(sign in text.lower() for sign in ("truncated", "end of file")):
        return "truncated file"
    return f"can't be decoded: {text}"


@contextlib.contextmanager
def _muted_stderr(file: BinaryIO) -> Iterator[None]:
    """Redirect file descriptor 2 to nothing, because some decoders print their errors to it.

    Only one thread at a time may do so: a second thread would take the redirected descriptor for
    the original.
    """
    if file.fileno() <= 2:  # stderr was closed, and the photo's file got its descriptor
        yield
        return
    with _stderr_lock, contextlib.ExitStack() as undo:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        undo.callback(os.close, nowhere)
        original = os.dup(2)
        undo.callback(os.close, original)
        os.dup2(nowhere, 2)
        undo.callback(os.dup2, original, 2)
        yield
