"""Training of the word head, on features that are drawn by chance."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from captioner.networks.word_head import WordHead, mean_and_maximum
from captioner.training.train_words import WordsRecipe, features_of, train_words, words_loss


@given(seed=st.integers(0, 999))
def test_the_loss_of_words_is_the_focal_loss_of_what_is_told(seed: int) -> None:
    torch.manual_seed(seed)
    logits, shown, told = torch.randn(3, 5), torch.rand(3, 5) < 0.5, torch.rand(3, 5) < 0.7
    there, absent = 0.5, 2.0
    naive = 0.0
    for photo in range(3):
        for word in range(5):
            chance = 1 / (1 + math.exp(-float(logits[photo, word])))
            if told[photo, word] and shown[photo, word]:
                naive -= (1 - chance) ** there * math.log(chance)
            elif told[photo, word]:
                naive -= chance**absent * math.log(1 - chance)
    found = words_loss(logits, shown, told, (there, absent))
    assert float(found) == pytest.approx(naive / 3, abs=1e-4)


def test_what_is_not_told_of_a_photo_teaches_nothing() -> None:
    logits = torch.randn(2, 4, requires_grad=True)
    told = torch.tensor([[True, False, True, False], [False] * 4])
    words_loss(logits, torch.ones(2, 4, dtype=torch.bool), told, (0.5, 2.0)).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert torch.equal(logits.grad != 0, told)


def test_features_are_means_and_maxima_of_the_regions() -> None:
    grids = np.random.default_rng(0).normal(size=(300, 4, 6)).astype(np.float16)
    naive = mean_and_maximum(torch.from_numpy(grids).float()).numpy()
    np.testing.assert_allclose(features_of(grids), naive, atol=2e-3)


def material(photos: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Features in two views, and words: by one feature, by the sign of a product, and by chance."""
    chance = np.random.default_rng(0)
    features = chance.normal(size=(photos, 8))
    shown = np.stack([
        features[:, 0] > 0.5, features[:, 1] * features[:, 2] > 0, chance.random(photos) < 0.25,
    ], 1)  # fmt: skip
    features = 5 + 3 * features
    views = [features + chance.normal(0, 0.01, features.shape) for _ in range(2)]
    return [view.astype(np.float16) for view in views], shown


RECIPE = WordsRecipe(
    epochs=40, photos=64, rank=2, hidden=32, rate=1e-2, weight_decay=0.0, dropout=0.0
)


def mean_right(head: WordHead, views: list[np.ndarray], shown: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        logits = head.classify(torch.from_numpy(views[0]).float()).numpy()
    right: np.ndarray = ((logits > 0) == shown).mean(0)
    return right


def test_the_head_learns_words_and_how_frequent_they_are() -> None:
    views, shown = material(2000)
    everything = np.ones_like(shown)
    head = train_words(views, lambda some: (shown[some], everything[some]), RECIPE)
    simple, product, _ = mean_right(head, views, shown)
    assert simple > 0.95 and product > 0.9  # the product needs the hidden layer
    with torch.inference_mode():
        chances = head.classify(torch.from_numpy(views[0]).float()).sigmoid()[:, 2]
    assert 0.1 < float(chances.mean()) < 0.5  # the focal loss moves it from a quarter
    again = train_words(views, lambda some: (shown[some], everything[some]), RECIPE)
    assert torch.equal(again.down.weight, head.down.weight)


def test_what_is_not_told_of_is_not_learnt() -> None:
    views, shown = material(2000)
    told = np.ones_like(shown)
    told[:, 0] = False  # nobody tells of the first word
    head = train_words(views, lambda some: (shown[some], told[some]), RECIPE)
    simple, product, _ = mean_right(head, views, shown)
    assert product > 0.9 and simple < 0.9


@pytest.mark.parametrize("hidden", [0, 3])
def test_features_need_not_be_standardised(hidden: int) -> None:
    """A head that learnt nothing gives the rates of words, whatever the features' sizes."""
    views, shown = material(500)
    recipe = WordsRecipe(epochs=1, photos=500, rank=2, hidden=hidden, rate=0.0, average=0.0)
    head = train_words([views[0]], lambda some: (shown[some], shown[some]), recipe)
    with torch.inference_mode():
        logits = head.classify(torch.from_numpy(views[0]).float())
    rates = torch.logit(torch.from_numpy(shown.mean(0)).float().clamp(1e-4, 0.5))
    spread = logits - rates
    assert float(spread.mean(0).abs().max()) < 0.2  # standardised features have the mean 0
