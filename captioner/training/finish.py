"""The finish of a model: all that follows from its trained weights, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from torch import nn

from captioner.captioner import Captioner
from captioner.describe.engines import Engine
from captioner.describe.model_folder import (
    BACKGROUND,
    WORDS,
    read_file,
    read_fingerprints,
    read_settings,
    write_part,
)
from captioner.describe.quantise import quantise
from captioner.describe.self_test import disagreements, matches
from captioner.describe.tags import sigmoid
from captioner.describe.words import sparse, unpack
from captioner.doctor import ask
from captioner.errors import DataError, ModelError
from captioner.networks.networks import Networks, named_weights
from captioner.training.card import write_card
from captioner.training.export import write_graphs
from captioner.training.finish_captions import finish_captions
from captioner.training.grid_cache import encode_files
from captioner.training.short_queries import words_of
from captioner.training.sources import Photo, Role, read_source
from captioner.training.train_heads import form_numbers
from captioner.training.train_tags import calibrate

MOST = 6000  # photos of the background: 2 MB
BATCH = 256
BINS = 10  # of the calibration error
SEED = 1

Figures = dict[str, float]
Report = Callable[[dict[str, float]], None]


class Step(StrEnum):
    """A step of the finish; the steps are taken in this order."""

    WORDS = "words"  # the word head's probabilities are calibrated
    BACKGROUND = "background"  # vectors, hubness and words of photos of all kinds
    CAPTIONS = "captions"  # the choice of captions, and their confidence
    GRAPHS = "graphs"  # the networks for engines other than torch
    SELF_TEST = "self-test"  # what the finished model answers


@dataclass(frozen=True)
class Material:
    """The photos that the steps need."""

    train: Sequence[tuple[Photo, Path]]
    dev: Sequence[tuple[Photo, Path]]
    captioned: Sequence[Path]  # folders with captions, of which some photos are held out
    cache: Path  # folder for encoded photos

    @classmethod
    def read(cls, sources: Sequence[tuple[Path, Role]], cache: Path) -> Material:
        """Read the photos of sources, see `captioner.training.sources.read_source`.

        Raises:
            DataError: no captioned photo is held out.
        """
        photos = [photo for folder, role in sources for photo in read_source(folder, role)]
        train = [pair for pair in photos if pair[0].split == "train"]
        dev = [pair for pair in photos if pair[0].split == "dev"]
        held = {photo.source for photo, _ in dev if photo.role is Role.CAPTIONS}
        if not held:
            raise DataError(
                "no captioned photo has the split dev", "see docs/explained/training.md"
            )
        return cls(train, dev, [folder for folder, _ in sources if folder.name in held], cache)


def finish(
    model: Path,
    material: Material,
    only: Sequence[Step] | None = None,
    report: Report = lambda figures: None,
) -> None:
    """Take the steps of the finish, and write MODEL_CARD.md.

    Steps that were taken for these weights are left out. What the steps found is kept in the
    model's config.json, under `finish`.

    Args:
        model: the model's folder.
        material: photos.
        only: steps to take, even if they were taken before; by default all that are left.
        report: called with the figures of each step.

    Raises:
        DataError: photos that a step needs are missing.
        EngineError: a package that a step needs isn't installed.
        ModelError: the folder holds no model with vectors and a word head.
    """
    # Vectors depend on trunk and towers: with new ones, everything is measured again.
    weights = read_fingerprints(model)["vectors"]
    before = read_settings(model).get("finish", {})
    figures: dict[str, Figures] = dict(before.get("figures", {}))
    if before.get("vectors") != weights:
        figures = {}
    for step in only or [step for step in Step if step not in figures]:
        found = {name: float(value) for name, value in STEPS[step](model, material).items()}
        figures[step] = found
        write_part(model, {}, {"finish": {"vectors": weights, "figures": figures}})
        report({f"{step} {name}": value for name, value in found.items()})
    write_card(model)


def calibrate_words(model: Path, material: Material) -> Figures:
    """Calibrate the word head on captioned photos held out; see `train_tags.calibrate`.

    Returns:
        The calibration error (see `calibration_error`) before and after; that after is measured on
        each half of the photos with the calibration by the other half.
    """
    networks = Networks.read(model)
    head = networks.words
    if head is None:
        raise ModelError(
            f"the model in {model} has no word head", "captioner train-heads gives it one"
        )
    held = [(photo, file) for photo, file in material.dev if photo.role is Role.CAPTIONS]
    logits = _on_photos(head, networks, held, material)
    numbers = form_numbers(read_file(model, WORDS).decode().splitlines())
    shown = words_of([photo.texts for photo, _ in held], numbers)
    wanted = np.zeros(logits.shape, np.float32)
    wanted[:, : shown.shape[1]] = shown
    half = np.random.default_rng(SEED).permutation(len(wanted)) % 2 == 0
    judged = np.empty_like(logits)
    for part in (half, ~half):
        slope, shift = calibrate(logits[~part], wanted[~part])
        judged[part] = logits[part] * slope + shift
    slopes, shifts = (torch.from_numpy(x).float() for x in calibrate(logits, wanted))
    with torch.no_grad():
        head.up.weight.mul_(slopes[:, None])
        head.up.bias.mul_(slopes).add_(shifts)
    write_part(model, named_weights({"words": head}), {})
    return {
        "photos": len(held),
        "calibration error before": calibration_error(sigmoid(logits), wanted),
        "calibration error": calibration_error(sigmoid(judged), wanted),
    }


def calibration_error(probabilities: np.ndarray, wanted: np.ndarray, least: float = 0.05) -> float:
    """Return the expected calibration error of probabilities of at least `least`.

    Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian binning": the mean
    distance between probability and share of right cases, over bins of equal width.

    Args:
        probabilities: any shape.
        wanted: 0 or 1, of the same shape.
        least: smaller probabilities are most of all, and are nearly all right.
    """
    chosen = probabilities >= least
    sure, right = probabilities[chosen], wanted[chosen]
    if not len(sure):
        return 0.0
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    error = 0.0
    for number in np.unique(bins):
        there = bins == number
        error += there.mean() * abs(float(sure[there].mean() - right[there].mean()))
    return round(error, 4)


def write_background(model: Path, material: Material) -> Figures:
    """Write vectors, hubness and likeliest words of training photos, which queries compare with."""
    networks = Networks.read(model)
    if networks.embedding is None or networks.words is None:
        raise ModelError(f"the model in {model} has no vectors or no word head")
    order = np.random.default_rng(SEED).permutation(len(material.train))[:MOST]
    photos = [material.train[place] for place in sorted(order.tolist())]
    vectors = _on_photos(networks.embedding.photos, networks, photos, material)  # (m, D)
    hubness = networks.embedding.hubness(torch.from_numpy(vectors)).numpy()
    words = sigmoid(_on_photos(networks.words, networks, photos, material))
    ids, codes = unpack(sparse(words))
    np.savez(
        model / BACKGROUND,
        vectors=quantise(vectors),
        hubness=hubness,
        word_ids=ids,
        word_codes=codes,
    )
    return {"photos": len(photos)}


@torch.inference_mode()
def _on_photos(
    head: nn.Module, networks: Networks, photos: Sequence[tuple[Photo, Path]], material: Material
) -> np.ndarray:
    """Return what a head makes of photos, float32 (n, ...)."""
    encoder = networks.encoder.for_inference()
    grids = encode_files([file for _, file in photos], encoder, material.cache)
    parts = [
        head(torch.from_numpy(np.array(grids[start : start + BATCH], np.float32))).numpy()
        for start in range(0, len(grids), BATCH)
    ]
    return np.concatenate(parts)


def _fit_captions(model: Path, material: Material) -> Figures:
    return finish_captions(model, material.captioned, material.cache)


def _record_answers(model: Path, material: Material) -> Figures:
    """Record the answers of the finished model.

    Raises:
        ModelError: photo tower and text tower don't belong together.
    """
    answers = ask(model)
    faults = disagreements(answers, None)
    if faults:
        raise ModelError(f"the model in {model}: {faults[0]}")
    answers.write(model)
    return {"drawings nearest to their sentence": matches(answers)}


def _write_graphs(model: Path, material: Material) -> Figures:
    write_graphs(model)
    Captioner.load(model, Engine.ONNX)  # raises if they don't fit
    return {}


STEPS: Mapping[Step, Callable[[Path, Material], Figures]] = {
    Step.WORDS: calibrate_words,
    Step.BACKGROUND: write_background,
    Step.CAPTIONS: _fit_captions,
    Step.GRAPHS: _write_graphs,
    Step.SELF_TEST: _record_answers,
}
