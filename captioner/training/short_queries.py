"""Short queries: one to three words of a caption, as people type them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from captioner.training.tokenizer import tokenize

MOST = 3  # words of a short query


def words_of(captions: Sequence[Sequence[str]], numbers: Mapping[str, int]) -> np.ndarray:
    """Return which photo's captions hold which word.

    Args:
        captions: of each of N photos.
        numbers: the number of the word that each form belongs to, 0 to W - 1.

    Returns:
        bool (N, W).
    """
    shown = np.zeros((len(captions), max(numbers.values()) + 1), bool)
    for photo, texts in enumerate(captions):
        for text in texts:
            shown[photo, [numbers[form] for form in tokenize(text) if form in numbers]] = True
    return shown


def short_query(
    caption: str, numbers: Mapping[str, int], chance: np.random.Generator
) -> tuple[str, list[int]]:
    """Draw a short query from a caption: one to `MOST` of its words, in their order.

    Half of the queries take words that stand beside each other ("red shirt"), because people type
    such words together. Only words with a number are taken: stop words have none.

    Returns:
        The query, and the numbers of its words; both are empty if the caption has no such word.
    """
    forms = [form for form in tokenize(caption) if form in numbers]
    if not forms:
        return "", []
    count = min(len(forms), int(chance.integers(1, MOST + 1)))
    if chance.random() < 0.5:
        start = int(chance.integers(len(forms) - count + 1))
        chosen = forms[start : start + count]
    else:
        chosen = [forms[place] for place in sorted(chance.permutation(len(forms))[:count])]
    return " ".join(chosen), [numbers[form] for form in chosen]


def holding(queries: Sequence[Sequence[int]], shown: np.ndarray) -> np.ndarray:
    """Return which photo shows all words of which query.

    Args:
        queries: the numbers of each query's words; a query without words is shown by no photo.
        shown: the words of each photo, bool (N, W).

    Returns:
        bool (queries, N).
    """
    wanted = np.zeros((len(queries), shown.shape[1]), np.float32)
    for row, words in enumerate(queries):
        wanted[row, words] = 1
    needed = wanted.sum(1, keepdims=True)
    found: np.ndarray = (wanted @ shown.T.astype(np.float32) >= needed) & (needed > 0)
    return found
