"""Names: what people wrote is found by every spelling, and comes first."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.names import CASES, Case, build
from captioner.describe.description import PARTS, Caption, Description
from captioner.describe.sentence_encoder import SentenceEncoder
from photosearch import Library
from photosearch.files.file import File
from photosearch.photo.exif import Exif
from photosearch.photo.user_metadata import UserMetadata
from photosearch.search.query import Query, Ranker
from photosearch.search.results import Hits, Nothing
from photosearch.search.searcher import Searcher
from photosearch.search.seen import Likeliest, Seen
from photosearch.store import database
from photosearch.store.descriptions import use_models
from photosearch.store.photos import Photo, write_batch
from photosearch.store.runs import start_run
from photosearch.store.search_fields import FIELD_NAMES
from photosearch.text import one_line, searchable

# What means something to FTS5 or to nobody, and letters that are folded.
AWKWARD = st.sampled_from([
    '"', "'", "*", "^", "-x", "AND", "NEAR(", "col:x", "(", ";", "%", "_", "\ue000", "🐶",
    "👨‍👩‍👧", "İ", "ß", "ﬁ", "²", "①",
    "e\u0301", "\u0301", "\u200d", "ก็", "नमस्ते", "日本語", "한국어", "日", "ﾊﾟ",
    "O'", "A/B", "x0", "00", "🇺🇸", "US", "Will", "the", "'s", "-", "\U000e0041",
])  # fmt: skip


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder.load()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.query)
def test_a_name_comes_first(case: Case, encoder: SentenceEncoder, tmp_path: Path) -> None:
    """With the shipped model among photos of all kinds, and by words alone."""
    path = str(tmp_path / "names.db")
    wanted = build(path, case)
    fields = {field for each in case.wanted for field in FIELDS.get(each, (each,))}
    with Library(path, load_encoder=lambda: encoder) as library:
        for ranker in (Ranker.FUSED, Ranker.BM25_PLUS):
            first = library.find(case.query, ranker=ranker)[0]
            assert first.path == wanted
            assert not {*first.matches}.isdisjoint(fields)
        found = [result.path for result in library.find(case.query, ranker=Ranker.FTS5)]
        assert wanted in found or case.query in SYNONYMS


# Where the values of a case are searched, if their names differ.
FIELDS = {"places": ("place",), "path": ("folder", "filename")}
# The ranker of the text index knows none.
SYNONYMS = ("goose", "geese", "buses", "child", "knives", "mouse", "O'Brien", "ＴＯＫＹＯ")

Finds = Callable[..., Hits]
ALL = 100


@pytest.fixture
def finds(tmp_path: Path) -> Iterator[Finds]:
    """Search a library of photos, by the words that people wrote; they are numbered from 0."""
    connection = database.open_for_writing(str(tmp_path / "library.db"))
    run = start_run(connection)
    models = use_models(connection, run, "fake", {part: f"{part} 1" for part in PARTS})

    def finds(photos: Sequence[dict[str, Any]], query: str, **asked: Any) -> Hits:
        batch = [
            Photo(
                File(f"/p/{words.get('path', str(number))}", 1, 1, number), "/p", "JPEG", 4, 3,
                Exif(), Description([Caption(words.get("caption", "a room"), -1.0, 3)]),
                UserMetadata(**{k: v for k, v in words.items() if k not in ("path", "caption")}),
            )
            for number, words in enumerate(photos)
        ]  # fmt: skip
        with connection:
            connection.execute("DELETE FROM photos")
        write_batch(connection, run, models, batch, [])
        ranker = Ranker.named(asked.pop("ranker", "fused"))
        return Searcher(connection, lambda: None).find(Query(query, ALL, ranker, **asked))

    yield finds
    connection.close()


def paths(hits: Hits) -> list[str]:
    return [result.path.removeprefix("/p/") for result in hits]


@pytest.mark.parametrize("ranker", ["fused", "fts5"])
@pytest.mark.parametrize(
    ("query", "caption"), [("Andes", "a man and a dog"), ("Ines", "in a room"), ("Thi", "this")]
)
def test_a_stop_words_stem_finds_nothing(
    finds: Finds, query: str, caption: str, ranker: str
) -> None:
    others = [{"caption": caption, "title": caption, "keywords": (caption,)}] * 3
    assert not finds(others, query, ranker=ranker)
    hits = finds([*others, {"people": (query,)}], query, ranker=ranker)
    assert paths(hits) == ["3"] and hits[0].matches == {"people": [query.lower()]}


def test_many_photos_with_a_stop_word_hide_no_name(finds: Finds) -> None:
    """More photos than are looked at closely hold "and"."""
    others = [{"title": "you and me"}] * 250
    assert paths(finds([*others, {"title": "The Andes"}], "andes")) == ["250"]


def test_marie_is_no_mary(finds: Finds) -> None:
    photos = [{"people": ("Marie",)}, {"title": "Marie"}, {"people": ("Mary",)}]
    assert paths(finds(photos, "Mary")) == ["2", "1"]
    assert paths(finds(photos, "marie"))[0] in "01"
    assert "2" not in paths(finds(photos, "marie"))
    assert paths(finds([{"title": "dogs"}, {"title": "dog"}], "dog")) == ["1", "0"]


def test_a_stop_word_that_is_a_name_is_a_word(finds: Finds) -> None:
    birthday = {"keywords": ("birthday",)}
    will = {"people": ("Will",), "keywords": ("birthday",)}
    assert paths(finds([birthday, will, birthday], "will birthday"))[0] == "1"
    # Without Will in the library, "will" says nothing.
    assert finds([birthday], "will birthday").query.words == ("birthday",)
    assert finds([birthday, {"title": "we will go"}], "will birthday").query.words == ("birthday",)
    flag = {"keywords": ("flag",)}
    photos: list[dict[str, Any]] = [
        {"keywords": ("US", "flag")}, {"title": "A flag of the U.S.", "keywords": ("flag",)},
        {"path": "US/flag.jpg", "keywords": ("flag",)},
    ]  # fmt: skip
    for us in photos:
        for query in ("US flag", "us flag"):
            hits = finds([flag, {"caption": "a flag of us"}, us], query)
            assert paths(hits)[0] == us.get("path", "2")
            assert hits.query.words == ("us", "flag")
    it = {"title": "It", "caption": "it is it"}
    hits = finds([{"caption": "it is it"}, it], "it")
    assert paths(hits) == ["1"] and hits[0].sure and hits[0].matches["title"] == ["it"]


@pytest.mark.parametrize("folder", ["Photos", "All photos", "Me and you", "Pictures of the show"])
def test_usual_folders_make_no_names(finds: Finds, folder: str) -> None:
    hits = finds([{"path": f"{folder}/1.jpg", "title": "dog"}], "photos and pictures of me and dog")
    assert hits.query.words == ("dog",)


def test_an_emoji_is_a_word_if_the_library_has_it(finds: Finds) -> None:
    photos = [{"title": "Lena 🎂🎂"}, {"title": "Lena"}, {"keywords": ("👩🏽‍🚀", "🇺🇸")}]
    hits = finds(photos, "🎂 lena")
    assert (hits.query.words, paths(hits)) == (("🎂", "lena"), ["0", "1"])
    assert hits[0].matches["title"] == ["lena", "🎂"]
    assert paths(finds(photos, "👩")) == paths(finds(photos, "🇺🇸")) == ["2"]
    hits = finds(photos, "🐶")
    assert not hits and hits.nothing is Nothing.NOT_ASKED


@pytest.mark.parametrize("ranker", ["fused", "fts5"])
def test_a_spelling_counts_only_in_the_fields_asked_for(finds: Finds, ranker: str) -> None:
    photos = [
        {"people": ("Eva Straßer",)}, {"title": "Straßer"}, {"path": "BeachHoliday/2.jpg"},
        {"keywords": ("東京旅行",)}, {"title": "夏の東京"}, {"keywords": ("🎂",)},
    ]  # fmt: skip
    for query, fields, found in (
        ("strasser", ["people"], "0"), ("strasser", ["title"], "1"), ("strasser", ["folder"], ""),
        ("holiday", ["folder"], "2"), ("holiday", ["filename"], ""), ("東京", ["title"], "4"),
        ("東京", ["keywords", "title"], "34"), ("🎂", ["keywords"], "5"), ("🎂", ["title"], ""),
    ):  # fmt: skip
        hits = finds(photos, query, fields=fields, ranker=ranker)
        assert sorted(Path(path).stem for path in paths(hits)) == list(found)


def test_evidence_names_the_field_where_the_word_stands(finds: Finds) -> None:
    (result,) = finds([{"people": ("Eva Straßer",), "places": ("Łódź",)}], "strasser lodz")
    assert result.matches == {"people": ["straßer"], "place": ["łódź"]}
    (result,) = finds([{"keywords": ("夏の東京旅行",)}], "東京")
    assert result.matches == {"keywords": ["東京"]}


def test_what_the_model_sees_hardly_anywhere_is_a_name(encoder: SentenceEncoder) -> None:
    """The word head knows both kinds of words."""
    assert encoder.background_words is not None
    background = Likeliest(*encoder.background_words)
    nothing = Likeliest(background.ids[:0], background.codes[:0])
    seen = Seen(encoder.words, nothing, np.zeros(0, bool), background)
    for word in ("chelsea", "paris", "rome", "obama"):
        assert encoder.words().find(word) is not None and not seen.sees(word)
    for word in ("old", "church", "phone", "dogs", "laptop", "rose"):
        assert seen.sees(word)
    assert not seen.sees("kunigunde")


SHARED = [HealthCheck.function_scoped_fixture]  # `finds` removes all photos first


@settings(max_examples=60, deadline=None, suppress_health_check=SHARED)
@given(text=st.lists(AWKWARD | st.text(max_size=4), max_size=5).map(" ".join))
def test_nothing_typed_or_written_upsets_a_search(finds: Finds, text: str) -> None:
    written = one_line(searchable(text), 200)
    hits = finds([{"title": written, "keywords": (written,), "people": (written,)}], written)
    if written and not hits.query.words:
        assert hits.nothing is Nothing.NOT_ASKED
    for result in hits:
        assert result.matches.keys() <= {*FIELD_NAMES}
    finds([{"title": "dog"}], text)
    assert finds([{"title": text.replace("\0", "")}], "zebra", fields=["people"]) == []


@pytest.mark.parametrize("query", ["京東", "東旅", "東京都"])
def test_all_pairs_of_letters_must_match(finds: Finds, query: str) -> None:
    assert not finds([{"keywords": ("東京旅行", "京都")}], query)
