"""Files: which are read, whatever their ending; which lie where no photo of a person lies."""

from __future__ import annotations

from tests.metadata.containers import (
    branded,
    chunk,
    exif,
    iptc,
    png_with,
    png_with_bad_end,
    raw_profile,
    saved,
)
from tests.metadata.packets import alt, packet
from tests.metadata.pictures import picture
from tests.metadata.row import JPEG, Row, Something, row

_XMP = packet(alt("dc:title", "Swallows"))


def _jpeg(number: int) -> bytes:
    return picture("jpeg", number, _XMP.encode())


_TEXT = chunk(b"tEXt", b"Comment\0by hand", bad=True)

_ENDINGS = {
    "a.mpo": saved("MPO", 1, 2), "a.jps": lambda: _jpeg(2), "a.jfif": lambda: _jpeg(3),
    "a.insp": lambda: _jpeg(4), "a.jpe": lambda: _jpeg(5), "a.JPG": lambda: _jpeg(6),
    "a.pjpeg": lambda: _jpeg(22), "a.pjp": lambda: _jpeg(23), "a.jif": lambda: _jpeg(24),
    "a.jfi": lambda: _jpeg(25),
    "a.heics": saved("HEIF", 7, 2), "a.heif": saved("HEIF", 8), "a.hif": saved("HEIF", 9),
    "a.avifs": saved("AVIF", 10, 2), "a.apng": saved("PNG", 12, 2), "a.dib": saved("DIB", 13),
    "a.bmp": saved("BMP", 14), "a.gif": saved("GIF", 15), "a.jp2": saved("JPEG2000", 16),
    "a.TIFF": saved("TIFF", 17),
    "brand mif1.heic": branded("heic", b"mif1", 18),
    "brand heix.heic": branded("heic", b"heix", 19),
    "brand msf1.heic": branded("heic", b"msf1", 20),
}  # fmt: skip

# A file's content decides, not its ending: programs rename without converting.
_RENAMED = {
    "a JPEG called png.png": "jpeg", "a HEIC called jpg.jpg": "heic",
    "a WebP called jpg.jpg": "webp",
    "a PNG called jpg.jpg": "png", "an AVIF called heic.heic": "avif",
    "a JPEG called heic.heic": "jpeg",
}  # fmt: skip

_BAD = {
    "tEXt": chunk(b"tEXt", b"Comment\0by hand", bad=True),
    "pHYs": chunk(b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\x01", bad=True),
    "tIME": chunk(b"tIME", b"\x07\xe3\x07\x04\x0c\x22\x38", bad=True),
    "gAMA": chunk(b"gAMA", b"\0\0\xb1\x8f", bad=True),
    "iTXt": chunk(b"iTXt", b"Comment\0\0\0\0\0by hand", bad=True),
    "eXIf": chunk(b"eXIf", exif(description="x"), bad=True),
    "an unknown chunk": chunk(b"prVt", b"private", bad=True),
}


def _read(name: str, content: object) -> Row:
    assert callable(content)
    return row(f"read: {name}", content=content, photo=name, listed=(name,), errors="",
               judge={})  # fmt: skip


_PNG = [
    *(row(f"PNG with a bad checksum: {name}", content=png_with(bad, number=30 + number),
          photo="a.png", listed=("a.png",), errors="")
      for number, (name, bad) in enumerate(_BAD.items())),
    row("PNG with two bad checksums", content=png_with(_TEXT, _BAD["pHYs"], number=40),
        photo="a.png", listed=("a.png",), errors=""),
    row("PNG with a bad checksum, and a title behind it", photo="a.png", title="Swallows",
        content=png_with(_TEXT, chunk(b"tEXt", b"Title\0Swallows"), number=41),
        judge={"PNG:Title": "Swallows"}),
    row("PNG with a bad checksum at its end", content=lambda: png_with_bad_end(42), photo="a.png",
        listed=("a.png",), errors=""),
    row("PNG with a bad checksum in its head", photo="a.png", listed=(), errors=Something(),
        content=lambda: picture("png", 43)[:29] + b"\0\0\0\0" + picture("png", 43)[33:]),
    row("PNG: EXIF in a raw profile", photo="a.png", taken_at="2003-04-05T06:07:08",
        taken_from="exif", description="Our old wall",
        content=png_with(raw_profile("exif", exif(
            description="Our old wall", time="2003:04:05 06:07:08")), number=44),
        judge={"ExifIFD:DateTimeOriginal": "2003:04:05 06:07:08"}),
    row("PNG: EXIF in a raw profile called APP1", photo="a.png", taken_at="2003-04-05T06:07:08",
        content=png_with(raw_profile("APP1", exif(time="2003:04:05 06:07:08")), number=45),
        judge={"ExifIFD:DateTimeOriginal": "2003:04:05 06:07:08"}),
    row("PNG: XMP in a raw profile", photo="a.png", title="Swallows",
        content=png_with(raw_profile("xmp", _XMP.encode()), number=46),
        judge={"XMP-dc:Title": "Swallows"}),
    row("PNG: IPTC in a raw profile", photo="a.png", keywords=("barn", "owl"),
        content=png_with(raw_profile("iptc", iptc("barn", "owl")), number=47),
        judge={"IPTC:Keywords": ["barn", "owl"]}),
    row("PNG: a raw profile that is no profile", photo="a.png", listed=("a.png",),
        content=png_with(chunk(b"tEXt", b"Raw profile type exif\0\nexif\n  99\nzz"), number=48)),
]  # fmt: skip


def _tree(name: str, *passed_over: str, kept: tuple[str, ...] = ()) -> Row:
    """A folder with a photo, and others that lie there; only the kept are photos of a person."""
    beside = {
        path: (lambda at=at: _jpeg(at)) if path.endswith(("jpg", "jpeg", "webp")) else ""
        for at, path in enumerate((*passed_over, *kept), 500)
    }
    return row(name, formats=JPEG, photo="library/photo", beside=beside,
               listed=tuple(sorted(("library/photo.jpg", *kept))))  # fmt: skip


_ID = "0b1f2c3d-aaaa-4bbb-8ccc-1234567890ab"
_TREES = [
    _tree("Immich's thumbnails", "thumbs/.immich", f"thumbs/u/0b/1f/{_ID}-preview.jpeg",
          f"thumbs/u/0b/1f/{_ID}-thumbnail.webp", "library/.immich"),
    _tree("Immich's uploads are photos", "upload/.immich", "profile/.immich", "profile/u/face.jpg",
          kept=(f"upload/u/0b/1f/{_ID}.jpg",)),
    _tree("a person's folder called thumbs", kept=("thumbs/photo.jpg",)),
    _tree("PhotoPrism's storage", "storage/.ppstorage",
          "storage/cache/thumbnails/a/b/c/abc_500x500_fit.jpg"),
    _tree("PhotoPrism's hidden folder", ".photoprism/a.jpg", ".photoprism.yml"),
    _tree("Nextcloud's previews", "data/appdata_ocabcdef1234/preview/1/2/64-64-crop.jpg",
          kept=("data/ann/files/photo.jpg",)),
    _tree("Nextcloud's versions", "data/ann/files_versions/photo.v1570000000.jpg",
          kept=("data/ann/files/photo.jpg",)),
    _tree("Nextcloud's deleted files", "data/ann/files_trashbin/files/photo.jpg"),
    _tree("Synology's thumbnails", "@eaDir/photo.jpg/SYNOPHOTO_THUMB_XL.jpg"),
    _tree("digiKam's waste", ".dtrash/files/photo.jpg"),
    _tree("Picasa's originals", ".picasaoriginals/photo.jpg"),
]  # fmt: skip

ROWS = [
    *(_read(name, content) for name, content in _ENDINGS.items()),
    *(row(f"read: {name}", content=lambda kind=kind, number=number: picture(
          kind, number, _XMP.encode()), photo=name, listed=(name,), title="Swallows", errors="")
      for number, (name, kind) in enumerate(_RENAMED.items(), 60)),
    *_PNG,
    *_TREES,
]  # fmt: skip
