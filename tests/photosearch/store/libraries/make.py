"""Make the library of a schema with the code of its time; see README.md beside this.

    python make.py SCHEMA FOLDER

FOLDER gets `schema-SCHEMA.db`, and `schema-SCHEMA.json`: what that code finds in it. It runs
only where `import photosearch` gives code of that schema.
"""

# mypy: ignore-errors
# ruff: noqa
# It calls code that is no longer there.

import contextlib
import json
import os
import shutil
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

ALBUM = "/srv/photosearch-frozen/album"  # no folder of anybody's
CAPTIONS = [
    ("a boat in the harbour", "two boats at sea", ["boat", "sea"]),
    ("a dog runs on a beach", "dogs play in the sand", ["dog", "beach"]),
    ("a café at night", "people sit at a table", ["café", "night"]),
    ("a red car on a street", "a car is parked", ["car", "red"]),
    ("a child with a balloon", "two children laugh", ["child", "balloon"]),
    ("snow on a mountain", "a mountain in winter", ["mountain", "snow"]),
    ("a cat sleeps on a chair", "a black cat", ["cat", "black"]),
    ("a bicycle by a wall", "bicycles on a street", ["bicycle", "wall"]),
    ("a bird on a branch", "birds in a tree", ["bird", "tree"]),
]
QUERIES = [
    "boat", "dog", "cafe", "a dog on the beach", "red car", "canon", "harbour", "mine", "mountain",
    "children", "2019", "street", "ferry lisbon", "trip", "nothing like it",
]  # fmt: skip


@dataclass(frozen=True)
class Caption:
    text: str
    log_probability: float
    tokens: int
    confidence: float | None = None  # this and the words from schema 6 on
    words: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Tag:
    text: str
    synonyms: tuple[str, ...]
    probability: float
    shown: bool


@dataclass(frozen=True)
class Description:
    captions: list[Caption] | None
    tags: list[Tag] | None
    vector: bytes | None
    hubness: float
    words: bytes | None = None  # from schema 6 on


class Describer:
    """Says of a picture in one grey what stands in that row of `CAPTIONS`."""

    name, fingerprint, image_size, batch_size = "frozen", "frozen-1", 8, 4
    fingerprints = {"captions": "frozen-c", "tags": "frozen-t", "vectors": "frozen-v"}

    def caption_pixels(self, pixels):
        return [self._captions(self._row(each)) for each in pixels]

    def describe_pixels(self, pixels, parts=("captions", "tags", "vectors")):
        return [self._describe(self._row(each), parts) for each in pixels]

    def _row(self, pixels):
        return round(float(pixels.mean()) / 20)

    def _captions(self, row):
        return [
            Caption(
                text,
                -1.5 - rank - row / 8,
                len(text.split()) + 1,
                (row + 1) / (10 + rank),
                tuple((word, 0.5 + row / 20) for word in text.split()),
            )
            for rank, text in enumerate(CAPTIONS[row][:2])
        ]

    def _describe(self, row, parts):
        tags = [
            Tag(tag, (f"{tag}like",), 0.9 - rank / 2, rank == 0)
            for rank, tag in enumerate(CAPTIONS[row][2])
        ]
        vector = np.random.default_rng(row).integers(-127, 128, 16, dtype=np.int8).tobytes()
        return Description(
            self._captions(row) if "captions" in parts else None,
            tags if "tags" in parts else None,
            vector if "vectors" in parts else None,
            row / 16,
            likeliest(row) if "tags" in parts else None,
        )


def likeliest(row):
    """Return the likeliest words as schema 6 keeps them: 40 of each photo."""
    words, codes = np.arange(row, row + 40, dtype="<u2"), np.arange(40, dtype=np.uint8)
    return words.tobytes() + codes.tobytes()


def draw(path, row, *, camera="", taken="", day=1):
    """Draw a picture that the describer knows, of a size and time of its own."""
    os.makedirs(os.path.dirname(path) or b".", exist_ok=True)
    exif = Image.Exif()
    if camera:
        exif[0x0110] = camera
    if taken:
        exif[0x0132] = taken
    kind = "PNG" if os.fsencode(path).endswith(b".png") else "JPEG"
    with open(path, "wb") as file:
        Image.new("RGB", (24 + 2 * row, 16), (20 * row,) * 3).save(file, kind, exif=exif)
    set_time(path, day)


def set_time(path, day):
    os.utime(path, (1_560_000_000 + day * 86_400,) * 2)


def write(path, text, day=1):
    Path(path).write_text(text, encoding="utf-8")
    set_time(path, day)


def sidecar(title, description, keyword):
    return f"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<rdf:Description xmp:Rating="4">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{description}</rdf:li></rdf:Alt>
</dc:description><dc:subject><rdf:Bag><rdf:li>{keyword}</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def remember_model(db):
    """Let the library remember the folder of its model, which is nowhere."""
    from photosearch.store.library_model import remember

    with contextlib.closing(sqlite3.connect(db)) as connection, connection:
        remember(connection, db, Path(ALBUM).parent / "model")


def edit(db, name, caption):
    from photosearch.library import Library

    with Library(db) as library:
        library.edit(f"{ALBUM}/{name}", caption)


def index(db):
    from photosearch.library import Library

    with Library(db) as library:
        summary = library.index([ALBUM], load=Describer, workers=0, batch_size=4)
    print({name: value for name, value in vars(summary).items() if value and name != "stages"})


def live(db, schema):
    """Let the library live: photos come, go, move, are captioned and overwritten."""
    draw(f"{ALBUM}/harbour/boat.jpg", 0, camera="Canon EOS 5D", taken="2019:07:04 12:34:56")
    draw(f"{ALBUM}/trip to Lisbon/dog 1.jpg", 1, camera="Canon EOS 5D", day=2)
    draw(f"{ALBUM}/trip to Lisbon/night.png", 2, day=3)
    draw(f"{ALBUM}/IMG_20190704_123456.jpg", 3, day=4)
    draw(os.fsencode(ALBUM) + b"/caf\xe9.jpg", 4, camera="Phone", day=5)
    draw(f"{ALBUM}/new\nline.png", 5, day=6)
    draw(f"{ALBUM}/cat.png", 6, day=7)
    write(f"{ALBUM}/broken.jpg", "no picture")
    write(f"{ALBUM}/empty.png", "")
    draw(f"{ALBUM}/closed/hidden.jpg", 7)
    os.chmod(f"{ALBUM}/closed", 0)
    if schema > 2:
        write(f"{ALBUM}/harbour/boat.jpg.xmp", sidecar("Lisbon", "The ferry leaves", "ferry"))
        write(f"{ALBUM}/cat.xmp", "damaged", day=8)
        write(f"{ALBUM}/trip to Lisbon/dog 1.xmp", "damaged as well", day=8)
    index(db)
    if schema > 1:
        edit(db, "trip to Lisbon/night.png", "mine: our café")
        edit(db, "cat.png", "mine: the cat Tom")
    os.unlink(f"{ALBUM}/new\nline.png")  # is missing from now on
    # Another photo, known before, comes where one was: that one is set aside.
    os.replace(f"{ALBUM}/IMG_20190704_123456.jpg", f"{ALBUM}/trip to Lisbon/night.png")
    index(db)
    os.unlink(f"{ALBUM}/cat.png")
    index(db)
    draw(f"{ALBUM}/cat.png", 8, day=9)  # a new one, where one that a person captioned was
    if schema > 2:
        shutil.copyfile(f"{ALBUM}/harbour/boat.jpg", f"{ALBUM}/harbour/copy of boat.jpg")
        set_time(f"{ALBUM}/harbour/copy of boat.jpg", 1)
    index(db)
    if schema > 5:
        remember_model(db)


def findings(db, schema):
    """Return the results of each query, by ranker."""
    from photosearch.library import Library

    names = ("path", "score", "caption", "matches", "tags", "taken_at", "taken_from")
    found = {}
    with Library(db) as library:
        for ranker in ("fts5",) if schema == 1 else ("fts5", "bm25+"):
            options = {} if schema == 1 else {"ranker": ranker}
            found[ranker] = {
                query: [
                    {name: getattr(each, name) for name in names if hasattr(each, name)}
                    for each in library.find(query, None, **options)
                ]
                for query in QUERIES
            }
    return found


def start(top):
    """Begin with an empty album."""
    shutil.rmtree(top, ignore_errors=True)
    os.makedirs(ALBUM)
    os.chmod(top, 0o777)
    os.chmod(ALBUM, 0o777)


def main(schema, folder):
    try:
        from photosearch.database import SCHEMA
    except ModuleNotFoundError:  # from schema 5 on
        from photosearch.store.schema import SCHEMA

    assert schema == SCHEMA, f"this code makes schema {SCHEMA}"
    top = os.path.dirname(ALBUM)
    db = f"{top}/library.db"
    if os.geteuid() == 0:
        # Root sees into the closed folder, nobody may not see the code: it is imported before.
        start(top)
        live(db, schema)
        findings(db, schema)
    start(top)
    if os.geteuid() == 0:
        os.seteuid(65534)
    live(db, schema)
    found = findings(db, schema)
    os.chmod(f"{ALBUM}/closed", 0o755)
    os.seteuid(os.getuid())
    with contextlib.closing(sqlite3.connect(db)) as connection:  # small, and in one file
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA page_size = 1024")
        connection.execute("VACUUM")
    shutil.copyfile(db, f"{folder}/schema-{schema}.db")
    with open(f"{folder}/schema-{schema}.json", "w", encoding="utf-8") as file:
        json.dump(found, file, ensure_ascii=True, indent=1, sort_keys=True)
        file.write("\n")
    shutil.rmtree(top)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
