"""Evaluation: how often the shipped search finds a photo by the photo's own caption."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from captioner.errors import CaptionerError
from captioner.training.data import read_captions
from photosearch.errors import UsageError
from photosearch.files.names import is_photo_name
from photosearch.library import Library
from photosearch.search.query import Ranker
from photosearch.store.search_fields import CAPTION_FIELDS

DEPTH = 100  # results of a query; a photo with a higher rank counts as not found
RESAMPLES = 1000

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Way:
    """One way to search."""

    name: str
    ranker: Ranker = Ranker.FUSED
    fields: tuple[str, ...] | None = None  # None: all
    min_score: float | None = 0.0  # None: the threshold that users have


WAYS = (
    Way("BM25 of FTS5, one caption", Ranker.FTS5, ("caption",)),
    Way("BM25 of FTS5, all captions", Ranker.FTS5, CAPTION_FIELDS),
    Way("BM25 of FTS5, tags", Ranker.FTS5, ("tags",)),
    Way("BM25 of FTS5, all text", Ranker.FTS5),
    Way("BM25+, all text", Ranker.BM25_PLUS),
    Way("vector", Ranker.MEANING),
    Way("vector and captions", Ranker.FUSED, CAPTION_FIELDS),
    Way("vector and all text (find)", Ranker.FUSED),
    Way("the same, with the threshold", Ranker.FUSED, None, None),
)


@dataclass(frozen=True)
class Figures:
    """The results of all queries with one way to search."""

    recall: Mapping[int, float]  # by k: the share of queries whose photo is among the first k
    interval: Mapping[int, tuple[float, float]]  # by k: the 95 % interval of the bootstrap
    median_rank: float  # infinite if it is beyond DEPTH
    ndcg: float
    nothing: float  # share of queries that found no photo at all


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
    found = {}
    for way in ways:
        progress(way.name)
        pairs = zip(queries.texts, queries.names, strict=True)
        results = [rank_of(library, way, text, name) for text, name in pairs]
        ranks = np.array([rank for rank, _ in results], float)
        counts = np.array([count for _, count in results])
        found[way.name] = figures(ranks, queries.names, float((counts == 0).mean()))
    return found


def rank_of(library: Library, way: Way, text: str, name: str) -> tuple[float, int]:
    """Return the rank of a query's photo and the number of results.

    Ranks begin at 1. If the photo isn't found, its rank is infinite.
    """
    results = library.find(
        text, DEPTH, ranker=way.ranker, fields=way.fields, min_score=way.min_score
    )
    for rank, result in enumerate(results, 1):
        if os.path.basename(result.path) == name:
            return float(rank), len(results)
    return math.inf, len(results)


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
        "| | R@1 | R@5 | R@10 | median rank | nDCG | nothing found |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, figure in found.items():
        cells = []
        for k in (1, 5, 10):
            low, high = figure.interval[k]
            cells.append(f"{100 * figure.recall[k]:.1f} ({100 * low:.1f}–{100 * high:.1f})")
        rank = f"{figure.median_rank:.0f}" if math.isfinite(figure.median_rank) else f"> {DEPTH}"
        nothing = f"{100 * figure.nothing:.1f}"
        lines.append(
            f"| {name} | {' | '.join(cells)} | {rank} | {100 * figure.ndcg:.1f} | {nothing} |"
        )
    return lines
