"""Embedded user metadata: what people wrote into a photo file, in all of its blocks."""

from __future__ import annotations

from dataclasses import replace

from PIL import Image

from photosearch.photo.blocks import comments, exif_block, iptc_block, xmp_packet, xmp_segments
from photosearch.photo.encodings import decoded
from photosearch.photo.exif_texts import read_exif_texts
from photosearch.photo.iptc import read_iptc, without_cut
from photosearch.photo.png_texts import read_png_texts
from photosearch.photo.user_metadata import NOTHING, UserMetadata, cleaned
from photosearch.photo.xmp import read_xmp


def read_embedded(image: Image.Image) -> UserMetadata:
    """Read the user metadata in an opened image.

    XMP goes before IPTC, IPTC before EXIF, EXIF before the texts of PNG and comments. The words of
    all of them are joined, because some programs write only into one of them. Malformed data raise
    nothing: a value that can't be read is empty.
    """
    packet = xmp_packet(image)
    xmp, damage = read_xmp(packet, xmp_segments(image)) if packet else (NOTHING, "")
    if damage:
        xmp = replace(xmp, damage=f"XMP in the photo: {damage}")
    iptc = without_cut(_read_iptc(image), xmp)
    return xmp.joined(iptc).joined(_read_exif(image)).joined(_read_texts(image))


def _read_iptc(image: Image.Image) -> UserMetadata:
    block = iptc_block(image)
    return read_iptc(block) if block else NOTHING


def _read_exif(image: Image.Image) -> UserMetadata:
    try:
        exif = image.getexif()
        if not exif and (block := exif_block(image)):  # in a form that Pillow doesn't know
            exif = Image.Exif()
            exif.load(block)
    except Exception:  # on malformed EXIF Pillow raises errors of any kind
        return NOTHING
    return read_exif_texts(exif)


def _read_texts(image: Image.Image) -> UserMetadata:
    texts = read_png_texts(image.info) if image.format == "PNG" else NOTHING
    notes = tuple(decoded(comment) for comment in comments(image))
    return texts.joined(cleaned(UserMetadata(notes=notes))) if notes else texts
