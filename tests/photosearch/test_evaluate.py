"""Evaluation: ranks summed up as a naive version does, and input told apart from figures."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photosearch import evaluate
from photosearch.errors import UsageError
from photosearch.evaluate import (
    DEPTH,
    Figures,
    Queries,
    WordFigures,
    figures,
    link,
    read_queries,
    single_words,
    table,
    word_figures,
)

ranks_of_photos = st.lists(
    st.lists(st.integers(1, DEPTH) | st.just(math.inf), min_size=1, max_size=4),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(photos=ranks_of_photos)
def test_figures_are_what_counting_gives(photos: list[list[float]]) -> None:
    ranks = [rank for photo in photos for rank in photo]
    names = [f"{number}.jpg" for number, photo in enumerate(photos) for _ in photo]
    found = figures(np.array(ranks), names, 0.25)
    for k in (1, 5, 10):
        assert found.recall[k] == pytest.approx(sum(rank <= k for rank in ranks) / len(ranks))
        low, high = found.interval[k]
        assert 0 <= low <= high <= 1
        of_photos = [sum(rank <= k for rank in photo) / len(photo) for photo in photos]
        assert min(of_photos) - 1e-9 <= low and high <= max(of_photos) + 1e-9
    assert found.ndcg == pytest.approx(sum(1 / math.log2(1 + rank) for rank in ranks) / len(ranks))
    assert found.median_rank == pytest.approx(float(np.median(ranks)))
    assert found.nothing == 0.25


def test_the_interval_narrows_with_photos_not_with_their_captions() -> None:
    def width(photos: int, captions: int) -> float:
        hits = np.arange(photos) % 2 * 99 + 1.0  # every second photo is found first
        names = [str(photo) for photo in range(photos) for _ in range(captions)]
        low, high = figures(np.repeat(hits, captions), names).interval[1]
        return high - low

    assert width(400, 1) == pytest.approx(2 * 1.96 * 0.5 / 20, rel=0.15)  # the normal's
    assert width(400, 5) == pytest.approx(width(400, 1))
    assert width(100, 1) == pytest.approx(2 * width(400, 1), rel=0.2)


def test_queries_are_the_captions_of_the_photos_named(tmp_path: Path) -> None:
    captions, names = tmp_path / "captions.tsv", tmp_path / "names.txt"
    captions.write_text("b.jpg\ta dog\na.jpg\ta cat\nb.jpg\ta hound\n", encoding="utf-8")
    every = read_queries(captions)
    assert (every.pool, every.texts) == (["a.jpg", "b.jpg"], ["a cat", "a dog", "a hound"])
    assert every.names == ["a.jpg", "b.jpg", "b.jpg"]
    names.write_text("b.jpg\nc.jpg\n", encoding="utf-8")
    some = read_queries(captions, names)
    assert (some.pool, some.names) == (["b.jpg", "c.jpg"], ["b.jpg", "b.jpg"])
    names.write_text("c.jpg\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no captions of these photos"):
        read_queries(captions, names)
    with pytest.raises(UsageError, match=r"can't read .*nowhere\.tsv"):
        read_queries(tmp_path / "nowhere.tsv")
    for damaged in (b"\xff\xfe", b"no tab"):
        names.write_bytes(damaged)
        with pytest.raises(UsageError):
            read_queries(names)


def test_photos_are_linked_not_copied(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"a photo")
    for _ in range(2):  # the second time they are there
        link(tmp_path / "photos", ["a.jpg"], tmp_path / "pool")
    (linked,) = (tmp_path / "pool").iterdir()
    assert linked.is_symlink() and linked.read_bytes() == b"a photo"
    (tmp_path / "others").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "others" / name).write_bytes(b"another")
    link(tmp_path / "others", ["a.jpg", "b.jpg"], tmp_path / "pool")
    assert (tmp_path / "pool" / "a.jpg").read_bytes() == b"another"
    link(tmp_path / "others", ["b.jpg"], tmp_path / "pool")
    assert [path.name for path in (tmp_path / "pool").iterdir()] == ["b.jpg"]
    for name in ("../x.jpg", "sub/x.jpg", "/x.jpg", ".x.jpg", "x", ".."):
        with pytest.raises(UsageError, match="is no file name of a photo"):
            link(tmp_path, [name], tmp_path / "pool")
    (tmp_path / "pool" / "own.txt").write_text("mine")
    with pytest.raises(UsageError, match="is in the way"):
        link(tmp_path / "others", ["b.jpg"], tmp_path / "pool")
    with pytest.raises(UsageError, match=r"b\.jpg is not there, but has captions"):
        link(tmp_path / "photos", ["b.jpg"], tmp_path / "pool")


def test_json_has_no_infinity_and_the_table_says_how_deep() -> None:
    never = Figures({1: 0.0, 5: 0.0, 10: 0.125}, dict.fromkeys((1, 5, 10), (0.0, 0.5)),
                    math.inf, 0.03, 1.0)  # fmt: skip
    assert json.loads(evaluate.as_json({"words": never}))["words"]["median_rank"] is None
    assert "Infinity" not in evaluate.as_json({"words": never})
    *_, line = table({"words": never})
    assert line == (
        "| words | 0.0 (0.0–50.0) | 0.0 (0.0–50.0) | 12.5 (0.0–50.0) | > 100 | 3.0 | 100.0 "
        "| – | – |"
    )
    of_words = replace(never, words=WordFigures(7, 0.25, 0.125))
    assert json.loads(evaluate.as_json({"words": of_words}))["words"]["words"] == {
        "count": 7, "precision": 0.25, "average_precision": 0.125,
    }  # fmt: skip
    head, rule, line = table({"words": of_words})
    assert line.endswith("| 25.0 | 12.5 |")
    assert head.count("|") == rule.count("|") == line.count("|")


def test_single_words_are_neither_rare_nor_everywhere() -> None:
    said = {
        "a": ["a dog on a bus", "two dogs"], "b": ["a Dog runs"], "c": ["dogs running", "buses"],
        "d": ["a pony and a bus", "a runner"], "e": ["ponies"], "f": ["3 3 x"],
        "g": ["3 x", "ponys"], "h": ["3 x"], "i": ["a cat"], "j": ["two cats"],
        "k": ["a cat"], "l": ["one of them"],
    }  # fmt: skip
    pairs = [(text, name) for name, texts in said.items() for text in texts]
    texts, names = [text for text, _ in pairs], [name for _, name in pairs]
    found = single_words(Queries([*said], texts, names))
    # Numbers and single letters are no words; "runs" and "runner" have different stems.
    assert [(word.text, "".join(sorted(word.names))) for word in found] == [
        ("bus", "acd"), ("cat", "ijk"), ("dogs", "abc"), ("ponys", "deg"),
    ]  # fmt: skip
    everywhere = single_words(Queries([*said][:8], texts[:11], names[:11]))
    assert everywhere == []  # three of eight photos are more than a third


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.booleans(), max_size=12), st.integers(0, 150)),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_figures_of_words_are_what_counting_gives(words: list[tuple[list[bool], int]]) -> None:
    relevant = [max(sum(right) + more, 1) for right, more in words]
    found = word_figures([np.array(right) for right, _ in words], relevant)
    assert found is not None and found.count == len(words)
    precision, average = [], []
    for (right, _), there in zip(words, relevant, strict=True):
        precision.append(sum(right[:5]) / 5)
        at = [sum(right[: k + 1]) / (k + 1) for k in range(len(right)) if right[k]]
        average.append(sum(at) / min(there, DEPTH))
    assert found.precision == pytest.approx(sum(precision) / len(words))
    assert found.average_precision == pytest.approx(sum(average) / len(words))
    assert word_figures([], []) is None
