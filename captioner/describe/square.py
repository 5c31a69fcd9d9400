"""The square: a picture as the pixels that the encoder takes.

Indexing, captioning and training all use it. Decoding processes import this module, so it needs
numpy and Pillow only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin, TiffImagePlugin

_ORIENTATION = 0x0112  # the tag of EXIF

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def to_square(image: Image.Image, size: int, orientation: int | None = None) -> NDArray[np.uint8]:
    """Turn a picture upright and squash it to a square of RGB; transparent parts become white.

    The aspect ratio is not kept, because training did not keep it: see docs/explained/training.md.
    If 1/2, 1/4 or 1/8 of its size is enough, a JPEG that isn't loaded yet is decoded at that size.
    The given picture stays as it is.

    Args:
        image: a picture of any mode, loaded or not.
        size: side of the square, in pixels.
        orientation: of EXIF, 1 to 8; None: it is read from the picture.

    Returns:
        Pixels, uint8 RGB, (size, size, 3).
    """
    image = _smaller(image, size)
    # `reducing_gap` first averages blocks of pixels down to three times the size. The difference
    # can't be seen.
    small = _resizable(image).resize((size, size), Image.Resampling.BICUBIC, reducing_gap=3.0)
    return np.array(_turned(_flatten(small), orientation or orientation_of(image)))


def to_rgb(image: Image.Image) -> Image.Image:
    """Turn a picture upright, in RGB and at its size; transparent parts become white."""
    return _turned(_flatten(_resizable(image)), orientation_of(image))


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation by which a picture must still be turned, 1 to 8.

    It is read from Pillow's picture, because Pillow's plugins have turned some pictures already:
    pillow-heif and the TIFF plugin turn the picture and reset the tag, the AVIF plugin sets the tag
    from the container's own rotation. `ImageOps.exif_transpose` can't be used: it writes new EXIF,
    and so it fails if the EXIF is malformed elsewhere.

    Args:
        image: a picture; a TIFF must be loaded.
    """
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # malformed EXIF must not make the picture unreadable
        return 1
    return int(value) if value in range(1, 9) else 1


def draft(image: Image.Image, size: int) -> bool:
    """Set a JPEG that isn't loaded yet to decode at 1/2, 1/4 or 1/8, both sides at least `size`.

    Returns:
        Whether the picture may be smaller than the file's.
    """
    is_jpeg = isinstance(image, JpegImagePlugin.JpegImageFile)
    return is_jpeg and image.draft("RGB", (size, size)) is not None


def _smaller(image: Image.Image, size: int) -> Image.Image:
    """Return a loaded picture: the given one, or a smaller one from the same JPEG file."""
    if isinstance(image, JpegImagePlugin.JpegImageFile) and image.tile and image.fp is not None:
        image.fp.seek(0)
        again = JpegImagePlugin.JpegImageFile(image.fp)
        if again.size == image.size and draft(again, size):
            again.load()
            return again
    image.load()
    return image


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def _resizable(image: Image.Image) -> Image.Image:
    """Convert a loaded picture to a mode in which pixels can be averaged."""
    if image.mode.startswith("I;16"):
        values = (np.asarray(image) >> 8).astype(np.uint8)
        tags = getattr(image, "tag_v2", {})  # a TIFF's tags; Pillow inverts only TIFFs of 8 bits
        inverted = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0
        return Image.fromarray(255 - values if inverted else values)
    if image.mode == "I" and image.format == "PNG":  # 16-bit grey, as Pillow before 11 opens it
        return Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode in ("1", "P"):
        return image.convert("L" if image.mode == "1" else "RGB")
    return image


def _flatten(image: Image.Image) -> Image.Image:
    """Convert a picture to RGB; transparent parts become white."""
    if image.mode in ("I", "F"):  # not sooner: numpy would need several copies of a large photo
        image = Image.fromarray(_stretch(np.asarray(image)))
    if image.mode != "RGBA":
        return image if image.mode == "RGB" else image.convert("RGB")
    page = Image.new("RGB", image.size, "white")
    page.paste(image, mask=image.getchannel("A"))
    return page


def _stretch(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale values without a fixed white point, (height, width), to 0..255 by their range."""
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    scaled = (finite - low) * (255.0 / (high - low) if high > low else 0.0)
    return scaled.astype(np.uint8)
