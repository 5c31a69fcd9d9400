"""Results of a search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import overload

from photosearch.search.query import Query
from photosearch.wording import Confidence, wording


class PartKind(StrEnum):
    """The parts of a fused score; `fusion.Weights` has a weight of the same name for each part."""

    MEANING = "meaning"  # nearness of the photo to the sentence
    SEEN = "seen"  # how surely the photo shows the words of the query, each on its own
    LIKE = "like"  # nearness of the photo to the photo given with --like
    WORDS = "words"  # how many of the query's words are in the photo's text
    PERSON = "own"  # how many of the query's words a person or a camera wrote


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a score, from one kind of evidence."""

    value: float  # for its unit, see `photosearch.search.fusion.Weights`
    fraction: float  # of all evidence for the photo, 0 to 1
    baseline: float = 0.0  # the value is compared with it; in the value's unit


@dataclass(frozen=True, slots=True)
class Result:
    """A photo that was found."""

    path: str
    score: float  # higher is better; of the fused ranker, the probability that the photo matches
    caption: str
    matches: dict[str, list[str]]  # the matched words, by field
    marks: list[tuple[int, int]]  # positions of matched words in the caption, as (start, end)
    tags: list[str] = field(default_factory=list)  # only tags that are sure enough to be shown
    parts: Mapping[str, Part] = field(default_factory=dict)  # of the fused ranker, by `PartKind`
    taken_at: str | None = None  # ISO 8601, local time, as precise as it is known
    taken_from: str | None = None  # its source, of `photosearch.photo.dates.DateSource`
    confidence: Confidence | None = None  # of a generated caption, if it is known
    sure: bool = True  # whether the photo surely matches; otherwise it only may match
    # What people wrote into the photo or its sidecar, by field; empty fields are left out.
    written: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def wording(self) -> str:
        """The caption as people read it: if the model isn't sure of it, it says less."""
        return wording(self.caption, self.confidence, self.tags)


class Nothing(StrEnum):
    """Why a search found nothing."""

    EMPTY_LIBRARY = "empty library"
    ALL_GONE = "all photos are gone"
    NOT_ASKED = "nothing was asked for"
    UNKNOWN_WORDS = "unknown words"  # the model knows no word of the query, no photo's text has one
    BELOW_THRESHOLD = "below the threshold"  # every photo has a lower score than `min_score`
    NO_MATCH = "no match"


@dataclass(frozen=True, eq=False)
class Hits(Sequence[Result]):
    """The results of a search, the best first, with the query and what was left out.

    It is a sequence of results, equal to any list of the same results. The results are in two
    groups: first `sure`, then `perhaps`.
    """

    query: Query  # as it was understood
    results: tuple[Result, ...] = ()
    threshold: float = 0.0  # photos of a lower score were left out, except the nearest few
    below_threshold: int = 0  # number of candidates that were left out
    words_only: int = 0  # number of photos without a vector, if the ranker compares vectors
    nothing: Nothing | None = None  # why there is no result; None if there is a result

    @property
    def sure(self) -> tuple[Result, ...]:
        """The photos that surely match, the best first."""
        return tuple(result for result in self.results if result.sure)

    @property
    def perhaps(self) -> tuple[Result, ...]:
        """The photos that only may match, the best first; all of them score lower than `sure`."""
        return tuple(result for result in self.results if not result.sure)

    def __len__(self) -> int:
        """Return the number of results."""
        return len(self.results)

    def __iter__(self) -> Iterator[Result]:
        """Yield the results, the best first."""
        return iter(self.results)

    @overload
    def __getitem__(self, index: int) -> Result: ...

    @overload
    def __getitem__(self, index: slice) -> list[Result]: ...

    def __getitem__(self, index: int | slice) -> Result | list[Result]:
        """Return the result of a rank, counted from 0, or a list of several."""
        return list(self.results[index]) if isinstance(index, slice) else self.results[index]

    def __eq__(self, other: object) -> bool:
        """Return whether another sequence holds the same results."""
        if not isinstance(other, Hits | list | tuple):
            return NotImplemented
        return list(self.results) == list(other)

    __hash__ = None  # type: ignore[assignment]  # results hold lists
