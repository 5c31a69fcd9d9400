"""Pictures that Pillow reads: opened by content, loaded at a reduced size.

Importing this module sets Pillow up for the whole process (no size limit of Pillow's own, no
logging, one decoding thread).
"""

import contextlib
import logging
import math
from typing import BinaryIO

import numpy as np
from PIL import (
    BmpImagePlugin,  # noqa: F401  importing a plugin registers its format
    GifImagePlugin,  # noqa: F401
    Image,
    ImageFile,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,  # noqa: F401
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from captioner.describe.square import draft
from photosearch.photo import png

_MAX_MISSING = 0.01  # share of a JPEG's pixels that may be missing at its end

_END_OF_JPEG = b"\xff\xd9"
_MAX_SEGMENTS = 1000  # segments of a JPEG that are read to find its pixels

# Only these formats of all that Pillow reads: an EPS named .jpg would start Ghostscript.
# AVIF comes before HEIF, which claims some AVIF files and then fails to decode them.
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "JPEG2000", "AVIF", "HEIF", "PPM", "DIB")

_MAGIC = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, png.SIGNATURE, "PNG"),
    (0, b"RIFF", "WebP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (4, b"jP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (4, b"ftypavi", "AVIF"),
    (4, b"ftyphei", "HEIF"),
    (4, b"ftyphev", "HEIF"),
    (4, b"ftypmif1", "HEIF"),
    (4, b"ftypmsf1", "HEIF"),
)


class UndecodableError(Exception):
    """A file that gives no pixels; the text is the reason, in one line for people."""


def open_picture(file: BinaryIO) -> ImageFile.ImageFile:
    """Identify an image and read its header.

    It takes a file object, not a path: for paths Pillow maps some formats into memory. If a mapped
    file shrinks meanwhile, that kills the process.

    Args:
        file: seekable, at its start.

    Raises:
        UndecodableError: the file is no image in a known format; Pillow raises other errors, too.
    """
    formats = [name for name in _FORMATS if name in Image.OPEN]
    try:
        return Image.open(file, formats=formats)
    except (UnidentifiedImageError, ValueError) as error:
        mended = png.without_bad_chunks(file)
        if mended is not None:
            return open_picture(mended)
        if not isinstance(error, UnidentifiedImageError):
            raise
        file.seek(0)
        start = file.read(16)
        for offset, magic, name in _MAGIC:
            if start[offset:].startswith(magic):
                if name == "TIFF":  # Pillow doesn't know all kinds of TIFF
                    raise UndecodableError(
                        "a kind of TIFF that can't be read, or damaged"
                    ) from error
                raise UndecodableError(f"truncated or damaged {name} header") from error
        raise UndecodableError("not an image in a known format") from error


def refuse_planes(image: TiffImagePlugin.TiffImageFile) -> None:
    """Refuse a TIFF in which Pillow would confuse the bytes of different colours.

    Args:
        image: opened.

    Raises:
        UndecodableError: the colours are in separate planes, uncompressed, with more than 8 bits.
    """
    tags = image.tag_v2
    depth = max(tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,)))
    apart = tags.get(TiffImagePlugin.PLANAR_CONFIGURATION) == 2 and len(image.getbands()) > 1
    if apart and depth > 8 and tags.get(TiffImagePlugin.COMPRESSION, 1) == 1:
        raise UndecodableError(f"a TIFF with {depth} bits a colour in separate planes")


def load(file: BinaryIO, image: ImageFile.ImageFile, size: int) -> tuple[ImageFile.ImageFile, bool]:
    """Decode an image. If its format allows it, decode at 1/2, 1/4 or less of its size.

    Args:
        file: the file of the image.
        image: opened.
        size: pixels that both sides still have, if they had them before.

    Returns:
        The loaded image, and whether it may be reduced: then its size isn't the photo's.

    Raises:
        UndecodableError: a JPEG lacks its end; Pillow raises other errors, too.
    """
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        is_reduced = draft(image, size)
        _load_jpeg(file, image)
        return image, is_reduced
    if isinstance(image, Jpeg2KImagePlugin.Jpeg2KImageFile):
        # A file has as many halved sizes as its writer chose. If a smaller size is asked for,
        # OpenJPEG fails at once.
        for power in range((min(image.size) // size).bit_length() - 1, 0, -1):
            smaller = open_picture(file)
            smaller.reduce = power  # type: ignore[method-assign, assignment]
            with contextlib.suppress(OSError):
                smaller.load()
                return smaller, True
    image.load()
    return image, False


def _load_jpeg(file: BinaryIO, image: JpegImagePlugin.JpegImageFile) -> None:
    """Decode a JPEG. It may lack its last bytes.

    Raises:
        UndecodableError: the JPEG lacks more than a hundredth of its pixels. If its colours or
            details come one after the other, it may lack nothing: missing data can't be seen there.
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
    finally:
        del image.load_read  # a circular reference would keep the pixels in memory
    if not is_ended:
        return
    # libjpeg fills missing blocks with the middle of all values, 127 in inverted colours.
    end = np.asarray(image)[-math.ceil(image.height / 10) :]
    filled = ((end == 127) | (end == 128)).reshape(*end.shape[:2], -1).all(-1)
    missing = np.count_nonzero(filled) / (image.width * image.height)
    if missing > _MAX_MISSING or not _has_one_scan(file):
        raise UndecodableError("truncated file")


def _has_one_scan(file: BinaryIO) -> bool:
    """Return whether a JPEG has all data of a pixel in one place; for odd files, False.

    That is so if it isn't progressive, and its first scan has all colours (ITU T.81, B.2).
    """
    colours = 0
    file.seek(2)
    for _ in range(_MAX_SEGMENTS):
        marker = file.read(2)
        length = int.from_bytes(file.read(2), "big")
        if marker == b"\xff\xda":  # a scan begins
            return file.read(1) == bytes([colours])
        segment = file.read(max(length - 2, 0))
        if marker in (b"\xff\xc0", b"\xff\xc1") and len(segment) > 5:  # not progressive
            colours = segment[5]
    return False


def _set_pillow_up() -> None:
    """Prepare Pillow in this process: formats, limits, silence, threads."""
    Image.MAX_IMAGE_PIXELS = None  # `decode` has its own limit, with its own words
    # A history of edits may be long: by default Pillow refuses a picture with a megabyte of text.
    PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY
    logging.getLogger("PIL").setLevel(logging.CRITICAL + 1)
    with contextlib.suppress(ImportError):  # Pillow before 11.3 has no AVIF
        from PIL import AvifImagePlugin

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # there is a process for each core already
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener(decode_threads=1)


_set_pillow_up()
