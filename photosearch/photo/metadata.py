"""Metadata: what a photo file and its sidecar say about the photo, read without its pixels.

It runs in worker processes, so it imports no model.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, replace
from io import BufferedReader
from typing import BinaryIO

from PIL import Image, ImageFile, PngImagePlugin, TiffImagePlugin

from photosearch.files.file import File
from photosearch.files.hashing import content_hash
from photosearch.photo.blocks import exif_block
from photosearch.photo.embedded import read_embedded
from photosearch.photo.exif import Exif, read_exif
from photosearch.photo.opened import muted_stderr, opened
from photosearch.photo.picture import open_picture
from photosearch.photo.raw import is_raw, raw_metadata
from photosearch.photo.sidecars import UnreadSidecar, read_sidecar
from photosearch.photo.user_metadata import NOTHING, UserMetadata

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_METADATA = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")
_MAX_PNG_METADATA = 1 << 26  # bytes in all


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of a photo.

    Attributes:
        exif: The values of EXIF.
        user_metadata: What people wrote into the file and its sidecar.
        content_hash: Of the whole file; see `photosearch.files.hashing`.
        unread_sidecar: The sidecar beside the file if it can't be read, else None.
    """

    exif: Exif
    user_metadata: UserMetadata = NOTHING
    content_hash: bytes | None = None
    unread_sidecar: UnreadSidecar | None = None


def read_metadata(file: File) -> Metadata:
    """Read the metadata of a photo that a walk found, and no pixels.

    They are those that `photosearch.photo.decode.decode_file` gives. If `file` carries its hash,
    the hash isn't computed again.

    Raises:
        UndecodableError: The file is no photo, or can't be read. No other error is raised. A
            sidecar that can't be read raises nothing.
    """
    with opened(file.path) as handle:
        exif, user_metadata = _own_metadata(handle)
        whole = file.content_hash or content_hash(handle)
    user_metadata, unread = with_sidecar(file, exif, user_metadata)
    return Metadata(exif, user_metadata, whole, unread)


def with_sidecar(
    file: File, exif: Exif, user_metadata: UserMetadata
) -> tuple[UserMetadata, UnreadSidecar | None]:
    """Return what a file and its sidecar say, and the sidecar if it can't be read; never raises.

    The sidecar's metadata go before the file's. The sidecar's position goes before EXIF's, and
    EXIF's before that of the file's XMP.

    Args:
        file: As a walk found it.
        exif: What the file says in EXIF.
        user_metadata: What people wrote into the file.
    """
    if exif.latitude is not None:
        user_metadata = replace(user_metadata, position=None)
    if file.sidecar is None:
        return user_metadata, None
    said, unread = read_sidecar(file.sidecar)
    return said.over(user_metadata), unread


def _own_metadata(file: BufferedReader) -> tuple[Exif, UserMetadata]:
    """Read the metadata in an open file; raises any error of a decoder."""
    if is_raw(file):
        with muted_stderr(file):
            return raw_metadata(file)
    file.seek(0)
    with open_picture(file) as image:
        return picture_metadata(file, image)


def picture_metadata(file: BinaryIO, image: ImageFile.ImageFile) -> tuple[Exif, UserMetadata]:
    """Read the metadata in a picture that Pillow opened; no pixels are loaded.

    Args:
        file: The file of the image. Its position stays.
        image: Opened, not loaded: Pillow turns a TIFF upright, and forgets its orientation, while
            loading it.
    """
    position = file.tell()
    if isinstance(image, TiffImagePlugin.TiffImageFile):  # is one large EXIF structure
        found = read_exif(file), read_embedded(image)
    elif isinstance(image, PngImagePlugin.PngImageFile):
        with Image.open(io.BytesIO(_without_pixels(file)), formats=["PNG"]) as small:
            found = _exif(small), read_embedded(small)
    else:
        found = _exif(image), read_embedded(image)
    file.seek(position)
    return found


def _exif(image: Image.Image) -> Exif:
    """Read EXIF in an image that isn't a TIFF."""
    block = exif_block(image)
    return read_exif(io.BytesIO(block)) if block else Exif()


def _without_pixels(file: BinaryIO) -> bytes:
    """Return a PNG of one pixel with the metadata of a PNG file.

    PNG allows metadata behind the pixels. Pillow finds those only while it decodes the pixels.
    """
    chunks, size = [_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))], 0
    file.seek(len(_PNG_START))
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind not in _PNG_METADATA:
            file.seek(length + 4, io.SEEK_CUR)
            continue
        size += length
        if size > _MAX_PNG_METADATA or len(data := file.read(length)) < length:
            break
        chunks.append(_chunk(kind, data))
        file.seek(4, io.SEEK_CUR)  # the checksum
    return b"".join((_PNG_START, *chunks, _chunk(b"IDAT", zlib.compress(b"\0\0")),
                     _chunk(b"IEND", b"")))  # fmt: skip


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG; see https://www.w3.org/TR/png-3/#5Chunk-layout."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
