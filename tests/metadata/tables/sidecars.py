"""Sidecars: their names, pairs of RAW and JPEG, and Google Takeout's JSON."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from tests.metadata.packets import alt, bag, packet
from tests.metadata.pictures import picture
from tests.metadata.row import FILES, JPEG, Begins, Has, Near, Row, Something, row

_TITLE = packet(alt("dc:title", "Swallows"))
_OTHER = packet(alt("dc:title", "Martins"))
_TAKEN = "1562236496"  # 2019-07-04 10:34:56 UTC


def _beside(name: str, *sidecars: str, photo: str = "IMG_1", **wanted: Any) -> Row:
    """A photo with sidecars of these names, which all say the same."""
    return row(name, formats=JPEG, photo=photo, beside=dict.fromkeys(sidecars, _TITLE),
               **(wanted or {"title": "Swallows"}))  # fmt: skip


_NFC, _NFD = unicodedata.normalize("NFC", "Zürich"), unicodedata.normalize("NFD", "Zürich")

_NAMES = [
    row("darktable's name", formats=FILES, beside={"{photo}.xmp": _TITLE}, title="Swallows"),
    row("Adobe's name", formats=FILES, beside={"{stem}.xmp": _TITLE}, title="Swallows"),
    _beside("capital letters in the ending", "IMG_1.XMP"),
    _beside("other capitals in the stem", "img_1.xmp"),
    _beside("composed photo, decomposed sidecar", f"{_NFD}.xmp", photo=_NFC),
    _beside("decomposed photo, composed sidecar", f"{_NFC}.xmp", photo=_NFD),
    _beside("decomposed photo, composed sidecar with both endings", f"{_NFC}.jpg.xmp", photo=_NFD),
    _beside("a name with dots", "a.b.c.xmp", photo="a.b.c"),
    _beside("another photo's sidecar", "IMG_10.xmp", title=""),
    _beside("darktable's duplicate of a photo", "IMG_1.jpg.xmp", "IMG_1_01.jpg.xmp"),
    row("the keywords of darktable's duplicate", formats=JPEG, photo="IMG_1",
        beside={"IMG_1.jpg.xmp": _TITLE, "IMG_1_01.jpg.xmp": packet(
            bag("dc:subject", "barn"), 'xmpMM:DerivedFrom="IMG_1.jpg"')},
        title="Swallows", found=("barn",)),
    row("no duplicate of a photo, by its content", formats=JPEG, photo="IMG_1",
        beside={"IMG_1_01.jpg.xmp": packet(
            bag("dc:subject", "barn"), 'xmpMM:DerivedFrom="IMG_7.jpg"')},
        keywords=(), lost=("barn",)),
    _beside("a folder of a sidecar's name", "IMG_1.xmp/x", title=""),
    row("both names: the photo's own ending first", formats=JPEG, photo="IMG_1",
        beside={"IMG_1.jpg.xmp": _TITLE, "IMG_1.xmp": _OTHER}, title="Swallows",
        found=("swallows",)),
    row("both names: what one lacks, the other gives", formats=JPEG, photo="IMG_1",
        beside={"IMG_1.jpg.xmp": _TITLE, "IMG_1.xmp": packet(bag("dc:subject", "barn"))},
        title="Swallows", keywords=("barn",)),
    row("two photos whose names differ in capitals", formats=JPEG, photo="a",
        beside={"A.jpg": lambda: picture("jpeg", 901), "A.xmp": _OTHER, "a.xmp": _TITLE},
        title="Swallows"),
    row("the other of two photos whose names differ in capitals", formats=JPEG, photo="A",
        beside={"a.jpg": lambda: picture("jpeg", 902), "A.xmp": _OTHER, "a.xmp": _TITLE},
        title="Martins"),
    row("a broken sidecar is told", formats=JPEG, beside={"{stem}.xmp": "<broken"},
        errors=Something()),
    row("an empty sidecar says nothing", formats=JPEG, beside={"{stem}.xmp": ""}, title=""),
]  # fmt: skip

_RAW = b"a camera's file"
_PAIRS = [
    row("a pair: the sidecar of the stem", formats=JPEG, photo="IMG_1",
        beside={"IMG_1.CR2": _RAW, "IMG_1.xmp": _TITLE}, title="Swallows",
        listed=("IMG_1.jpg",)),
    row("a pair: the RAW file's sidecar", formats=JPEG, photo="IMG_1",
        beside={"IMG_1.CR2": _RAW, "IMG_1.CR2.xmp": _TITLE}, title="Swallows"),
    row("a pair: the JPEG's sidecar", formats=JPEG, photo="IMG_1",
        beside={"IMG_1.NEF": _RAW, "IMG_1.jpg.xmp": _TITLE}, title="Swallows"),
    row("a pair: all sidecars count", formats=JPEG, photo="IMG_1",
        beside={"IMG_1.CR2": _RAW, "IMG_1.xmp": _TITLE,
                "IMG_1.CR2.xmp": packet(bag("dc:subject", "barn"), 'xmp:Rating="4"'),
                "IMG_1.jpg.xmp": packet(alt("dc:description", "Our old wall"))},
        title="Swallows", keywords=("barn",), rating=4, description="Our old wall"),
    row("a pair: keywords of all sidecars", formats=JPEG, photo="IMG_1",
        beside={"IMG_1.ARW": _RAW, "IMG_1.xmp": packet(bag("dc:subject", "barn")),
                "IMG_1.ARW.xmp": packet(bag("dc:subject", "owl"))},
        keywords=Has("barn", "owl"), found=("barn", "owl")),
    row("a pair: a date in the RAW file's sidecar", formats=JPEG, photo="IMG_1",
        beside={"IMG_1.DNG": _RAW, "IMG_1.DNG.xmp": packet("", 'photoshop:DateCreated="1965"')},
        taken_at="1965", taken_from="sidecar"),
    row("a pair with capitals", formats=JPEG, photo="img_1",
        beside={"IMG_1.CR3": _RAW, "IMG_1.CR3.XMP": _TITLE}, title="Swallows"),
]  # fmt: skip


def takeout(title: str = "photo.jpg", **values: Any) -> str:
    """Return what Google Takeout writes beside a photo."""
    nowhere = {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0}
    record = {
        "title": title, "description": "", "imageViews": "7", "geoData": nowhere,
        "creationTime": {"timestamp": "1600000000", "formatted": "13 Sept 2020, 12:26:40 UTC"},
        "geoDataExif": nowhere, "url": "https://photos.google.com/photo/AF1Qip", **values,
    }  # fmt: skip
    return json.dumps(record, ensure_ascii=False, indent=2)


def _taken(timestamp: str) -> Mapping[str, Any]:
    return {"photoTakenTime": {"timestamp": timestamp, "formatted": "a day"}}


_FULL = takeout(
    description="Our old wall", people=[{"name": "Ann Lee"}, {"name": "Bo"}], **_taken(_TAKEN),
    geoData={"latitude": 48.8583, "longitude": 2.2945, "altitude": 35.0},
)  # fmt: skip
_WORDS: dict[str, Any] = {"description": "Our old wall"}
_LONG = "IMG_20190704_a_name_that_is_longer_than_Google_Takeout_likes"  # with .jpg, 63 letters
_COVERED = f"{_LONG}.jpg"[:46]


def _takeout(name: str, sidecar: str, photo: str = "photo", text: str = _FULL,
             **wanted: Any) -> Row:  # fmt: skip
    return row(name, formats=JPEG, photo=photo, beside={sidecar: text}, **(wanted or _WORDS))


_TAKEOUT = [
    row("Takeout's description", formats=FILES, beside={"{photo}.json": _FULL}, **_WORDS),
    _takeout("Takeout's date", "{photo}.json", taken_at=Begins("2019-07-04"),
             taken_from="sidecar"),
    _takeout("Takeout's date before 1970", "{photo}.json",
             text=takeout(**_taken("-142000000")), taken_at=Begins("1965-07-02"),
             taken_from="sidecar"),
    _takeout("Takeout's people", "{photo}.json", people=("Ann Lee", "Bo"), found=("ann",)),
    _takeout("Takeout's position", "{photo}.json", position=Near(48.8583, 2.2945)),
    _takeout("Takeout's 0,0 is no place", "{photo}.json", text=takeout(**_taken(_TAKEN)),
             position=None),
    _takeout("Takeout's position of EXIF", "{photo}.json",
             text=takeout(geoDataExif={"latitude": 48.8583, "longitude": 2.2945}),
             position=Near(48.8583, 2.2945)),
    _takeout("Takeout's title is a file name, no title", "{photo}.json", title="",
             source="description"),
    _takeout("Takeout without any words", "{photo}.json", text=takeout(), source="generated",
             errors="", taken_from="file"),
    _takeout("supplemental metadata", "{photo}.supplemental-metadata.json"),
    *(_takeout(f"a cut name: {cut}", f"{{photo}}.{cut}.json")
      for cut in ("supplemental-metadat", "supplemental-meta", "supplemental", "supple", "s")),
    _takeout("a photo's long name, cut to 46 letters", f"{_COVERED}.json", photo=_LONG,
             text=takeout(f"{_LONG}.jpg", description="Our old wall")),
    _takeout("an edited copy", "photo.jpg.json", photo="photo-edited"),
    _takeout("an edited copy with supplemental metadata", "photo.jpg.supplemental-metadata.json",
             photo="photo-edited"),
    _takeout("an edited copy in German", "photo.jpg.json", photo="photo-bearbeitet"),  # debatable
    _takeout("a second photo of one name", "photo.jpg(1).json", photo="photo(1)"),
    _takeout("a second photo, supplemental metadata", "photo.jpg.supplemental-metadata(1).json",
             photo="photo(1)"),
    _takeout("a second photo with its own name", "photo(1).jpg.json", photo="photo(1)"),
    _takeout("an edited copy of a second photo", "photo.jpg(1).json", photo="photo-edited(1)"),
    _takeout("the first photo's JSON isn't the second's", "photo.jpg.json", photo="photo(1)",
             description=""),
    _takeout("the name without the photo's ending", "photo.json"),
    _takeout("capitals in the ending", "{photo}.JSON"),
    _takeout("JSON that is no Takeout", "{photo}.json", text='{"description": 7, "people": "x"}',
             description="", people=()),
    _takeout("a list in JSON", "{photo}.json", text='["a", "b"]', description="",
             listed=("photo.jpg",)),
    _takeout("a list of ExifTool's records in JSON", "{photo}.json", errors="", description="",
             text='[{"SourceFile": "photo.jpg", "EXIF:ImageDescription": "x"}]'),
    _takeout("Takeout's comments", "{photo}.json", found=("kunigunde",), source="generated",
             text=takeout(comments=[{"text": "Kunigunde was here"}])),
    _takeout("Takeout's time of zero", "{photo}.json", text=takeout(**_taken("0")),
             taken_from="file"),
    _takeout("people without names", "{photo}.json", text=takeout(people=[{"name": ""}, {}]),
             people=(), errors=""),
    _takeout("a description with lines and marks", "{photo}.json", description="Tom & Ann at home",
             text=takeout(description="Tom &amp; Ann\nat home")),  # debatable: Google's own escape
    _takeout("the album's own JSON", "metadata.json", text=takeout("An album", description="x"),
             description="", errors=""),
    _takeout("an ending of a motion photo", "photo.MP.jpg.json", photo="photo.MP"),
    _takeout("broken JSON is told", "{photo}.json", text=_FULL[:60], errors=Something()),
    _takeout("JSON with a byte order mark", "{photo}.json", text="\ufeff" + _FULL),
    _takeout("Takeout's date out of the world", "{photo}.json",
             text=takeout(description="Our old wall", **_taken("99999999999999")),
             taken_from="file", **_WORDS),
    row("XMP beside Takeout's JSON goes first", formats=JPEG,
        beside={"{photo}.json": _FULL, "{photo}.xmp": packet(alt("dc:description", "Martins"))},
        description="Martins", people=("Ann Lee", "Bo"), taken_from="sidecar"),
    row("words in the photo stay beside Takeout's", "-XMP-dc:Title=Swallows",
        "-XMP-dc:Subject=barn", formats=JPEG, beside={"{photo}.json": _FULL}, title="Swallows",
        keywords=("barn",), description="Our old wall"),
    row("an edited copy of a HEIC", formats=("heic",), photo="photo-edited",
        beside={"photo.heic.json": _FULL}, **_WORDS),
]  # fmt: skip

ROWS = [*_NAMES, *_PAIRS, *_TAKEOUT]
