"""Metrics of captions against people's captions: BLEU, ROUGE-L and CIDEr-D.

All are pure functions on words, agree with COCO's caption evaluation
(https://arxiv.org/abs/1504.00325), and return fractions: 0.205, where papers often print 20.5.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from captioner.training.tokenizer import tokenize

Words = Sequence[str]
Gram = tuple[str, ...]
_Weighed = tuple[dict[Gram, float], float]  # of n-grams: weights, and the length of their vector

_ORDERS = (1, 2, 3, 4)  # n-grams of one word to four words
_ROUGE_BETA = 1.2  # recall counts this many times as much as precision
_CIDER_SIGMA = 6.0  # words: a candidate that is so much too long or short keeps 61 %
_CIDER_SCALE = 10.0


def score(
    candidates: Mapping[str, str], references: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Score raw captions with every metric of this module.

    Args:
        candidates: The caption to judge, by photo.
        references: What people wrote, by photo; the same photos as `candidates`.

    Returns:
        "BLEU-1" to "BLEU-4", "ROUGE-L" and "CIDEr-D", as fractions: BLEU and ROUGE-L lie in 0 to 1,
        CIDEr-D in 0 to 10.

    Raises:
        ValueError: There are no photos, the two sides name different photos, or a photo's
            references are none or a bare string.
    """
    if unpaired := candidates.keys() ^ references.keys():
        raise ValueError(f"{min(unpaired)!r} has a candidate or references, but not both")
    for name, captions in references.items():
        if isinstance(captions, str) or not captions:
            raise ValueError(f"{name!r} needs a list with at least one reference caption")
    guesses = [tokenize(candidates[name]) for name in candidates]
    truths = [[tokenize(caption) for caption in references[name]] for name in candidates]
    scores = {f"BLEU-{n}": value for n, value in zip(_ORDERS, bleu(guesses, truths), strict=True)}
    scores["ROUGE-L"] = rouge_l(guesses, truths)
    scores["CIDEr-D"] = cider_d(guesses, truths)
    return scores


def bleu(
    candidates: Sequence[Words], references: Sequence[Sequence[Words]]
) -> tuple[float, float, float, float]:
    """BLEU-1 to BLEU-4 of a whole set of captions.

    Papineni et al., "BLEU: a Method for Automatic Evaluation of Machine Translation", 2002,
    https://aclanthology.org/P02-1040/. Matches are summed over all photos before any division, and
    a photo's reference length is the one closest to its candidate's, the shorter of two equally
    close. There is no smoothing: without a single match of n words, BLEU-n is 0.

    Args:
        candidates: The words of one caption for each photo.
        references: The words of each of a photo's references, in the order of `candidates`.

    Returns:
        Four fractions from 0 to 1.

    Raises:
        ValueError: The two sides are empty or differ in length, or a photo has no reference.
    """
    _require_pairs(candidates, references)
    length = sum(len(words) for words in candidates)
    wanted = sum(
        _closest_length(len(words), truths)
        for words, truths in zip(candidates, references, strict=True)
    )
    if length == 0:
        return 0.0, 0.0, 0.0, 0.0
    brevity = math.exp(min(0.0, 1 - wanted / length))
    precisions = [_precision(candidates, references, n) for n in _ORDERS]
    b1, b2, b3, b4 = (brevity * _geometric_mean(precisions[:n]) for n in _ORDERS)
    return b1, b2, b3, b4


def rouge_l(candidates: Sequence[Words], references: Sequence[Sequence[Words]]) -> float:
    """ROUGE-L, the longest common subsequence as an F-measure, averaged over photos.

    Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004,
    https://aclanthology.org/W04-1013/, section 3. With several references, the best precision and
    the best recall are taken apart from each other, as COCO does; they may come from different
    references. Beta is 1.2.

    Args:
        candidates: The words of one caption for each photo.
        references: The words of each of a photo's references, in the order of `candidates`.

    Returns:
        A fraction from 0 to 1.

    Raises:
        ValueError: The two sides are empty or differ in length, or a photo has no reference.
    """
    _require_pairs(candidates, references)
    return _mean([_rouge_l_of_photo(*photo) for photo in zip(candidates, references, strict=True)])


def cider_d(candidates: Sequence[Words], references: Sequence[Sequence[Words]]) -> float:
    """CIDEr-D, the likeness of rare n-grams, averaged over photos.

    Vedantam et al., "CIDEr: Consensus-based Image Description Evaluation", 2015,
    https://arxiv.org/abs/1411.5726, section 6. An n-gram's rarity is taken from the references
    given, so values are comparable on one set of photos only, and a set of one photo, where nothing
    is rare, scores 0.

    Args:
        candidates: The words of one caption for each photo.
        references: The words of each of a photo's references, in the order of `candidates`.

    Returns:
        A number from 0 to 10; 1 is what papers print as 100.

    Raises:
        ValueError: The two sides are empty or differ in length, or a photo has no reference.
    """
    each = cider_d_of_each([[words] for words in candidates], references)
    return _mean([value for values in each for value in values])


def cider_d_of_each(
    candidates: Sequence[Sequence[Words]], references: Sequence[Sequence[Words]]
) -> list[list[float]]:
    """CIDEr-D of several captions of each photo, see `cider_d`.

    Args:
        candidates: The words of each caption of each photo.
        references: The words of each of a photo's references, in the order of `candidates`.

    Returns:
        A number from 0 to 10 for each candidate.

    Raises:
        ValueError: The two sides are empty or differ in length, or a photo has no reference.
    """
    _require_pairs(candidates, references)
    judge = CiderD(references)
    return [
        [judge.score(photo, words) for words in captions]
        for photo, captions in enumerate(candidates)
    ]


class CiderD:
    """Scores captions by CIDEr-D against fixed references; see `cider_d`."""

    def __init__(self, references: Sequence[Sequence[Words]]) -> None:
        """Weigh the n-grams of the references of each photo."""
        self._photos = len(references)
        self._photos_with: Counter[Gram] = Counter()
        for truths in references:
            self._photos_with.update(
                {gram for truth in truths for n in _ORDERS for gram in _grams(truth, n)}
            )
        self._truths = [
            [(len(truth), [self._weigh(truth, n) for n in _ORDERS]) for truth in truths]
            for truths in references
        ]

    def score(self, photo: int, words: Words) -> float:
        """Return the CIDEr-D of a caption of a photo, from 0 to 10."""
        weights = [self._weigh(words, n) for n in _ORDERS]
        likeness = [
            _length_penalty(len(words) - length)
            * _mean([_clipped_cosine(*pair) for pair in zip(weights, truth, strict=True)])
            for length, truth in self._truths[photo]
        ]
        return _CIDER_SCALE * _mean(likeness)

    def _weigh(self, words: Words, n: int) -> _Weighed:
        """Return the weights of a text's n-grams, and the length of their vector."""
        weights = {
            gram: count * math.log(self._photos / max(1, self._photos_with[gram]))
            for gram, count in _grams(words, n).items()
        }
        return weights, math.hypot(*weights.values())


def _require_pairs(candidates: Sequence[object], references: Sequence[Sequence[Words]]) -> None:
    if len(candidates) != len(references):
        raise ValueError(f"{len(candidates)} candidates but references of {len(references)} photos")
    if not candidates:
        raise ValueError("no captions to score")
    for place, truths in enumerate(references):
        if not truths:
            raise ValueError(f"photo {place} has no reference caption")


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)  # fsum: the same in any order


def _geometric_mean(values: Sequence[float]) -> float:
    return math.prod(values) ** (1 / len(values))


def _grams(words: Words, n: int) -> Counter[Gram]:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def _closest_length(length: int, truths: Sequence[Words]) -> int:
    return min((len(truth) for truth in truths), key=lambda other: (abs(other - length), other))


def _precision(candidates: Sequence[Words], references: Sequence[Sequence[Words]], n: int) -> float:
    """The share of the candidates' n-grams that are in a reference, counted as often as there."""
    matches = total = 0
    for words, truths in zip(candidates, references, strict=True):
        found = _grams(words, n)
        allowed: Counter[Gram] = Counter()
        for truth in truths:
            allowed |= _grams(truth, n)  # the larger count of the two
        matches += (found & allowed).total()
        total += found.total()
    return matches / total if total else 0.0


def _rouge_l_of_photo(words: Words, truths: Sequence[Words]) -> float:
    common = [_common_subsequence(words, truth) for truth in truths]
    if not any(common):
        return 0.0
    precision = max(common) / len(words)
    recall = max(c / len(truth) for c, truth in zip(common, truths, strict=True) if truth)
    weight = _ROUGE_BETA**2
    return (1 + weight) * precision * recall / (recall + weight * precision)


def _common_subsequence(left: Words, right: Words) -> int:
    """How many words the two have in common in the same order, gaps allowed."""
    row = [0] * (len(right) + 1)  # row[j]: the answer for the words of `left` so far, right[:j]
    for word in left:
        diagonal = 0
        for j, other in enumerate(right, start=1):
            above = row[j]
            row[j] = diagonal + 1 if word == other else max(above, row[j - 1])
            diagonal = above
    return row[-1]


def _clipped_cosine(caption: _Weighed, reference: _Weighed) -> float:
    """The cosine of two sparse vectors; repeating a word beyond the truth's count gains nothing."""
    (weights, length), (truth, truth_length) = caption, reference
    norms = length * truth_length
    shared = (min(w, truth[gram]) * truth[gram] for gram, w in weights.items() if gram in truth)
    return math.fsum(shared) / norms if norms else 0.0


def _length_penalty(difference: int) -> float:
    return math.exp(-(difference**2) / (2 * _CIDER_SIGMA**2))
