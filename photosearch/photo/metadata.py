"""Metadata: what a photo file and its sidecars say about the photo, read without its pixels.

It runs in worker processes, so it imports no model.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from io import BufferedReader
from typing import BinaryIO

from PIL import Image, ImageFile, PngImagePlugin, TiffImagePlugin

from photosearch.files.file import File
from photosearch.files.hashing import content_hash
from photosearch.photo import png
from photosearch.photo.blocks import exif_block
from photosearch.photo.embedded import read_embedded
from photosearch.photo.exif import Exif, read_exif
from photosearch.photo.opened import muted_stderr, opened
from photosearch.photo.picture import open_picture
from photosearch.photo.raw import is_raw, raw_metadata
from photosearch.photo.sidecars import UnreadSidecar, read_sidecars
from photosearch.photo.user_metadata import NOTHING, UserMetadata


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of a photo.

    Attributes:
        exif: The values of EXIF.
        user_metadata: What people wrote into the file and its sidecars.
        content_hash: Of the whole file; see `photosearch.files.hashing`.
        unread_sidecars: The sidecars beside the file that can't be read.
    """

    exif: Exif
    user_metadata: UserMetadata = NOTHING
    content_hash: bytes | None = None
    unread_sidecars: tuple[UnreadSidecar, ...] = ()


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
    user_metadata, unread = with_sidecars(file, exif, user_metadata)
    return Metadata(exif, user_metadata, whole, unread)


def with_sidecars(
    file: File, exif: Exif, user_metadata: UserMetadata
) -> tuple[UserMetadata, tuple[UnreadSidecar, ...]]:
    """Return what a file and its sidecars say, and the sidecars that can't be read; never raises.

    For what goes before what see `photosearch.photo.sidecars`. The position in a sidecar goes
    before EXIF's, and EXIF's before that of the file's XMP.

    Args:
        file: As a walk found it.
        exif: What the file says in EXIF.
        user_metadata: What people wrote into the file.
    """
    if exif.latitude is not None:
        user_metadata = replace(user_metadata, position=None)
    if not file.sidecars:
        return user_metadata, ()
    return read_sidecars(file, user_metadata, exif.dates)


def _own_metadata(file: BufferedReader) -> tuple[Exif, UserMetadata]:
    """Read the metadata in an open file; raises any error of a decoder."""
    if is_raw(file, file.name):
        with muted_stderr(file):
            found = raw_metadata(file)
        if found is not None:
            return found
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
        with Image.open(io.BytesIO(png.without_pixels(file)), formats=["PNG"]) as small:
            found = _exif(small), read_embedded(small)
    else:
        found = _exif(image), read_embedded(image)
    file.seek(position)
    return found


def _exif(image: Image.Image) -> Exif:
    """Read EXIF in an image that isn't a TIFF."""
    block = exif_block(image)
    return read_exif(io.BytesIO(block)) if block else Exif()
