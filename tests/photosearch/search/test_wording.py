"""Wording: names of folders don't swamp what photos show, and a person's exact words still win."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from captioner.describe.description import PARTS, Caption, Description
from captioner.describe.quantise import quantise
from captioner.describe.sentence_encoder import SentenceEncoder
from photosearch.files.file import File
from photosearch.photo.exif import Exif
from photosearch.search import meaning
from photosearch.search.matching import STEM
from photosearch.search.query import Query
from photosearch.search.results import Hits
from photosearch.search.searcher import Searcher
from photosearch.search.wording import PARTLY, own_scores
from photosearch.store import database
from photosearch.store.descriptions import use_models
from photosearch.store.edits import write_edit
from photosearch.store.photos import Photo, write_batch
from photosearch.store.runs import start_run

THINGS = ("church", "laptop", "dog", "beach", "cake", "child", "sofa")


def looks(*things: str) -> np.ndarray:
    """Return the vector of a photo that shows things, or of their names, float32 (16,).

    Half of it has to do with nothing, as in real photos: 3 to 4 standard deviations are left.
    """
    vector = np.zeros(16)
    vector[[THINGS.index(thing) for thing in things]] = 1 / max(len(things), 1) ** 0.5
    vector[15] = 1
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


@dataclass
class Encoder:
    """A text tower that knows the names of things, and a word for a dog and a child."""

    fingerprint: str = "vectors 1"

    def __post_init__(self) -> None:
        others = np.random.default_rng(0).normal(size=(500, 16))
        self.background = quantise(others / np.linalg.norm(others, axis=1, keepdims=True))
        self.background_hubness = np.zeros(500, np.float32)
        self.ranking: Mapping[str, float] = {}
        self.background_words = None

    def listed(self) -> Collection[str]:
        return THINGS

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        return np.stack([
            looks(*(thing for thing in THINGS if thing in sentence.lower()))
            for sentence in sentences
        ])  # fmt: skip


Find = Callable[[str], Hits]


@pytest.fixture
def find(tmp_path: Path) -> Iterator[Find]:
    """Search a library of 80 photos, most of them in folders with names of other things."""
    connection = database.open_for_writing(str(tmp_path / "library.db"))
    run = start_run(connection)
    models = use_models(connection, run, "fake", {part: f"{part} 1" for part in PARTS})
    photos: list[tuple[str, str, tuple[str, ...]]] = [
        *((f"Backup old phone/{n}.jpg", "a man in a room", ()) for n in range(30)),
        *((f"Old laptop/{n}.jpg", "a dog on a lawn", ("dog",)) for n in range(8)),
        *((f"2019/church{n}.jpg", "a building with a tower", ("church",)) for n in ("", 1)),
        ("2019/IMG_1234.jpg", "a laptop on a table", ("laptop",)),
        ("2019/IMG_1235.jpg", "a computer", ("laptop",)),
        *((f"Kunigunde/{n}.jpg", "a woman", ()) for n in range(4)),
        *((f"2018/IMG_{n}.jpg", "a beach", ("beach",)) for n in range(5)),
        *((f"Grandma's birthday/{n}.jpg", "people at a table", ()) for n in range(6)),
        *((f"2017/{n}.jpg", "a cake", ("cake",)) for n in range(9)),
        ("2017/a.jpg", "a kid on a couch", ("child", "sofa")),
        ("2017/b.jpg", "two geese", ()),
        *((f"2016/{n}.jpg", "a street", ()) for n in range(11)),
    ]
    batch = [
        Photo(
            File(f"/p/{name}", 1, 1, number), "/p", "JPEG", 4, 3, Exif(),
            Description([Caption(text, -1.0, 3)], (), quantise(looks(*things)).tobytes()),
        )
        for number, (name, text, things) in enumerate(photos)
    ]  # fmt: skip
    write_batch(connection, run, models, batch, [])
    assert write_edit(connection, "/p/2016/3.jpg", "where Kunigunde lives")
    encoder = cast(SentenceEncoder, Encoder())
    searcher = Searcher(connection, lambda: meaning.load(connection, encoder))
    yield lambda text: searcher.find(Query(text, 20, min_score=0.0))
    connection.close()


def places(hits: Hits, count: int) -> list[str]:
    return [result.path.removeprefix("/p/") for result in hits[:count]]


def test_one_word_of_a_folder_does_not_beat_what_photos_show(find: Find) -> None:
    assert {*places(find("old church"), 2)} == {"2019/church.jpg", "2019/church1.jpg"}
    found = places(find("laptop on a desk"), 2)
    assert {*found} == {"2019/IMG_1234.jpg", "2019/IMG_1235.jpg"}


@pytest.mark.parametrize(
    ("text", "folder", "count"),
    [
        ("Kunigunde", "Kunigunde/", 4), ("kunigunde on the beach", "Kunigunde/", 4),
        ("grandma's birthday", "Grandma's birthday/", 6), ("old phone", "Backup old phone/", 20),
        ("2018", "2018/", 5),
    ],
)  # fmt: skip
def test_the_exact_words_of_a_person_win(find: Find, text: str, folder: str, count: int) -> None:
    found = [place for place in places(find(text), count + 1) if place != "2016/3.jpg"]
    assert all(place.startswith(folder) for place in found[:count])


@pytest.mark.parametrize("text", ["IMG_1234", "img 1234.jpg", "1234"])
def test_file_names_are_found(find: Find, text: str) -> None:
    assert places(find(text), 1) == ["2019/IMG_1234.jpg"]


def test_a_caption_by_a_person_is_surer_than_a_folder(find: Find) -> None:
    hits = find("Kunigunde")
    assert places(hits, 1) == ["2016/3.jpg"]
    assert hits[0].parts["own"].value == 1 > hits[1].parts["own"].value > 0.5


def test_a_synonym_finds_and_the_evidence_shows_it(find: Find) -> None:
    for text in ("child on a sofa", "children", "kids on couches"):
        first = find(text)[0]
        assert first.path == "/p/2017/a.jpg"
        assert {*first.matches["caption"]} <= {"kid", "couch"}
        assert first.matches["caption"]
    (start, end), *_ = find("goose")[0].marks
    assert find("goose")[0].caption[start:end] == "geese"


def test_a_synonym_counts_less_than_the_word(find: Find) -> None:
    exact, other = (find(text)[0].parts["words"].value for text in ("couch", "sofa"))
    assert exact > other > 0
    form, itself = (find(text)[0].parts["words"].value for text in ("goose", "geese"))
    assert form == itself


matrices = arrays.arrays(float, (5, 3), elements=st.floats(0, 1))


@given(
    near=matrices,
    trust=matrices,
    rarity=arrays.arrays(float, 3, elements=st.floats(0.01, 9)),
    visible=arrays.arrays(bool, 3),
)
def test_what_a_person_wrote_is_a_share_of_the_query(
    near: np.ndarray, trust: np.ndarray, rarity: np.ndarray, visible: np.ndarray
) -> None:
    held = near * trust
    nobody = np.zeros((5, 3))
    found = own_scores(held, near, nobody, rarity, visible)
    for value, row, spelt in zip(found.tolist(), held.tolist(), near.tolist(), strict=True):
        total = sum(rarity)
        factors = [PARTLY if seen and not all(spelt) else 1.0 for seen in visible]
        triples = zip(row, rarity, factors, strict=True)
        sure = sum(part * weight * factor for part, weight, factor in triples) / total
        there = sum(part * weight for part, weight in zip(spelt, rarity, strict=True)) / total
        assert value == pytest.approx(sure * there, abs=1e-6)
        assert 0 <= value <= sure + 1e-6
    ones = np.ones((1, 3))
    assert own_scores(ones, ones, ones, rarity, visible)[0] == pytest.approx(1)
    nothing = np.zeros((2, 3))
    assert own_scores(nothing, nothing, nothing, np.zeros(3), visible).tolist() == [0, 0]


def test_the_name_of_a_person_counts_once_if_nobody_sees_it() -> None:
    """Of two words, each as rare as the other, a photo holds the first."""
    first = np.array([[1.0, 0.0]])
    nobody, rarity = np.zeros((1, 2)), np.ones(2)
    for person, visible, expected in (
        (nobody, [False, False], 0.25), (first, [False, False], 0.5),
        (first, [False, True], 0.5), (first, [True, False], 0.25 * PARTLY),
        (STEM * first, [False, False], 0.25),
    ):  # fmt: skip
        found = own_scores(first, first, person, rarity, np.array(visible))
        assert found[0] == pytest.approx(expected)
