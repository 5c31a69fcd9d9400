"""Lessons: each photo once an epoch, and masks as naive loops give them."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from captioner.errors import DataError
from captioner.training.heads import Batch, HeadsRecipe
from captioner.training.lessons import Lessons, Told

WORDS = "dog cat beach snow ball red church tree".split()
NUMBERS = {word: number for number, word in enumerate(WORDS)} | {"dogs": 0, "trees": 7}
SPELLINGS = ["a", "photo", "of", "the", "on", "and", *NUMBERS]
RECIPE = HeadsRecipe(photos=6, seed=3)
PHOTOS = [
    *(
        Told((f"a {WORDS[n % 6]} on the {WORDS[(n + 2) % 6]}", f"{WORDS[n % 4]} and ball"))
        for n in range(19)
    ),
    Told(("the on a",)),  # no word of the head
    *(Told((name,), "kinds") for name in ("dog", "cat", "church", "dog", "red ball", "church")),
    *(Told((name,), "places") for name in ("beach and snow and tree", "church", "tree", "the")),
]


class Spellings:
    """A tokenizer whose tokens are the places of whole words in `SPELLINGS`."""

    def encode_batch(self, texts: Sequence[str]) -> list[SimpleNamespace]:
        return [SimpleNamespace(ids=[SPELLINGS.index(w) for w in t.split()]) for t in texts]


def text(tokens: Sequence[int]) -> str:
    return " ".join(SPELLINGS[token] for token in tokens)


def lessons(recipe: HeadsRecipe = RECIPE) -> Lessons:
    return Lessons(PHOTOS, NUMBERS, cast(Tokenizer, Spellings()), recipe, views=2)


def look(photos: np.ndarray, views: np.ndarray) -> np.ndarray:
    """A grid of two numbers: the photo, and its view."""
    return np.stack([photos, views], 1)[:, None].astype(np.float16)


def seen(batch: Batch) -> list[int]:
    return [int(place) for place in batch.grid[:, 0, 0].tolist()]


def words(photo: int) -> set[int]:
    return {NUMBERS[w] for t in PHOTOS[photo].texts for w in t.split() if w in NUMBERS}


def test_an_epoch_shows_each_photo_once_and_can_be_drawn_again() -> None:
    drawn = lessons()
    batches = list(drawn.epoch(0, look))
    assert len(batches) == len(drawn) == 3  # of twenty captioned photos, six a step
    captioned = [photo for batch in batches for photo in seen(batch)[:6]]
    classed = [photo for batch in batches for photo in seen(batch)[6:]]
    assert len(set(captioned)) == 18 and max(captioned) < 20
    assert len(set(classed)) == 9 and min(classed) >= 20
    assert {int(view) for batch in batches for view in batch.grid[:, 0, 1].tolist()} == {0, 1}
    for first, again in zip(batches, lessons().epoch(0, look), strict=True):
        assert torch.equal(first.grid, again.grid) and first.queries == again.queries
    assert [seen(batch) for batch in batches] != [seen(b) for b in drawn.epoch(1, look)]


@pytest.mark.parametrize("epoch", range(4))
def test_masks_are_those_of_naive_loops(epoch: int) -> None:
    for batch in lessons().epoch(epoch, look):
        photos = seen(batch)
        captions = [text(tokens) for tokens in batch.captions]
        for photo, caption in zip(photos, captions, strict=False):
            assert caption in PHOTOS[photo].texts
        for query, owner, asked in zip(batch.queries, batch.owners, batch.asked, strict=True):
            wanted = {NUMBERS[word] for word in text(query).split()}
            assert set(text(query).split()) <= set(captions[int(owner)].split())
            assert asked.tolist() == [wanted <= words(photo) for photo in photos[:6]]
        names = [text(tokens).removeprefix("a photo of a ") for tokens in batch.classes]
        for name, members in zip(names, batch.members, strict=True):
            wanted = {NUMBERS[word] for word in name.split() if word in NUMBERS}
            naive = [bool(wanted) and wanted <= words(photo) for photo in photos]
            same = [False] * 6 + [other == name for other in names]
            assert members.tolist() == [a or b for a, b in zip(naive, same, strict=True)]


def test_a_class_says_nothing_of_words_that_its_folder_has_not() -> None:
    every = np.arange(len(PHOTOS))
    for photo, shown, told in zip(range(len(PHOTOS)), *lessons().tell(every), strict=True):
        assert set(np.flatnonzero(shown)) == words(photo)
        folder = PHOTOS[photo].classes_of
        alike = [n for n, other in enumerate(PHOTOS) if other.classes_of == folder]
        known = set(range(8)) if folder is None else set().union(*map(words, alike))
        assert set(np.flatnonzero(told)) == known


def test_captions_without_words_of_the_head_have_no_short_query() -> None:
    all_asked = HeadsRecipe(photos=20, short_share=1.0)
    (batch,) = lessons(all_asked).epoch(0, look)
    empty = seen(batch).index(19)
    assert len(batch.queries) == 19 and empty not in batch.owners.tolist()


def test_photos_must_be_enough_for_a_step() -> None:
    with pytest.raises(DataError, match="20 captioned photos are fewer than a step's 21"):
        lessons(HeadsRecipe(photos=21))


def test_labels_joined_by_and_are_named_one_to_three_at_a_time() -> None:
    drawn = lessons(HeadsRecipe(photos=20, said_classes=0.0))
    names = set()
    for epoch in range(60):
        (batch,) = drawn.epoch(epoch, look)
        places = [n for n, photo in enumerate(seen(batch)[20:]) if photo == 26]
        names |= {text(batch.classes[place]) for place in places}
    labels = ["beach", "snow", "tree"]
    pairs = {"beach snow", "beach tree", "snow tree"}
    assert names == {*labels, *pairs, "beach snow tree"}
