"""The fit of a model's choice of captions, and of their confidence, on photos held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from captioner.describe.beam import Hypothesis
from captioner.describe.choice import ChoiceConfig, Evidence, choose, evidence, features
from captioner.describe.confidence import (
    ConfidenceConfig,
    caption_features,
    probability,
    word_features,
)
from captioner.describe.content import ContentWords, family_of
from captioner.describe.labels import Labels
from captioner.describe.model_folder import outdated, write_part
from captioner.describe.tags import sigmoid
from captioner.describe.words import Words
from captioner.networks.beam_step import beam_search
from captioner.networks.networks import Networks
from captioner.networks.torch_captioner import TorchCaptioner
from captioner.training.data import Split, read_split
from captioner.training.grid_cache import encode_files
from captioner.training.metrics import cider_d_of_each
from captioner.training.tokenizer import tokenize

BATCH = 64
_ROUNDS, _RATE, _SHRINK = 400, 0.05, 3e-3  # of the ascent in `fit_choice`
_RIDGE = 1.0  # of logistic regressions: so many cases' worth of doubt


@dataclass(frozen=True)
class Judged:
    """The hypotheses of a photo, K, and their content words, U, judged by people's captions."""

    hypotheses: Sequence[Hypothesis]
    found: Evidence
    merit: np.ndarray  # CIDEr-D of each hypothesis, (K,)
    right_words: np.ndarray  # whether people's captions hold each word, bool (U,)
    right: np.ndarray  # whether people's captions hold all things of a hypothesis, bool (K,)


def finish_captions(model: Path, folders: Sequence[Path], cache: Path) -> dict[str, float]:
    """Fit choice and confidence on the dev photos of data folders; write them into a model.

    Args:
        model: a model folder with a word head; its config.json is written.
        folders: data folders, see `captioner.training.data.read_split`.
        cache: folder for encoded photos.

    Returns:
        The figures of `measure` by the name of each split and figure, with what was fitted.

    Raises:
        DataError: a folder has no dev photos.
        ModelError: the model has no word head.
    """
    captioner = TorchCaptioner.load(model, "cpu")
    encoder = Networks.read(model).encoder
    splits = [read_split(folder, "dev") for folder in folders]
    judged = {
        split.name: judge(captioner, encode_files(split.images, encoder, cache), split, model)
        for split in splits
    }
    choice, confidence = fit(list(judged.values()), captioner.config.choice)
    write_part(model, {}, {"choice": asdict(choice), "confidence": asdict(confidence)})
    return {
        f"{name} {figure}": value
        for name, photos in judged.items()
        for figure, value in measure(photos, choice, confidence).items()
    }


@torch.inference_mode()
def judge(captioner: TorchCaptioner, grids: np.ndarray, split: Split, model: Path) -> list[Judged]:
    """Search captions of encoded photos, and judge them by people's captions.

    Args:
        captioner: the model.
        grids: region features of the split's photos, (photos, R, C).
        split: the photos with people's captions.
        model: the model's folder.

    Raises:
        ModelError: the model has no word head.
    """
    head, labels = captioner.networks.words, Labels.read(model, "words.tsv")
    if head is None:
        raise outdated(model)
    words = Words(labels.labels)
    vocabulary, config = captioner.vocabulary, captioner.config
    content = ContentWords(vocabulary, words, config.beam.vocabulary)
    found: list[list[Hypothesis]] = []
    sure: list[np.ndarray] = []
    for start in range(0, len(grids), BATCH):
        part = torch.from_numpy(np.array(grids[start : start + BATCH], np.float32))
        found += beam_search(captioner.networks.decoder, part, config.beam, content.kin)
        sure += list(sigmoid(head(part).numpy()))
    said = [[tokenize(vocabulary.decode(h.words)) for h in photo] for photo in found]
    truths = [[tokenize(caption) for caption in captions] for captions in split.captions]
    merits = cider_d_of_each(said, truths)
    judged = []
    for hypotheses, chances, merit, truth in zip(found, sure, merits, truths, strict=True):
        about = evidence(hypotheses, content, chances)
        meant = meanings([word for words_ in truth for word in words_], labels, words)
        names = [_name(family, labels, vocabulary.words) for family in about.families.tolist()]
        right = np.array([name in meant for name in names], bool)
        things = np.array([_is_thing(family, labels) for family in about.families.tolist()], bool)
        wrong = about.holds @ (things & ~right).astype(np.float32) > 0
        judged.append(Judged(hypotheses, about, np.array(merit), right, ~wrong))
    return judged


def meanings(tokens: Sequence[str], labels: Labels, words: Words) -> set[str]:
    """Return what words say, by the names of the head's words: who says "puppy" says "animal" too.

    A word that the head lacks stands for itself.
    """
    meant: set[str] = set()
    for token in tokens:
        found = family_of(token, words)
        meant.update(labels.labels[found].chain if found is not None else (token,))
    return meant


def fit(
    splits: Sequence[Sequence[Judged]], choice: ChoiceConfig
) -> tuple[ChoiceConfig, ConfidenceConfig]:
    """Fit choice and confidence on judged photos.

    Args:
        splits: the judged photos of each split.
        choice: where `denied` and `captions` are taken from.
    """
    choice = fit_choice(splits, choice)
    photos = [photo for split in splits for photo in split]
    word = logistic(
        np.concatenate([word_features(photo.found) for photo in photos]),
        np.concatenate([photo.right_words for photo in photos]),
    )
    seen, right = [], []
    for photo in photos:
        sure = probability(word_features(photo.found), word)
        chosen = choose(photo.hypotheses, photo.found, sure, choice)
        seen.append(caption_features(photo.found, sure)[chosen])
        right.append(photo.right[chosen])
    return choice, ConfidenceConfig(word, logistic(np.concatenate(seen), np.concatenate(right)))


def fit_choice(splits: Sequence[Sequence[Judged]], choice: ChoiceConfig) -> ChoiceConfig:
    """Fit the weights of the choice: the mean CIDEr-D of the captions chosen is to be highest.

    The best hypothesis depends on the weights in jumps. So what rises is the expected CIDEr-D if a
    hypothesis is drawn with the softmax of the scores. All splits weigh the same.

    Args:
        splits: the judged photos of each split.
        choice: the settings that are not fitted.
    """
    sets = [_stacked(photos) for photos in splits]
    scale = np.sqrt(np.mean([x[m].var(0) for x, _, m in sets], 0)) + 1e-9
    weights, mean, square = np.array([2.0, 0.0, 0.0, 0.0]), np.zeros(4), np.zeros(4)
    for step in range(1, _ROUNDS + 1):  # Adam (Kingma and Ba 2015), upwards
        slope = -_SHRINK * weights
        for inputs, merit, there in sets:
            scores = np.where(there, inputs / scale @ weights, -np.inf)
            drawn = np.exp(scores - scores.max(1, keepdims=True))
            drawn /= drawn.sum(1, keepdims=True)
            above = merit - (drawn * merit).sum(1, keepdims=True)
            slope += np.einsum("pk,pkf->f", drawn * above, inputs / scale) / (
                len(merit) * np.mean(merit) * len(sets)
            )
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        corrected = mean / (1 - 0.9**step), square / (1 - 0.99**step)
        weights = weights + _RATE * corrected[0] / (np.sqrt(corrected[1]) + 1e-9)
    raw = weights / scale
    seen, told, agreement = (round(float(weight / raw[0]), 3) for weight in raw[1:])
    return replace(choice, seen=seen, told=told, agreement=agreement)


def logistic(inputs: np.ndarray, right: np.ndarray) -> tuple[float, ...]:
    """Fit a logistic regression by Newton's method.

    Args:
        inputs: (N, F).
        right: whether each case is right, bool (N,).

    Returns:
        The constant, then the coefficient of each feature, 1 + F.
    """
    spread = inputs.std(0) + 1e-9
    whole = np.concatenate([np.ones((len(inputs), 1)), inputs / spread], 1)
    ridge = np.diag([0.0, *[_RIDGE] * inputs.shape[1]])
    weights = np.zeros(whole.shape[1])
    for _ in range(30):
        chance = probability(whole[:, 1:], tuple(weights))
        slope = whole.T @ (right - chance) - ridge @ weights
        weights = weights + np.linalg.solve(
            (whole * (chance * (1 - chance))[:, None]).T @ whole + ridge, slope
        )
    weights[1:] /= spread
    return tuple(round(float(weight), 4) for weight in weights)


def measure(
    photos: Sequence[Judged], choice: ChoiceConfig, confidence: ConfidenceConfig
) -> dict[str, float]:
    """Return the mean CIDEr-D of the captions chosen, how many are right, and the errors of
    calibration of captions and words; all in percent."""
    merit, right, said, right_words, said_words = [], [], [], [], []
    for photo in photos:
        sure = probability(word_features(photo.found), confidence.word)
        chances = probability(caption_features(photo.found, sure), confidence.caption)
        best = choose(photo.hypotheses, photo.found, sure, choice)[0]
        merit.append(photo.merit[best])
        right.append(photo.right[best])
        said.append(chances[best])
        held = photo.found.holds[best] > 0
        right_words += photo.right_words[held].tolist()
        said_words += sure[held].tolist()
    return {
        "CIDEr-D": 100 * float(np.mean(merit)),
        "right": 100 * float(np.mean(right)),
        "calibration error": 100 * calibration_error(np.array(said), np.array(right)),
        "right words": 100 * float(np.mean(right_words)),
        "calibration error of words": 100
        * calibration_error(np.array(said_words), np.array(right_words)),
    }


def calibration_error(said: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Return the expected calibration error (Guo et al. 2017, eq. 3), with bins of equal counts.

    https://arxiv.org/abs/1706.04599

    Args:
        said: probabilities, (N,).
        right: whether each case was right, bool (N,).
        bins: the number of bins.
    """
    parts = np.array_split(np.argsort(said, kind="stable"), bins)
    gaps = [len(part) * abs(said[part].mean() - right[part].mean()) for part in parts if len(part)]
    return float(sum(gaps) / len(said))


def _stacked(photos: Sequence[Judged]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what is weighed, (P, K, 4), CIDEr-D, (P, K), and which hypotheses are there."""
    most = max(len(photo.hypotheses) for photo in photos)
    inputs, merit = np.zeros((len(photos), most, 4)), np.zeros((len(photos), most))
    there = np.zeros((len(photos), most), bool)
    for row, photo in enumerate(photos):
        count = len(photo.hypotheses)
        inputs[row, :count, 0] = [hypothesis.score for hypothesis in photo.hypotheses]
        inputs[row, :count, 1:] = features(photo.found)
        merit[row, :count], there[row, :count] = photo.merit, True
    return inputs, merit, there


def _name(family: int, labels: Labels, words: Sequence[str]) -> str:
    """Return what a family of content words is called."""
    known = len(labels.labels)
    return labels.labels[family].name if family < known else words[family - known]


def _is_thing(family: int, labels: Labels) -> bool:
    """Return whether a family can be a tag: a thing or a place, no colour and no deed."""
    return family < len(labels.labels) and labels.labels[family].trust > 0
