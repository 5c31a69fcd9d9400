"""Evaluation: how often the search finds a photo by the photo's own caption, and by its words."""

from __future__ import annotations

import json
import math
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from captioner.errors import CaptionerError
from captioner.training.data import read_captions
from photosearch.errors import UsageError
from photosearch.files.names import is_photo_name
from photosearch.library import Library
from photosearch.search.query import Ranker
from photosearch.search.query import words as words_of
from photosearch.search.stems import Stemmer
from photosearch.store.search_fields import CAPTION_FIELDS

DEPTH = 100  # results of a query; a photo with a higher rank counts as not found
RESAMPLES = 1000
FEWEST = 3  # photos of a single word; a rarer word says little about the search
LARGEST_SHARE = 1 / 3  # of the photos; almost any photo is right for a more frequent word
FIRST = 5  # results of a single word that P@5 counts
PLURALS = (("ies", "y"), ("es", ""), ("s", ""))  # endings, and the endings of the singular

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Way:
    """One way to search."""

    name: str
    ranker: Ranker = Ranker.FUSED
    fields: tuple[str, ...] | None = None  # None: all
    min_score: float | None = 0.0  # None: the threshold that users have
    only_sure: bool = False  # whether photos that only may match don't count


WAYS = (
    Way("BM25 of FTS5, one caption", Ranker.FTS5, ("caption",)),
    Way("BM25 of FTS5, all captions", Ranker.FTS5, CAPTION_FIELDS),
    Way("BM25 of FTS5, tags", Ranker.FTS5, ("tags",)),
    Way("BM25 of FTS5, all text", Ranker.FTS5),
    Way("BM25+, all text", Ranker.BM25_PLUS),
    Way("vector", Ranker.MEANING),
    Way("vector and captions", Ranker.FUSED, CAPTION_FIELDS),
    Way("vector and all text (find)", Ranker.FUSED),
    Way("as find shows it, sure and perhaps", Ranker.FUSED, None, None),
    Way("as find shows it, only sure", Ranker.FUSED, None, None, only_sure=True),
)


@dataclass(frozen=True)
class Word:
    """A single word to search with."""

    text: str  # its most frequent form
    names: frozenset[str]  # the photos whose captions hold any of its forms


@dataclass(frozen=True)
class WordFigures:
    """The results of all single words with one way to search."""

    count: int  # number of words
    precision: float  # P@5: how many of the first five photos are right, as a fraction of five
    average_precision: float  # of the first DEPTH photos


@dataclass(frozen=True)
class Figures:
    """The results of all queries with one way to search."""

    recall: Mapping[int, float]  # by k: the share of queries whose photo is among the first k
    interval: Mapping[int, tuple[float, float]]  # by k: the 95 % interval of the bootstrap
    median_rank: float  # infinite if it is beyond DEPTH
    ndcg: float
    nothing: float  # share of queries that found no photo at all
    words: WordFigures | None = None  # None: the captions have no word that can be searched alone


@dataclass(frozen=True)
class Queries:
    """Captions to search with."""

    pool: list[str]  # file names of all photos to search among
    texts: list[str]
    names: list[str]  # the photo that each text belongs to


def read_queries(captions: Path, names: Path | None = None) -> Queries:
    """Read captions as queries.

    Args:
        captions: lines of file name, TAB, caption.
        names: file names to use, a line each; None: all photos that have captions.

    Raises:
        UsageError: a file can't be read, or these photos have no captions.
    """
    try:
        said = read_captions(captions)
        pool = sorted(said) if names is None else names.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise UsageError(f"can't read {error.filename}: {error.strerror or error}") from error
    except (CaptionerError, UnicodeDecodeError) as error:  # no file of captions, or no UTF-8
        raise UsageError(str(error)) from error
    pool = [name for name in pool if name]
    pairs = [(text, name) for name in pool for text in said.get(name, ())]
    if not pairs:
        raise UsageError(f"no captions of these photos in {captions}")
    return Queries(pool, [text for text, _ in pairs], [name for _, name in pairs])


def link(photos: Path, names: Iterable[str], folder: Path) -> None:
    """Make a folder to index, with links to photos and nothing else.

    Raises:
        UsageError: a photo doesn't exist, a name is no file name of a photo, or the folder for the
            links holds something else or can't be made.
    """
    wanted = {}
    for name in names:
        if os.path.basename(name) != name or name[0] == "." or not is_photo_name(name):
            raise UsageError(f"{name!r} is no file name of a photo")
        if not (photos / name).is_file():
            raise UsageError(f"{photos / name} is not there, but has captions")
        wanted[name] = str((photos / name).resolve())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for there in folder.iterdir():
            if not there.is_symlink():
                raise UsageError(f"{there} is in the way: {folder} is for links")
            if os.readlink(there) != wanted.get(there.name):
                there.unlink()
        for name, source in wanted.items():
            if not (folder / name).is_symlink():
                (folder / name).symlink_to(source)
    except OSError as error:
        raise UsageError(f"can't make links in {folder}: {error.strerror or error}") from error


def evaluate(
    library: Library,
    queries: Queries,
    ways: Sequence[Way] = WAYS,
    progress: Progress = lambda name: None,
) -> dict[str, Figures]:
    """Search with every query in every way, through `Library.find` itself.

    Args:
        library: holds the photos.
        queries: at least one.
        ways: how to search.
        progress: called with the name of each way before that way is tried.

    Returns:
        Figures by the way's name.
    """
    words = single_words(queries)
    found = {}
    for way in ways:
        progress(way.name)
        results = [names_of(library, way, text) for text in queries.texts]
        pairs = zip(results, queries.names, strict=True)
        ranks = np.array([rank_of(names, name) for names, name in pairs])
        nothing = float(np.mean([not names for names in results]))
        hits = [np.isin(names_of(library, way, word.text), [*word.names]) for word in words]
        of_words = word_figures(hits, [len(word.names) for word in words])
        found[way.name] = replace(figures(ranks, queries.names, nothing), words=of_words)
    return found


def single_words(queries: Queries) -> list[Word]:
    """Return the words of captions that can be searched alone, in alphabetical order.

    A word is taken if the captions of at least FEWEST photos and of no more than LARGEST_SHARE of
    the photos hold it in any form. Two words are forms of one word if one is the plural of the
    other (PLURALS), or if the library's stemmer gives both the same stem.
    """
    counts: Counter[str] = Counter()
    photos: defaultdict[str, set[str]] = defaultdict(set)
    for text, name in zip(queries.texts, queries.names, strict=True):
        for word in words_of(text):
            if len(word) > 1 and word.isalpha():
                counts[word] += 1
                photos[word].add(name)
    words = [*counts]
    stems = Stemmer().stems([singular(word, counts) for word in words])
    forms: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for word, stem in zip(words, stems, strict=True):
        forms[tuple(stem)].append(word)
    most = LARGEST_SHARE * len(queries.pool)
    found = [
        Word(
            max(some, key=lambda word: (counts[word], word)),
            frozenset().union(*(photos[word] for word in some)),
        )
        for some in forms.values()
    ]
    chosen = [word for word in found if FEWEST <= len(word.names) <= most]
    return sorted(chosen, key=lambda word: word.text)


def singular(word: str, words: Collection[str]) -> str:
    """Return a word's singular if that is one of some words, otherwise the word itself."""
    for plural, ending in PLURALS:
        shorter = word.removesuffix(plural) + ending
        if word.endswith(plural) and shorter in words:
            return shorter
    return word


def names_of(library: Library, way: Way, text: str) -> list[str]:
    """Search, and return the file names of the photos found, the best first."""
    hits = library.find(text, DEPTH, ranker=way.ranker, fields=way.fields, min_score=way.min_score)
    results = hits.sure if way.only_sure else hits.results
    return [os.path.basename(result.path) for result in results]


def rank_of(names: Sequence[str], name: str) -> float:
    """Return the rank of a name, from 1; if it isn't there, infinity."""
    return names.index(name) + 1.0 if name in names else math.inf


def word_figures(hits: Sequence[np.ndarray], relevant: Sequence[int]) -> WordFigures | None:
    """Sum up searches of single words; None if there are none.

    Average precision is the mean of the precision at the rank of each right photo (Manning,
    Raghavan and Schütze 2008, chapter 8.4, https://nlp.stanford.edu/IR-book/). Photos beyond DEPTH
    count as not found; the best possible value is 1 all the same.

    Args:
        hits: of each word, whether each result is right, the best first, bool (n,).
        relevant: how many photos are right for each word, at least one.
    """
    if not hits:
        return None
    precision, average = [], []
    for right, there in zip(hits, relevant, strict=True):
        precision.append(right[:FIRST].sum() / FIRST)
        at_rank = right.cumsum() / np.arange(1, len(right) + 1)  # (n,)
        average.append(at_rank[right.astype(bool)].sum() / min(there, DEPTH))
    return WordFigures(len(hits), float(np.mean(precision)), float(np.mean(average)))


def figures(ranks: np.ndarray, names: Sequence[str], nothing: float = 0.0) -> Figures:
    """Sum up ranks.

    nDCG with one relevant photo is 1 / log2(1 + rank) (Järvelin and Kekäläinen 2002,
    https://doi.org/10.1145/582415.582418). The bootstrap draws photos, not queries: the
    captions of one photo are alike.

    Args:
        ranks: the rank of each query's photo, from 1; infinite if it isn't found, (n,).
        names: the photo of each query, (n).
        nothing: share of queries that found no photo.
    """
    _, photo = np.unique(np.asarray(names), return_inverse=True)
    queries = np.bincount(photo)  # the number of queries of each photo
    chance = np.random.default_rng(0)
    drawn = chance.integers(0, len(queries), (RESAMPLES, len(queries)))
    recall, interval = {}, {}
    for k in (1, 5, 10):
        hits = np.bincount(photo, ranks <= k)
        recall[k] = float((ranks <= k).mean())
        resampled = hits[drawn].sum(1) / queries[drawn].sum(1)
        low, high = np.quantile(resampled, [0.025, 0.975])
        interval[k] = float(low), float(high)
    gain = np.where(np.isfinite(ranks), 1 / np.log2(1 + np.where(np.isfinite(ranks), ranks, 1)), 0)
    return Figures(recall, interval, float(np.median(ranks)), float(gain.mean()), nothing)


def as_json(found: Mapping[str, Figures]) -> str:
    """Return figures as a JSON object; a rank beyond DEPTH is null."""
    rows = {name: asdict(figure) for name, figure in found.items()}
    for row in rows.values():
        if not math.isfinite(row["median_rank"]):
            row["median_rank"] = None
    return json.dumps(rows, indent=1)


def table(found: Mapping[str, Figures]) -> list[str]:
    """Return figures as lines of a Markdown table, in percent."""
    lines = [
        "| | R@1 | R@5 | R@10 | median rank | nDCG | nothing found | words: P@5 | AP |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, figure in found.items():
        cells = [name]
        for k in (1, 5, 10):
            low, high = figure.interval[k]
            cells.append(f"{100 * figure.recall[k]:.1f} ({100 * low:.1f}–{100 * high:.1f})")
        known = math.isfinite(figure.median_rank)
        cells.append(f"{figure.median_rank:.0f}" if known else f"> {DEPTH}")
        cells += [f"{100 * share:.1f}" for share in (figure.ndcg, figure.nothing)]
        words = figure.words
        shares = (words.precision, words.average_precision) if words else ()
        cells += [f"{100 * share:.1f}" for share in shares] or ["–", "–"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines
