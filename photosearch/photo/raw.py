"""RAW files, the data of a camera's sensor: CR2, CR3, NEF, ARW, DNG, RAF, ORF, RW2 and others.

LibRaw reads them. It is imported at the first RAW file.
"""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from photosearch.files.names import is_raw_name
from photosearch.photo.embedded import read_embedded
from photosearch.photo.exif import Exif, read_exif
from photosearch.photo.user_metadata import NOTHING, UserMetadata

if TYPE_CHECKING:
    import rawpy

# How RAW formats begin that are no TIFF. The others begin as TIFF does.
_MAGIC = (
    (0, b"FUJIFILMCCD-RAW"),
    (0, b"IIRO"),
    (0, b"IIRS"),
    (0, b"MMOR"),
    (0, b"IIU\0"),
    (4, b"ftypcrx "),
    (6, b"HEAPCCDR"),  # CRW
    (0, b"\0MRM"),
    (0, b"FOVb"),  # X3F
    (0, b"qktk"),
    (0, b"qktn"),
)
_JPEG = b"\xff\xd8\xff"  # a photo for the web, whatever its name says
_TIFF = (b"II*\0", b"MM\0*")
_TIFF_BUT_FOR_MAGIC = {b"IIRO": b"II*\0", b"IIRS": b"II*\0", b"MMOR": b"MM\0*", b"IIU\0": b"II*\0"}

_PHOTOMETRIC, _MAKE, _SUB_IFDS, _DNG_VERSION = 0x0106, 0x010F, 0x014A, 0xC612
_SENSOR = (32803, 34892)  # photometric interpretations: a mosaic of colours, linear values
_MAX_TAGS = 1000

_HEAD = 1 << 20  # EXIF stands before the pixels, in the first megabyte

# EXIF orientations by LibRaw's `flip`: 1 mirrors, 2 turns upside down, 4 swaps the sides.
_ORIENTATIONS = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}


@dataclass(frozen=True, slots=True)
class Raw:
    """The picture and the metadata of a RAW file.

    Attributes:
        picture: Loaded, not turned: the embedded preview, or the developed picture.
        orientation: EXIF orientation, 1 to 8, that turns the picture upright.
        width: Of the photo, upright, in pixels.
        height: Of the photo, upright, in pixels.
        exif: The values of EXIF.
        user_metadata: What people wrote into the file.
    """

    picture: Image.Image
    orientation: int
    width: int
    height: int
    exif: Exif
    user_metadata: UserMetadata


class _NoRawError(Exception):
    """A file that is no RAW file after all."""


def is_raw(file: BinaryIO, name: str = "") -> bool:
    """Return whether a file may be RAW, by its content, or else by its name.

    If a file begins like TIFF, its tags decide: a RAW file has DNG's version, a sensor's colours,
    or a maker together with pictures below the first one. Not all RAW files can be told so. If the
    name ends like a RAW file's, LibRaw tries.

    Args:
        file: Seekable; read from its start.
        name: Of the file.
    """
    file.seek(0)
    start = file.read(16)
    named = is_raw_name(name) and not start.startswith(_JPEG)
    return named or _begins_as_raw(file, start)


def _begins_as_raw(file: BinaryIO, start: bytes) -> bool:
    if start[:4] not in _TIFF:
        return any(start[offset:].startswith(magic) for offset, magic in _MAGIC)
    if start[8:10] == b"CR":  # CR2
        return True
    tags = _first_tags(file, start)
    return (
        _DNG_VERSION in tags
        or tags.get(_PHOTOMETRIC) in _SENSOR
        or (_MAKE in tags and _SUB_IFDS in tags)
    )


def read_raw(file: BinaryIO, size: int, check: Callable[[int, int], None]) -> Raw | None:
    """Read a RAW file. If both sides of its embedded preview have `size` pixels, take the preview.

    Otherwise the sensor's data are developed. Cameras embed a preview in full or nearly full size.
    It looks as their JPEG does, and takes a hundredth of the time.

    Args:
        file: Seekable. The whole file is read from its start.
        size: Pixels that both sides should have at least.
        check: Called with width and height before any pixel is decoded; may raise.

    Returns:
        The picture and the metadata. None if LibRaw can't read the file as RAW, and Pillow might
        read it: a TIFF, or a file that is RAW by its name only.

    Raises:
        ValueError: LibRaw can't read the file, and the file begins as RAW.
    """
    try:
        with _opened(file) as raw:
            flipped = _ORIENTATIONS.get(raw.sizes.flip, 1)
            width, height = raw.sizes.width, raw.sizes.height
            check(width, height)
            thumbnail = _thumbnail(raw)
            preview = None if thumbnail is None else _preview(thumbnail, size, check)
            if preview is not None:
                orientation = _preview_orientation(preview, flipped, width > height)
                picture = preview
            else:
                orientation, picture = 1, _develop(raw, size)
    except _NoRawError:
        return None
    if flipped >= 5:
        width, height = height, width
    exif, user_metadata = _metadata(file, thumbnail)
    return Raw(picture, orientation, width, height, exif, user_metadata)


def raw_metadata(file: BinaryIO) -> tuple[Exif, UserMetadata] | None:
    """Read the metadata of a RAW file, and no pixels: those that `read_raw` gives.

    Args:
        file: Seekable; read from its start.

    Returns:
        The metadata. None if LibRaw can't read the file as RAW, and Pillow might read it.

    Raises:
        ValueError: LibRaw can't read the file, and the file begins as RAW.
    """
    file.seek(0)
    if file.read(4) in _TIFF:  # has it without LibRaw
        return _metadata(file, None)
    try:
        with _opened(file) as raw:
            thumbnail = _thumbnail(raw)
    except _NoRawError:
        return None
    return _metadata(file, thumbnail)


@contextlib.contextmanager
def _opened(file: BinaryIO) -> Iterator[rawpy.RawPy]:
    """Open a file by LibRaw.

    Raises:
        MemoryError: the memory isn't enough.
        ValueError: LibRaw can't read the file, and the file begins as RAW.
        _NoRawError: LibRaw can't read the file, and Pillow might read it.
    """
    import rawpy

    file.seek(0)
    start = file.read(16)
    is_certain = start[:4] not in _TIFF and _begins_as_raw(file, start)
    file.seek(0)
    with rawpy.RawPy() as raw:
        try:
            raw.open_buffer(file)
            yield raw
        except rawpy.LibRawUnsufficientMemoryError:
            raise MemoryError from None
        except (rawpy.LibRawError, OSError) as error:
            raise (ValueError(_words(error)) if is_certain else _NoRawError) from error


def _first_tags(file: BinaryIO, start: bytes) -> dict[int, int]:
    """Read the tags of a TIFF's first picture, each with the first 16 bits of its value."""
    order = "<" if start.startswith(b"II") else ">"
    if len(start) < 8:
        return {}
    file.seek(struct.unpack(f"{order}I", start[4:8])[0])
    count = file.read(2)
    if len(count) < 2:
        return {}
    table = file.read(12 * min(struct.unpack(f"{order}H", count)[0], _MAX_TAGS))
    table = table[: len(table) // 12 * 12]
    return dict(struct.iter_unpack(f"{order}H6xH2x", table))


def _thumbnail(raw: rawpy.RawPy) -> Image.Image | None:
    """Return the embedded preview, opened; None if it is damaged."""
    import rawpy

    try:
        thumb = raw.extract_thumb()
        if isinstance(thumb.data, bytes):
            return Image.open(io.BytesIO(thumb.data), formats=["JPEG"])
        return Image.fromarray(thumb.data)
    except (rawpy.LibRawError, OSError, ValueError, SyntaxError, TypeError):
        return None  # no readable preview: the sensor's picture is taken


def _preview(
    thumbnail: Image.Image, size: int, check: Callable[[int, int], None]
) -> Image.Image | None:
    """Return the embedded preview, loaded; None if it is too small or damaged."""
    if min(thumbnail.size) < size:
        return None
    check(*thumbnail.size)
    try:
        thumbnail.draft("RGB", (size, size))
        thumbnail.load()
    except (OSError, ValueError, SyntaxError, TypeError):
        return None
    return thumbnail


def _preview_orientation(preview: Image.Image, orientation: int, is_wide: bool) -> int:
    """Return the EXIF orientation that turns a preview upright.

    If the preview's EXIF has an orientation, that holds; otherwise the orientation of the sensor's
    picture holds. If that orientation swaps the sides, but the preview already has the sides of the
    upright photo, the preview is upright: some programs write it so.
    """
    try:
        said = preview.getexif().get(0x0112, 0)
    except Exception:  # malformed EXIF must not make the picture unreadable
        said = 0
    turn = int(said) if said in range(1, 9) else orientation
    if turn >= 5 and (preview.width > preview.height) != is_wide:
        return 1
    return turn


def _develop(raw: rawpy.RawPy, size: int) -> Image.Image:
    """Develop the sensor's picture, upright. If half of its size is enough, develop that."""
    half = min(raw.sizes.width, raw.sizes.height) >= 2 * size
    pixels = raw.postprocess(half_size=half, use_camera_wb=True, output_bps=8)  # (h, w, 3)
    return Image.fromarray(pixels if pixels.shape[2] != 1 else pixels[:, :, 0])


def _metadata(file: BinaryIO, thumbnail: Image.Image | None) -> tuple[Exif, UserMetadata]:
    """Read the metadata of a RAW file, in part from its embedded preview."""
    return _exif(file, thumbnail), _user_metadata(file, thumbnail)


def _exif(file: BinaryIO, thumbnail: Image.Image | None) -> Exif:
    """Read EXIF from the file, or else from its preview."""
    file.seek(0)
    start = file.read(4)
    if start in _TIFF:
        return read_exif(file)
    if start in _TIFF_BUT_FOR_MAGIC:
        return read_exif(io.BytesIO(_TIFF_BUT_FOR_MAGIC[start] + file.read(_HEAD)))
    blob = thumbnail.info.get("exif") if thumbnail is not None else None
    if not isinstance(blob, bytes):  # CR3 consists of boxes: the first box with EXIF has the camera
        _, _, blob = file.read(_HEAD).partition(b"CMT1")
    return read_exif(io.BytesIO(blob)) if blob else Exif()


def _user_metadata(file: BinaryIO, thumbnail: Image.Image | None) -> UserMetadata:
    file.seek(0)
    if file.read(4) in _TIFF:
        file.seek(0)
        try:
            with Image.open(file, formats=["TIFF"]) as first:
                return read_embedded(first)
        except Exception:  # a compression that Pillow doesn't know
            return NOTHING
    return read_embedded(thumbnail) if thumbnail is not None else NOTHING


def _words(error: Exception) -> str:
    """Return the message of a LibRaw error: it has bytes, or a pair of a code and bytes."""
    said = error.args[0] if error.args else ""
    if isinstance(said, tuple):
        said = said[-1]
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else str(said)
    return "truncated file" if text == "Input/output error" else text.lower()
