"""Training of the word head, by itself, on the means and maxima of encoded photos."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from captioner.networks.word_head import WordHead, mean_and_maximum
from captioner.training.run import rate, update_average

PART = 256  # photos whose features are computed together
SPREAD = 0.02  # added to the standard deviation of a feature: some features are hardly ever there

# Takes the numbers of photos; returns which words they show, and which words are told of, (n, W).
Tell = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class WordsRecipe:
    """The recipe. Rank, units and dropout were measured: docs/explained/decisions/captioner.md."""

    epochs: int = 6
    photos: int = 1024  # a step
    rank: int = 384  # of the linear part
    hidden: int = 512  # units
    rate: float = 1e-3  # learning rate at its peak
    warm_up: float = 0.05  # share of all steps
    weight_decay: float = 0.5
    dropout: float = 0.2  # of the features
    focus: tuple[float, float] = (0.5, 2.0)  # of the focal loss, for words shown and not shown
    average: float = 0.98  # decay of the running average of the weights that is kept


def features_of(grids: np.ndarray) -> np.ndarray:
    """Return means and maxima of encoded photos, float16 (n, R, C) to float16 (n, 2 C)."""
    parts = [grids[start : start + PART] for start in range(0, len(grids), PART)]
    found = [mean_and_maximum(torch.from_numpy(np.asarray(part)).float()).half() for part in parts]
    return torch.cat(found).numpy()


def train_words(
    views: Sequence[np.ndarray], tell: Tell, recipe: WordsRecipe, seed: int = 1
) -> WordHead:
    """Train a word head.

    Args:
        views: the features of all photos in each view, float16 (N, 2 C) each, see `features_of`.
        tell: called with the numbers of some photos.
        recipe: how to train.
        seed: of all chance.

    Returns:
        The running average of the heads, for features as they are.
    """
    photos, width = views[0].shape
    some = views[0][:: max(1, photos // 5000)].astype(np.float32)
    mean, deviation = torch.from_numpy(some.mean(0)), torch.from_numpy(some.std(0) + SPREAD)
    base = _rates(tell, photos)
    torch.manual_seed(seed)
    head = WordHead(width // 2, len(base), recipe.rank, recipe.hidden)
    with torch.no_grad():
        head.up.weight[:, recipe.rank :] = 0  # the hidden layer begins without a say
        head.up.bias.copy_(torch.logit(base.clamp(1e-4, 0.5)))
    average = copy.deepcopy(head)
    optimizer = torch.optim.AdamW(
        head.parameters(), recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay
    )
    chance = np.random.default_rng(seed)
    size = min(recipe.photos, photos)
    each = photos // size
    for number in range(recipe.epochs * each):
        if number % each == 0:
            order = chance.permutation(photos)
        drawn = np.sort(order[number % each * size :][:size])
        seen = chance.integers(len(views), size=size)
        taken = np.stack([views[view][photo] for photo, view in zip(drawn, seen, strict=True)])
        features = (torch.from_numpy(taken).float() - mean) / deviation
        shown, told = map(torch.from_numpy, tell(drawn))
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * rate(number / (recipe.epochs * each), recipe.warm_up)
        logits = head.classify(functional.dropout(features, recipe.dropout))
        optimizer.zero_grad()
        words_loss(logits, shown, told, recipe.focus).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        update_average(average, head, min(recipe.average, (number + 1) / (number + 11)))
    return _unstandardised(average, mean, deviation)


def words_loss(logits: Tensor, shown: Tensor, told: Tensor, focus: tuple[float, float]) -> Tensor:
    """Return the focal loss of words, the sum over a photo's words, the mean over photos.

    Lin et al. 2017, https://arxiv.org/abs/1708.02002, eq. 4, with an exponent of its own for words
    that are not shown, as in Ridnik et al. 2021, https://arxiv.org/abs/2009.14119. Captions leave
    out much of what a photo shows: so a word that is not said counts less when the head is sure.

    Args:
        logits: (N, W).
        shown: bool (N, W).
        told: words that count, bool (N, W).
        focus: the exponents, for words that are shown and not shown.
    """
    sign = torch.where(shown, 1.0, -1.0)
    surprise = functional.logsigmoid(sign * logits)  # log-probability of what is so
    weight = (-surprise.detach().expm1()).pow(torch.where(shown, *focus))
    return -(weight * surprise * told).sum() / len(logits)


def _rates(tell: Tell, photos: int) -> Tensor:
    """Return the share of all photos that show each word, float32 (W,)."""
    starts = range(0, photos, PART)
    counts = [tell(np.arange(start, min(start + PART, photos)))[0].sum(0) for start in starts]
    return torch.from_numpy(np.sum(counts, 0) / photos).float()


@torch.no_grad()
def _unstandardised(head: WordHead, mean: Tensor, deviation: Tensor) -> WordHead:
    """Return a head of standardised features as a head of the features as they are."""
    head.down.weight.div_(deviation)
    moved = -(head.down.weight @ mean)  # (rank + hidden,)
    rank = len(moved) if head.bias is None else len(moved) - len(head.bias)
    head.up.bias.add_(head.up.weight[:, :rank] @ moved[:rank])
    if head.bias is not None:
        head.bias.add_(moved[rank:])
    return head.eval()
