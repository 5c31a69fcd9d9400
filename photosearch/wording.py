"""Wording: what people read of a generated caption, by how sure the caption is."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

HEDGE = "may show: "  # stands before what is left of a caption that isn't sure

# From this probability on, a caption is shown as it is. For what the thresholds cost see
# docs/measured/captions.md.
SURE = 0.3
# A hedged caption is cut before the first content word that is less probable than this.
SURE_WORD = 0.5
JOINING = (["and"], ["or"])  # between two content words, they end no phrase: "blue and white"


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure a model is of a caption that it made."""

    caption: float  # the probability that it is right, 0 to 1
    words: tuple[tuple[str, float], ...] = ()  # its content words in order, with theirs

    @classmethod
    def read(cls, caption: float | None, words: str | None) -> Confidence | None:
        """Return what a row of the table `captions` says; None: it says nothing, or it is damaged.

        Args:
            caption: its probability.
            words: JSON, a list of [word, probability].
        """
        if not isinstance(caption, float) or not 0 <= caption <= 1:
            return None
        try:
            return cls(
                caption, tuple((str(word), float(sure)) for word, sure in json.loads(words or "[]"))
            )
        except (ValueError, TypeError):
            return cls(caption)


def wording(caption: str, confidence: Confidence | None, tags: Sequence[str] = ()) -> str:
    """Return a generated caption as people read it.

    A caption that is sure enough stays as it is. Any other caption says less: "may show:" and its
    beginning, up to the first word that isn't sure. If no beginning is sure, the photo's tags take
    its place; if there are no tags, the likely words of the caption, without what joins them.

    Args:
        caption: as the model made it.
        confidence: how sure it is; None: unknown, and the caption stays as it is.
        tags: of the photo, those that are sure enough to be shown.
    """
    if confidence is None or confidence.caption >= SURE:
        return caption
    beginning = sure_beginning(caption, confidence.words)
    return HEDGE + (beginning or ", ".join(tags or likely(caption, confidence.words)) or caption)


def likely(caption: str, words: Sequence[tuple[str, float]]) -> list[str]:
    """Return the content words of a caption that are sure.

    If none of them ends a phrase, as "kayak" ends "a yellow kayak", the likeliest word that does so
    is there, too: "yellow" alone says what something is like, but not what it is.

    Args:
        caption: words joined by spaces.
        words: its content words in order, each with its probability.
    """
    ends = _phrase_ends(caption, [word for word, _ in words])
    least = min(SURE_WORD, max((words[at][1] for at in ends), default=0.0))
    return list(
        dict.fromkeys(
            word
            for at, (word, sure) in enumerate(words)
            if sure >= (least if at in ends else SURE_WORD)
        )
    )


def _phrase_ends(caption: str, words: Sequence[str]) -> list[int]:
    """Return the indexes of the content words that end a phrase.

    No other content word follows such a word at once. A word before "and" or "or" ends a phrase if
    the word after "and" or "or" does.

    Args:
        caption: words joined by spaces.
        words: its content words in order. If any is not in the caption, all count.
    """
    spans, stop = [], 0
    for word in words:
        found = _whole(word).search(caption, stop)
        if found is None:
            return [*range(len(words))]
        spans.append(found.span())
        stop = found.end()
    ends = [len(words) - 1] if words else []
    for at, ((_, end), (start, _)) in reversed([*enumerate(pairwise(spans))]):
        between = re.findall(r"\w+", caption[end:start])
        if between and (between not in JOINING or ends[-1] == at + 1):
            ends.append(at)
    return ends


def _whole(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")


def sure_beginning(caption: str, words: Sequence[tuple[str, float]]) -> str:
    """Return the longest beginning of a caption whose content words are all sure.

    It ends where a phrase ends: at a content word that a function word follows. So "a brown dog" is
    never cut to "a brown", nor "a blue and white bus" to "a blue"; "a dog and a cat" may become
    "a dog".

    Args:
        caption: words joined by spaces.
        words: its content words in order, each with its probability.
    """
    end = stop = 0  # where the beginning ends; where the content word before ends
    for word, sure in words:
        found = _whole(word).search(caption, stop)
        if found is None:
            return caption[:end]
        between = re.findall(r"\w+", caption[stop : found.start()])
        if stop and between and between not in JOINING:
            end = stop
        if sure < SURE_WORD:
            return caption[:end]
        stop = found.end()
    return caption


def moved_marks(
    marks: Sequence[tuple[int, int]], caption: str, shown: str
) -> list[tuple[int, int]]:
    """Return the positions of matched words in a caption's wording.

    Args:
        marks: positions in the caption, as (start, end).
        caption: as the model made it.
        shown: its wording.
    """
    kept = shown.removeprefix(HEDGE)
    shift = len(shown) - len(kept)
    if not caption.startswith(kept):  # single words, which may be those of the caption
        words = {caption[start:end] for start, end in marks}
        found = re.compile(r"[\w'-]+").finditer(shown, shift)
        return [word.span() for word in found if word[0] in words]
    return [(start + shift, end + shift) for start, end in marks if end <= len(kept)]
