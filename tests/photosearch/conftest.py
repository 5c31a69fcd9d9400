"""What the tests of photosearch's parts share."""

import contextlib
import io
import os
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def as_nobody() -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Gives root's rights up within a `with`: root opens and writes everything."""

    @contextlib.contextmanager
    def give_up() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        try:
            os.seteuid(65534)
        except OSError:
            pytest.skip("runs as root, and can't become somebody else")
        try:
            yield
        finally:
            os.seteuid(0)

    return give_up


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that a user other than its owner can enter, unlike tmp_path."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


def _ifd(entries: list[tuple[int, str, list[int]]], at: int) -> bytes:
    """A TIFF directory that stands at `at`, little-endian, with its long values behind it."""
    kinds = {"B": 1, "s": 2, "H": 3, "I": 4, "i": 10}
    table, values = b"", b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, kind, numbers in sorted(entries):
        data = struct.pack(f"<{len(numbers)}{kind.replace('s', 'B')}", *numbers)
        count = len(numbers) // 2 if kind == "i" else len(numbers)  # pairs are ratios
        if len(data) > 4:
            offset, values = behind + len(values), values + data + bytes(len(data) % 2)
            data = struct.pack("<I", offset)
        table += struct.pack("<HHI", tag, kinds[kind], count) + data.ljust(4, b"\0")
    return struct.pack("<H", len(entries)) + table + bytes(4) + values


def _dng(image: Image.Image, preview: Image.Image | None = None, orientation: int = 1) -> bytes:
    """A RAW file by hand: what a sensor behind red, green and blue filters saw of an image."""
    light = (np.asarray(image, np.float64) / 255) ** 2.2 * 65535
    mosaic = light[:, :, 1].copy()
    mosaic[0::2, 0::2], mosaic[1::2, 1::2] = light[0::2, 0::2, 0], light[1::2, 1::2, 2]
    pixels = mosaic.astype("<u2").tobytes()
    jpeg = io.BytesIO()
    if preview is not None:
        preview.save(jpeg, "JPEG", quality=92)
    size = len(jpeg.getvalue())
    from_xyz = [32405, -15371, -4985, -9693, 18760, 416, 556, -2040, 10572]  # sRGB
    sensor = [
        (0x00FE, "I", [0]), (0x0100, "I", [image.width]), (0x0101, "I", [image.height]),
        (0x0102, "H", [16]), (0x0103, "H", [1]), (0x0106, "H", [32803]),
        (0x0111, "I", [8]), (0x0115, "H", [1]), (0x0116, "I", [image.height]),
        (0x0117, "I", [len(pixels)]), (0x828D, "H", [2, 2]), (0x828E, "B", [0, 1, 1, 2]),
        (0xC61D, "I", [65535]),
    ]  # fmt: skip
    camera = [
        (0x010F, "s", [*b"Fotomat\0"]), (0x0110, "s", [*b"Raw 1\0"]), (0x0112, "H", [orientation]),
        (0x0132, "s", [*b"2019:07:04 12:34:56\0"]), (0xC612, "B", [1, 4, 0, 0]),
        (0xC614, "s", [*b"Fotomat Raw 1\0"]),
        (0xC621, "i", [part for number in from_xyz for part in (number, 10000)]),
        (0xC628, "i", [1, 1, 1, 1, 1, 1]),
    ]  # fmt: skip
    at = 8 + len(pixels) + size + size % 2
    if preview is None:
        directories = _ifd(sensor + camera, at)
    else:
        shown = [
            (0x00FE, "I", [1]), (0x0100, "I", [preview.width]), (0x0101, "I", [preview.height]),
            (0x0102, "H", [8, 8, 8]), (0x0103, "H", [7]), (0x0106, "H", [6]),
            (0x0111, "I", [8 + len(pixels)]), (0x0115, "H", [3]),
            (0x0116, "I", [preview.height]), (0x0117, "I", [size]),
        ]  # fmt: skip
        first = len(_ifd([*shown, *camera, (0x014A, "I", [0])], at))
        below = (0x014A, "I", [at + first])
        directories = _ifd([*shown, *camera, below], at) + _ifd(sensor, at + first)
    start = b"II*\0" + struct.pack("<I", at)
    return start + pixels + jpeg.getvalue() + bytes(size % 2) + directories


@pytest.fixture(scope="session")
def dng() -> Callable[..., bytes]:
    """Makes a RAW file of an image: with a preview if one is given, and an orientation."""
    return _dng


NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
}


def _packet(
    texts: Mapping[str, str] | None = None,
    lists: Mapping[str, Sequence[str]] | None = None,
    attributes: Mapping[str, str] | None = None,
) -> bytes:
    """A packet with texts in the default language (and in another one), bags and attributes."""
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    given = " ".join(f"{name}={quoteattr(value)}" for name, value in (attributes or {}).items())
    parts = []
    for name, text in (texts or {}).items():
        other = '<rdf:li xml:lang="eo">alie</rdf:li>'
        default = f'<rdf:li xml:lang="x-default">{escape(text)}</rdf:li>'
        parts.append(f"<{name}><rdf:Alt>{other}{default}</rdf:Alt></{name}>")
    for name, values in (lists or {}).items():
        items = "".join(f"<rdf:li>{escape(value)}</rdf:li>" for value in values)
        parts.append(f"<{name}><rdf:Bag>{items}</rdf:Bag></{name}>")
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {names}>'
        f'<rdf:Description rdf:about="" {given}>{"".join(parts)}</rdf:Description>'
        f'</rdf:RDF></x:xmpmeta>{" " * 100}<?xpacket end="w"?>'
    ).encode()


@pytest.fixture(scope="session")
def packet() -> Callable[..., bytes]:
    """Makes an XMP packet of texts, lists and attributes."""
    return _packet
