"""How names are found: the rank of the right photo, for queries that are hard for a stemmer.

python -m benchmarks.names                      # the ranks, as rows of a table
python -m benchmarks.names --json ranks.json    # and kept
python -m benchmarks.names --before ranks.json  # beside the ranks of another version

Run it with another version of photosearch to compare. For each case of `CASES` there is a library
of its photos with the words that people wrote about them, and of 200 other photos. Captions are
made up, vectors and likeliest words are those of the photos of all kinds that come with the model.
So only a person's words tell the right photo.
"""

from __future__ import annotations

import argparse
import functools
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from captioner.describe.description import Caption, Description
from captioner.describe.model_folder import BACKGROUND, read_settings, shipped_model
from captioner.describe.sentence_encoder import SentenceEncoder
from photosearch import Library
from photosearch.files.file import File
from photosearch.photo.exif import Exif
from photosearch.photo.user_metadata import UserMetadata
from photosearch.store import database
from photosearch.store.descriptions import use_models
from photosearch.store.photos import Photo, write_batch
from photosearch.store.runs import finish_run, start_run

OTHERS = 200
CAPTIONS = (
    "a man and a woman in a park", "this is a street with cars", "two dogs and a cat in the snow",
    "a boat on a lake", "people at a table", "a red flag in the wind", "a cake with candles",
    "a girl uses a phone", "it is a house on a hill", "a beach", "an old church", "a bus",
)  # fmt: skip

Words = dict[str, Any]  # values of `UserMetadata`, and `path`: below the root


def keywords(*words: str) -> Words:
    return {"keywords": words}


def people(*names: str) -> Words:
    return {"people": names}


@dataclass(frozen=True)
class Case:
    """A query, with what a person wrote about the photo that should come first."""

    query: str
    wanted: Words
    others: Sequence[Words] = ()  # of photos that must not come before it

    @property
    def shown(self) -> str:
        """The words of the wanted photo."""
        texts = (value if isinstance(value, str) else ", ".join(value)
                 for value in self.wanted.values())  # fmt: skip
        return "; ".join(texts)


CASES = (
    # Names, and words with the same stem.
    Case("Andes", {"places": ("Andes",)}),
    Case("Ines", people("Ines")),
    Case("Ines on the beach", people("Ines")),
    Case("Thi", people("Thi")),
    Case("Mary", people("Mary"), [people("Marie"), keywords("Marie"), {"title": "Marie"}]),
    Case("Marie", people("Marie"), [people("Mary"), keywords("Mary"), {"title": "Mary"}]),
    Case("Jen", people("Jen"), [people("Jens")]),
    Case("Kunigunde", people("Kunigunde")),
    Case("Kunigunde on the beach", {"path": "Kunigunde/1.jpg"}),
    Case("chelsea eiffel", {"path": "2019/chelsea.png"}),
    # Stop words that are names.
    Case("Will birthday", people("Will") | keywords("birthday"),
         [people("Ana") | keywords("birthday")] * 3),
    Case("will", people("Will")),
    Case("US flag", keywords("US", "flag"), [keywords("flag")] * 3),
    Case("us flag", keywords("US", "flag"), [keywords("flag")] * 3),
    Case("It", {"title": "It"}),
    Case("May", people("May")),
    # Scripts without blanks.
    Case("東京", keywords("東京旅行"), [keywords("京都旅行")]),
    Case("京都", {"path": "2019/京都の桜.jpg"}),
    Case("雷門", {"title": "浅草雷門の夜"}, [{"title": "浅草の夜"}]),
    Case("서울", keywords("서울여행"), [keywords("부산여행")]),
    Case("เชียงใหม่", {"title": "เที่ยวเชียงใหม่"}, [{"title": "เที่ยวภูเก็ต"}]),
    Case("犬", keywords("柴犬")),
    # Letters.
    Case("Strasse", {"places": ("Lange Straße",)}),
    Case("Straße", {"title": "Lange Strasse"}),
    Case("Lodz", {"places": ("Łódź",)}),
    Case("Łódź", keywords("Lodz")),
    Case("Aero", {"places": ("Ærø",)}),
    Case("Muller", people("Hans Müller")),
    Case("Mueller", people("Hans Müller")),
    Case("Müller", people("Eva Mueller")),
    Case("αθηνα", {"places": ("Αθήνα",)}),
    Case("ΑΘΗΝΑ", {"places": ("Αθήνα",)}),
    Case("елка", keywords("Ёлка")),
    Case("tokyo", keywords("ＴＯＫＹＯ")),
    Case("ＴＯＫＹＯ", keywords("Tokyo")),
    Case("ハワイ", keywords("ﾊﾜｲ旅行")),
    Case("istanbul", {"places": ("İSTANBUL",)}),
    Case("Da Nang", {"places": ("Đà Nẵng",)}),
    Case("🎂", {"title": "Lena 🎂"}),
    # Plurals.
    Case("goose", keywords("geese")),
    Case("geese", keywords("goose")),
    Case("buses", {"title": "Our bus"}),
    Case("child", keywords("grandma", "children")),
    Case("knives", keywords("knife")),
    Case("mouse", keywords("mice")),
    # Parts of words.
    Case("beach holiday", {"path": "2018/BeachHoliday.jpg"}),
    Case("obrien", people("Pat O'Brien")),
    Case("O'Brien", keywords("OBrien")),
    Case("O’Brien", people("Pat O'Brien"), [people("Brienne O")]),
    Case("jeanluc", people("Jean-Luc")),
    Case("AC/DC", keywords("AC/DC"), [keywords("DC comics"), keywords("AC")]),
    Case("acdc", keywords("AC/DC")),
    Case("01234", {"path": "2018/DSC01234.jpg"}),
    Case("1234", {"path": "2018/DSC01234.jpg"}, [{"path": "2018/DSC11234.jpg"}]),
    Case("DSC01234", {"path": "2018/DSC01234.jpg"}),
)  # fmt: skip


def build(path: str, case: Case, others: int = OTHERS) -> str:
    """Make a library of the photos of a case, after `others` photos without words of people.

    Returns:
        The path of the photo that should come first; it was indexed last.
    """
    settings = read_settings(shipped_model())
    background = _background()
    words: list[Words] = [*[{}] * others, *case.others, case.wanted]
    batch = [_photo(number, each, background) for number, each in enumerate(words)]
    connection = database.open_for_writing(path)
    run = start_run(connection)
    models = use_models(connection, run, settings["name"], settings["fingerprints"])
    write_batch(connection, run, models, batch, [])
    finish_run(connection, run)
    connection.close()
    return batch[-1].file.path


@functools.cache
def _background() -> Mapping[str, np.ndarray]:
    return dict(np.load(shipped_model() / BACKGROUND))


def _photo(number: int, words: Words, background: Mapping[str, np.ndarray]) -> Photo:
    row = 7 * number % len(background["vectors"])
    seen = Description(
        [Caption(CAPTIONS[number % len(CAPTIONS)], -3.0, 7)],
        (),
        background["vectors"][row].tobytes(),
        float(background["hubness"][row]),
        background["word_ids"][row].astype("<u2").tobytes()
        + background["word_codes"][row].tobytes(),
    )
    name = words.get("path", f"2017/IMG_{number:05}.jpg")
    written = UserMetadata(**{key: value for key, value in words.items() if key != "path"})
    file = File(f"/photos/{name}", 1_000_000, number, number)
    return Photo(file, "/photos", "JPEG", 4, 3, Exif(), seen, written)


def figures_of(library: Library, query: str, wanted: str) -> tuple[int | None, int]:
    """Return the rank of a photo for a query among 100, and how many photos surely match.

    If the photo isn't among 100, its rank is None.
    """
    hits = library.find(query, 100, min_score=0.0)
    found = [result.path for result in hits]
    return found.index(wanted) + 1 if wanted in found else None, len(hits.sure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", type=Path, help="write the ranks here too")
    parser.add_argument("--before", type=Path, help="ranks of another version")
    options = parser.parse_args()
    before = json.loads(options.before.read_text("utf-8")) if options.before else {}
    figures = {}
    encoder = SentenceEncoder.load()
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(CASES):
            path = str(Path(folder, f"{number}.db"))
            wanted = build(path, case)
            with Library(path, load_encoder=lambda: encoder) as library:
                figures[case.query] = figures_of(library, case.query, wanted)
    for case in CASES:
        pairs = [each[case.query] for each in (before, figures) if each]
        cells = [rank or "–" for rank, _ in pairs] + [sure for _, sure in pairs]
        print("|", " | ".join(map(str, (case.query, case.shown, *cells))), "|")
    for each in filter(None, (before, figures)):
        first = sum(rank == 1 for rank, _ in each.values())
        print(
            f"{first} of {len(each)} come first; {sum(s for _, s in each.values())} photos are sure"
        )
    if options.json:
        text = json.dumps(figures, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
