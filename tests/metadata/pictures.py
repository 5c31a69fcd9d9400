"""Small pictures in each format, no two of them alike."""

from __future__ import annotations

import functools
import io
import struct
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image
from PIL.PngImagePlugin import PngInfo

SIDE = 16
_XMP_TAG = 700  # of TIFF


def noise(number: int) -> Image.Image:
    """Return a picture that only this number has."""
    pixels = np.random.default_rng(number).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return Image.fromarray(pixels)


def picture(kind: str, number: int, xmp: bytes | None = None) -> bytes:
    """Return a picture's file in a format of the table, with an XMP packet if there is one."""
    if kind in ("heic", "avif"):
        return _box(kind, xmp) + struct.pack(">I4sQ", 16, b"free", number)
    out = io.BytesIO()
    noise(number).save(out, kind.upper(), **xmp_option(kind, xmp))
    return out.getvalue()


def xmp_option(kind: str, xmp: bytes | None) -> dict[str, Any]:
    """Return Pillow's options that write an XMP packet."""
    if xmp is None:
        return {}
    if kind == "tiff":
        return {"tiffinfo": {_XMP_TAG: xmp}}
    if kind == "png":
        chunks = PngInfo()
        chunks.add(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
        return {"pnginfo": chunks}
    return {"xmp": xmp}


@functools.cache
def _box(kind: str, xmp: bytes | None) -> bytes:
    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    noise(0).save(out, "HEIF" if kind == "heic" else "AVIF", **xmp_option(kind, xmp))
    return out.getvalue()
