"""Content words: which words of a vocabulary name what a photo shows, and which mean the same."""

from __future__ import annotations

import numpy as np

from captioner.describe.labels import Labels
from captioner.describe.vocabulary import PAD, Vocabulary
from captioner.describe.words import Words

KIN = 4  # spellings of a word that are barred after it, itself included

# Words that say how things are joined, not what a photo shows. A caption may repeat them.
FUNCTION_WORDS = frozenset(
    """a about above across after against all along also among amongst an and another are around as
    at away back be been before behind being below beneath beside between beyond both bunch but by
    close closeup couple do does down during each edge eight end few five for four from front full
    group had has have having he her hers herself him himself his how i if image in inside into is
    it its itself just left like lot lots many middle more most my near next nine no not of off on
    one onto or other others our out outside over pair part past photo photograph picture piece
    right s set several seven she shot side six so some someone something t ten than that the their
    them themselves then there these they this those three through to together top toward towards
    two under until up upon very view was we were what when where which while who whom whose with
    within without you your""".split()
)


class ContentWords:
    """The content words among the words that search may say.

    Attributes:
        family: By number of a word, what it means, int (V,): the index of the word head's word;
            for a word that the head lacks, a number above all indices; -1 for function words.
        known: The number of the head's words: a family below it is an index.
        thing: By number of a word, whether it can be a tag: a thing or a place, no colour and no
            deed; bool (V,).
        rarity: By number of a word, log(1 + its rank by frequency), float32 (V,): the word's
            information up to a constant, by Zipf's law (the probability is about 1 / rank).
        kin: By number of a word, the words of the same name, which a caption may not say after it:
            itself first, filled up with PAD; int64 (V, `KIN`). For function words all PAD.
    """

    def __init__(self, vocabulary: Vocabulary, labels: Labels | None, spoken: int) -> None:
        """Look up words among the word head's words.

        Args:
            vocabulary: of the model, the most frequent words first.
            labels: of the head's words; None: the model has no head, and each word stands for
                itself.
            spoken: V, the number of words that search may say, the first of the vocabulary.
        """
        words = Words(labels.labels) if labels else None
        self.known = len(words) if words else 0
        size = min(spoken, len(vocabulary))
        self.family = np.full(size, -1)
        self.thing = np.zeros(size, bool)
        self.rarity = np.log1p(np.arange(size, dtype=np.float32))
        self.kin = np.full((size, KIN), PAD, np.int64)
        alike: dict[str, list[int]] = {}  # by name
        for number, word in enumerate(vocabulary.words[:size]):
            if not word[0].isalpha() or word in FUNCTION_WORDS:
                continue
            family = family_of(word, words) if words else None
            self.family[number] = self.known + number if family is None else family
            name = word
            if labels and family is not None:
                self.thing[number] = labels.labels[family].trust > 0
                name = labels.labels[family].name
            alike.setdefault(name, []).append(number)
        for members in alike.values():
            for number in members:
                others = [other for other in members if other != number]
                barred = [number, *others][:KIN]
                self.kin[number, : len(barred)] = barred


def family_of(word: str, words: Words) -> int | None:
    """Return the index of the head's word that a word means, None if the head lacks it."""
    found = words.find(word)
    return words.find(word.removesuffix("s")) if found is None else found
