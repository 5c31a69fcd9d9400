"""A photo's pixels, upright and at the size the model wants.

Runs in worker processes: it imports no model, and it sets Pillow up for this process as a whole
(no size limit of Pillow's own, no logging, one decoding thread).
"""

import contextlib
import errno
import io
import logging
import math
import os
import stat
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,  # noqa: F401  importing a plugin registers its format
    GifImagePlugin,  # noqa: F401
    Image,
    ImageFile,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from photosearch.content import content_hash
from photosearch.embedded import read_embedded
from photosearch.metadata import Metadata, read_metadata
from photosearch.raw import is_raw, read_raw
from photosearch.written import NOTHING, Written

MAX_PIXELS = 200_000_000
"""Photos with more pixels are refused; except JPEGs, each pixel takes 4 to 9 bytes of memory."""

MAX_MISSING = 0.01
"""Share of a JPEG's pixels that may be missing at its end."""

_END_OF_JPEG = b"\xff\xd9"

# Only these, whatever else Pillow reads: an EPS named .jpg would start Ghostscript.
# AVIF comes before HEIF, which claims some AVIF files and then fails to decode them.
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "JPEG2000", "AVIF", "HEIF")

_MAGIC = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"RIFF", "WebP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (4, b"jP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftyphei", "HEIF"),
    (4, b"ftypmif1", "HEIF"),
)

# Decoded by libraries that print: libtiff always, libde265 and dav1d in some builds.
_NOISY = frozenset({"TIFF", "HEIF", "AVIF"})

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_stderr_lock = threading.Lock()


class UndecodableError(Exception):
    """A file that gives no pixels; the text is the reason, in one line for people."""


class UnreachableError(UndecodableError):
    """A file that can't be reached now; what it holds isn't known, so it may be tried again."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A photo ready for the model.

    Attributes:
        pixels: Upright, whole picture squashed to a square, RGB, uint8. (size, size, 3)
        width: Of the original, upright, in pixels.
        height: Of the original, upright, in pixels.
        metadata: What EXIF says.
        format: Pillow's name of the file format: JPEG, PNG, HEIF, ..., or RAW.
        written: What people wrote into the file.
        content_hash: Of the whole file; see `photosearch.content`.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    metadata: Metadata
    format: str
    written: Written = NOTHING
    content_hash: bytes | None = None


def decode(path: str, size: int, max_pixels: int = MAX_PIXELS) -> Decoded:
    """Decode a photo, turn it upright and squash it to `size` by `size` pixels.

    The content decides about the format, not the name. Of animations and of files with several
    pages it takes the first picture, of RAW files the embedded preview if it is large enough.
    Transparent parts become white. Writes nothing to stderr.

    Args:
        path: Opened read-only.
        size: Side of the square, in pixels.
        max_pixels: Larger photos are refused by their header, before any pixel is decoded.

    Raises:
        UndecodableError: For whatever reason the file gives no pixels, and nothing else;
            UnreachableError where the system can't reach it, so that it may be there later.
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
                return _decode(file, size, max_pixels)
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


def _decode(file: BufferedReader, size: int, max_pixels: int) -> Decoded:
    """Decode an open file; raises whatever decoders raise, and UndecodableError."""

    def check(width: int, height: int) -> None:
        if width < 1 or height < 1:
            raise UndecodableError("the picture has no pixels")
        if width * height > max_pixels:
            raise UndecodableError(
                f"{math.ceil(width * height / 1e6)} megapixels are over the limit of "
                f"{max_pixels / 1e6:g}: --max-pixels allows more"
            )

    if is_raw(file):
        with _muted_stderr(file):
            raw = read_raw(file, size, check)
        if raw is not None:
            pixels = _finish(raw.picture, raw.orientation, size)
            return Decoded(
                pixels, raw.width, raw.height, raw.metadata, "RAW", raw.written, content_hash(file)
            )
    with _open(file) as opened:
        image = opened
        check(*image.size)
        width, height = image.size
        name = image.format or ""
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            _refuse_planes(image)
        # A TIFF is one large EXIF structure. Read it before libtiff moves the file's position
        # behind Python's back; other formats may tell their EXIF only when loaded.
        metadata = read_metadata(file) if name == "TIFF" else None
        written = read_embedded(image) if name == "TIFF" else None
        with _muted_stderr(file) if name in _NOISY else contextlib.nullcontext():
            image, is_reduced = _load(file, image, size)
        if not is_reduced:
            width, height = image.size  # Pillow turns a TIFF upright while loading it
        if metadata is None:
            exif = image.info.get("exif")
            metadata = read_metadata(io.BytesIO(exif)) if isinstance(exif, bytes) else Metadata()
        written = written or read_embedded(image)
        orientation = _orientation(image)
        pixels = _finish(image, orientation, size)
    if orientation >= 5:
        width, height = height, width
    kind = "JPEG" if name == "MPO" else name
    return Decoded(pixels, width, height, metadata, kind, written, content_hash(file))


def _load(
    file: BinaryIO, image: ImageFile.ImageFile, size: int
) -> tuple[ImageFile.ImageFile, bool]:
    """Decode an image; at 1/2, 1/4 or less, if its format can do that.

    Both sides stay at least `size`.

    Returns:
        The loaded image, and whether it may be reduced: its size isn't the photo's then.
    """
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        is_reduced = image.draft("RGB", (size, size)) is not None
        _load_jpeg(image)
        return image, is_reduced
    if isinstance(image, Jpeg2KImagePlugin.Jpeg2KImageFile):
        # A file has as many halves as its writer wanted; asked for more, OpenJPEG fails at once.
        for power in range((min(image.size) // size).bit_length() - 1, 0, -1):
            smaller = _open(file)
            smaller.reduce = power  # type: ignore[method-assign, assignment]
            with contextlib.suppress(OSError):
                smaller.load()
                return smaller, True
    image.load()
    return image, False


def _load_jpeg(image: JpegImagePlugin.JpegImageFile) -> None:
    """Decode a JPEG, also one that lacks only its last bytes.

    Raises:
        UndecodableError: more is missing than can't be seen.
    """
    read, is_ended = image.load_read, False

    def load_read(count: int) -> bytes:
        nonlocal is_ended
        found = read(count)
        if found or is_ended:
            return found
        is_ended = True
        return _END_OF_JPEG

    image.load_read = load_read  # type: ignore[method-assign, assignment]
    try:
        image.load()
    except OSError as error:
        if is_ended:
            raise UndecodableError("truncated file") from error
        raise
    if not is_ended:
        return
    # Where blocks are missing libjpeg leaves the middle of all values, 127 in inverted colours.
    end = np.asarray(image)[-math.ceil(image.height / 10) :]
    filled = ((end == 127) | (end == 128)).reshape(*end.shape[:2], -1).all(-1)
    if np.count_nonzero(filled) > MAX_MISSING * image.width * image.height:
        raise UndecodableError("truncated file")


def _finish(image: Image.Image, orientation: int, size: int) -> NDArray[np.uint8]:
    """Squash a loaded image to (size, size, 3), upright."""
    small = _flatten(_squash(_resizable(image), size))
    if orientation in _TURNS:
        small = small.transpose(_TURNS[orientation])
    return np.array(small)


def _open(file: BinaryIO) -> ImageFile.ImageFile:
    """Identify an image and read its header.

    By file object, not by path: for paths Pillow maps some formats into memory, and a mapped file
    that shrinks meanwhile kills the process.
    """
    formats = [name for name in _FORMATS if name in Image.OPEN]
    try:
        return Image.open(file, formats=formats)
    except UnidentifiedImageError as error:
        file.seek(0)
        start = file.read(16)
        for offset, magic, name in _MAGIC:
            if start[offset:].startswith(magic):
                if name == "TIFF":  # of which there are more kinds than Pillow knows
                    raise UndecodableError(
                        "a kind of TIFF that can't be read, or damaged"
                    ) from error
                raise UndecodableError(f"truncated or damaged {name} header") from error
        raise UndecodableError("not an image in a known format") from error


def _refuse_planes(image: TiffImagePlugin.TiffImageFile) -> None:
    """Refuse a TIFF of which Pillow would read the bytes of one colour for those of another.

    Raises:
        UndecodableError: the colours stand apart, uncompressed, with more than 8 bits each.
    """
    tags = image.tag_v2
    depth = max(tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,)))
    apart = tags.get(TiffImagePlugin.PLANAR_CONFIGURATION) == 2 and len(image.getbands()) > 1
    if apart and depth > 8 and tags.get(TiffImagePlugin.COMPRESSION, 1) == 1:
        raise UndecodableError(f"a TIFF with {depth} bits a colour in separate planes")


def _orientation(image: Image.Image) -> int:
    """Read how a loaded image must still be turned, 1 to 8.

    By Pillow, which knows what its plugins have done already: pillow-heif and the TIFF plugin
    turn the picture and reset the tag, the AVIF plugin sets the tag from the container's own
    rotation. Not by `ImageOps.exif_transpose`, which writes the EXIF anew and so fails on
    photos whose EXIF is malformed elsewhere.
    """
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # malformed EXIF must not cost the picture
        return 1
    return int(value) if value in range(1, 9) else 1


def _resizable(image: Image.Image) -> Image.Image:
    """Convert a loaded image to a mode in which pixels can be averaged."""
    if image.mode.startswith("I;16"):
        values = (np.asarray(image) >> 8).astype(np.uint8)
        tags = getattr(image, "tag_v2", {})  # of TIFF, of which Pillow turns 8 bits only
        inverted = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0
        return Image.fromarray(255 - values if inverted else values)
    if image.mode == "I" and image.format == "PNG":  # how Pillow before 11 opens 16-bit grey
        return Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode in ("1", "P"):
        return image.convert("L" if image.mode == "1" else "RGB")
    return image


def _stretch(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale numbers without a fixed white point, (height, width), to 0..255 by their range."""
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    scaled = (finite - low) * (255.0 / (high - low) if high > low else 0.0)
    return scaled.astype(np.uint8)


def _squash(image: Image.Image, size: int) -> Image.Image:
    """Resize to a square, whatever the aspect ratio.

    Averages whole blocks of pixels down to three times the size first, which can't be seen.
    """
    return image.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=3.0)


def _flatten(image: Image.Image) -> Image.Image:
    """Convert a small image to RGB, on white where it is transparent."""
    if image.mode in ("I", "F"):  # not sooner: numpy would need several copies of a large photo
        image = Image.fromarray(_stretch(np.asarray(image)))
    if image.mode != "RGBA":
        return image if image.mode == "RGB" else image.convert("RGB")
    page = Image.new("RGB", image.size, "white")
    page.paste(image, mask=image.getchannel("A"))
    return page


def _ends_early(file: BinaryIO, size: int) -> bool:
    """Tell whether a WebP file is shorter than it says: its decoder has no message for that."""
    file.seek(0)
    start = file.read(8)
    return start[:4] == b"RIFF" and int.from_bytes(start[4:], "little") + 8 > size


def _may_pass(error: Exception) -> bool:
    """Tell whether the system couldn't reach a file, as on a drive that was unplugged."""
    if not isinstance(error, OSError) or error.errno is None:
        return False
    return error.errno not in (errno.EACCES, errno.EPERM)  # stays so until somebody changes it


def _reason(error: Exception) -> str:
    """Say in one clean line what went wrong."""
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
    """Send file descriptor 2 nowhere: some decoders print their errors there by themselves.

    One thread at a time, or the second would keep the first one's nowhere as the original.
    """
    if file.fileno() <= 2:  # stderr was closed, and the photo got its number
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


def _set_pillow_up() -> None:
    """Prepare Pillow in this process: formats, limits, silence, threads."""
    Image.MAX_IMAGE_PIXELS = None  # `decode` has its own limit, with its own words
    # A history of edits may be long; by default a megabyte of text costs the whole picture.
    PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY
    logging.getLogger("PIL").setLevel(logging.CRITICAL + 1)
    with contextlib.suppress(ImportError):  # Pillow before 11.3 has no AVIF
        from PIL import AvifImagePlugin

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # there is a process for each core already
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener(decode_threads=1)


_set_pillow_up()
