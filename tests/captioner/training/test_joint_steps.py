from dataclasses import replace

import numpy as np
import pytest
import torch

from captioner.describe.vocabulary import BOS, PAD, Vocabulary
from captioner.errors import DataError
from captioner.training import short_queries
from captioner.training.joint_recipe import JointRecipe
from captioner.training.joint_steps import Step, Steps, holding
from captioner.training.sources import Photo, Role
from captioner.training.text_tables import NONE, TextTables, padded
from tests.captioner.training.test_text_tables import NUMBERS, WORDS, word_tokenizer

CPU = torch.device("cpu")
THINGS = ["dog", "red", "sofa", "tree", "church"]


def recipe(photos: int) -> JointRecipe:
    plain = JointRecipe()
    return replace(plain, heads=replace(plain.heads, photos=photos))


@pytest.fixture(scope="module")
def photos() -> list[Photo]:
    chance = np.random.default_rng(1)
    found = []
    for number in range(40):
        said = [
            " ".join(["a", *chance.choice(THINGS, int(chance.integers(1, 4)), replace=False)])
            for _ in range(int(chance.integers(1, 8)))
        ]
        role = list(Role)[number % 3]
        texts = (str(chance.choice(THINGS)),) if role is Role.CLASSES else tuple(said)
        found.append(Photo(f"{number}.jpg", f"source {number % 2}", role, "train", texts))
    return found


@pytest.fixture(scope="module")
def steps(photos: list[Photo]) -> Steps:
    vocabulary = Vocabulary(["a", *THINGS])
    tables = TextTables.build(photos, NUMBERS, word_tokenizer(), vocabulary, recipe(6))
    return Steps(tables, recipe(6), CPU)


def texts_of(step: Step) -> list[list[str]]:
    """Return the words of all texts in their order."""
    rows = [row for part in step.texts for row in part.tolist()]
    return [[WORDS[token - 1] for token in rows[place] if token] for place in step.back.tolist()]


def test_an_epoch_shows_each_photo_once(photos: list[Photo], steps: Steps) -> None:
    epoch = list(steps.epoch(3))
    assert len(epoch) == len(steps) == 27 // 6  # captioned photos of both roles
    seen = [number for step in epoch for number in step.photos.tolist()]
    assert len(seen) == len(set(seen)) == len(steps) * steps.photos
    for step in epoch:
        captioned, _, named = step.sizes
        roles = [photos[number].role for number in step.photos.tolist()]
        assert Role.CLASSES not in roles[:captioned]
        assert roles[captioned:] == [Role.CLASSES] * named


def test_texts_come_back_in_their_order(photos: list[Photo], steps: Steps) -> None:
    for step in steps.epoch(1):
        captioned, asking, named = step.sizes
        numbers, texts = step.photos.tolist(), texts_of(step)
        assert len(texts) == captioned + asking + named
        for number, text in zip(numbers[:captioned], texts, strict=False):
            assert " ".join(text) in photos[number].texts
        for owner, text in zip(step.owners.tolist(), texts[captioned:], strict=False):
            captions = [caption.split() for caption in photos[numbers[owner]].texts]
            assert any(set(text) <= set(caption) for caption in captions)
        for number, text in zip(numbers[captioned:], texts[captioned + asking :], strict=True):
            assert text[-1] == photos[number].texts[0]


def test_who_else_is_right_is_as_the_naive_way_says(photos: list[Photo], steps: Steps) -> None:
    for step in steps.epoch(2):
        captioned, asking, _ = step.sizes
        texts, numbers = texts_of(step), step.photos.tolist()
        said = short_queries.words_of([photos[n].texts for n in numbers], NUMBERS)
        queries = [[NUMBERS[w] for w in text] for text in texts[captioned : captioned + asking]]
        naive = short_queries.holding(queries, said[:captioned])
        assert np.array_equal(step.asked.numpy(), naive)
        assert all(step.asked[row, owner] for row, owner in enumerate(step.owners.tolist()))
        names = [[NUMBERS[text[-1]]] for text in texts[captioned + asking :]]
        assert np.array_equal(step.members.numpy(), short_queries.holding(names, said))
        assert np.array_equal(step.shown.numpy(), said)


def test_the_decoder_learns_up_to_five_captions(photos: list[Photo], steps: Steps) -> None:
    for step in steps.epoch(0):
        imitated = [photos[step.photos[place]] for place in step.imitated.tolist()]
        assert all(photo.role is Role.CAPTIONS for photo in imitated)
        following = step.said[:, :, 1:]
        naive = torch.nonzero(following.flatten() != PAD).flatten()
        assert torch.equal(step.wanted, naive)
        for photo, rows in zip(imitated, step.said.tolist(), strict=True):
            there = {tuple(row) for row in rows if row[0] == BOS}
            assert len([row for row in rows if row[0] == BOS]) == min(5, len(photo.texts))
            assert len(there) == min(5, len(photo.texts)) or len(set(photo.texts)) < len(
                photo.texts
            )


def test_the_same_number_gives_the_same_epoch(steps: Steps) -> None:
    first, again, other = ([s.photos for s in steps.epoch(n)] for n in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_too_few_photos_are_said(steps: Steps) -> None:
    with pytest.raises(DataError, match="27 captioned photos are fewer than a step's 28"):
        Steps(steps.tables, recipe(28), CPU)


def test_holding_is_as_on_the_processor() -> None:
    chance = np.random.default_rng(2)
    shown = chance.random((30, 7)) < 0.5
    words = [
        chance.choice(7, int(chance.integers(0, 4)), replace=False).tolist() for _ in range(50)
    ]
    found = holding(torch.from_numpy(padded(words, NONE)), torch.from_numpy(shown))
    assert np.array_equal(found.numpy(), short_queries.holding(words, shown))
