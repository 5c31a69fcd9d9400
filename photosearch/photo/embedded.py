"""Embedded user metadata: XMP, IPTC-IIM and EXIF's description in a photo file."""

from __future__ import annotations

from dataclasses import replace

from PIL import Image, ImageFile, IptcImagePlugin, TiffImagePlugin

from photosearch.photo.user_metadata import NOTHING, UserMetadata, cleaned, distinct
from photosearch.photo.xmp import read_xmp

_UTF_8 = b"\x1b%G"  # ISO 2022's announcement of UTF-8, in the data set for it
_CODED, _OBJECT_NAME, _KEYWORDS, _CAPTION = (1, 90), (2, 5), (2, 25), (2, 120)
_IMAGE_DESCRIPTION = 0x010E
_MAX_IPTC = 1 << 20  # bytes


def read_embedded(image: Image.Image) -> UserMetadata:
    """Read the user metadata in an opened image: XMP goes before IPTC, IPTC before EXIF.

    The keywords of XMP and IPTC are joined, because some programs write only XMP or only IPTC.
    Malformed data raise nothing: a value that can't be read is empty.
    """
    packet = image.info.get("xmp")
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "replace")
    app1 = (data for name, data in getattr(image, "applist", ()) if name == "APP1")  # of a JPEG
    xmp = read_xmp(packet, app1)[0] if isinstance(packet, bytes) else NOTHING
    iptc = _read_iptc(image)
    both = xmp.over(iptc).over(_read_exif(image))
    return replace(both, keywords=distinct(xmp.keywords + iptc.keywords))


def _read_iptc(image: Image.Image) -> UserMetadata:
    try:
        if not isinstance(image, ImageFile.ImageFile) or _iptc_size(image) > _MAX_IPTC:
            return NOTHING
        fields = IptcImagePlugin.getiptcinfo(image) or {}
    except Exception:  # on a malformed block Pillow raises errors of any kind
        return NOTHING
    is_utf_8 = fields.get(_CODED) == _UTF_8

    def texts(name: tuple[int, int]) -> list[str]:
        value = fields.get(name) or []
        values = value if isinstance(value, list) else [value]
        return [_text(each, is_utf_8) for each in values if isinstance(each, bytes)]

    return cleaned(
        UserMetadata(
            "".join(texts(_OBJECT_NAME)[:1]),
            "".join(texts(_CAPTION)[:1]),
            keywords=tuple(texts(_KEYWORDS)),
        )
    )


def _iptc_size(image: ImageFile.ImageFile) -> int:
    """Return the size of a TIFF's IPTC in bytes; in a JPEG, the format limits it."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return 0
    return len(image.tag_v2._tagdata.get(TiffImagePlugin.IPTC_NAA_CHUNK, b""))


def _read_exif(image: Image.Image) -> UserMetadata:
    try:
        value = image.getexif().get(_IMAGE_DESCRIPTION)
        if isinstance(value, str):  # Pillow decodes every byte as Latin-1
            value = _text(value.encode("latin-1"))
    except Exception:  # malformed EXIF, or bytes that are no text
        return NOTHING
    return cleaned(UserMetadata(description=value)) if isinstance(value, str) else NOTHING


def _text(raw: bytes, is_utf_8: bool = False) -> str:
    """Decode text whose encoding is often unknown: as UTF-8, or else as Windows-1252."""
    try:
        return raw.decode("utf-8", "replace" if is_utf_8 else "strict")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
