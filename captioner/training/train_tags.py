"""Training of a word head for tags, on photos with captions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from captioner.describe.colours import ColourConfig
from captioner.describe.labels import TagLabels, copy_labels
from captioner.describe.model_folder import list_files, read_settings, read_weights, write_part
from captioner.describe.tags import TagConfig
from captioner.networks.encoder import pretrained_classifier
from captioner.networks.networks import read_encoder
from captioner.networks.word_head import mean_and_maximum
from captioner.training.data import read_split
from captioner.training.export import add_graphs
from captioner.training.grid_cache import encode_files
from captioner.training.low_rank import factor
from captioner.training.tokenizer import tokenize


@dataclass(frozen=True)
class WordConfig:
    """The recipe."""

    weight_decay: float = 0.03  # times the sum of all squared weights, beside a photo's loss
    iterations: int = 60  # of L-BFGS, at most, for the weights
    least_spread: float = 0.02  # added to a feature's deviation, because a constant is no signal
    folds: int = 3  # parts of the photos; each part is judged by a model that has not seen it
    # How far calibration may move a word's logits: the standard deviations of the priors. Without
    # a limit, a word with few photos could become too sure.
    slope_spread: float = 0.5
    shift_spread: float = 1.5
    calibration_iterations: int = 200  # of L-BFGS, at most
    seed: int = 0  # of the folds
    rank: int = 384  # of the word head


def train_words(
    features: np.ndarray,
    captions: Sequence[Sequence[str]],
    forms: Sequence[Sequence[str]],
    config: WordConfig | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Learn which words a photo's captions hold, from the photo's features.

    `features @ weight.T + bias` are the logits of the words as `captioner.describe.tags.tags_of`
    takes them: their sigmoids are calibrated.

    Args:
        features: of each photo, float32 (N, C), see
            `captioner.networks.word_head.mean_and_maximum`.
        captions: of each photo.
        forms: of each word, its forms in captions, see `captioner.describe.labels.Label`.
        config: the recipe.

    Returns:
        weight, float32 (W, C), and bias, float32 (W,).

    Raises:
        ValueError: there are fewer photos than folds or fewer than two folds, no words, other
            numbers of captions than of photos, or features that are not (N, C) or not finite.
    """
    config = config or WordConfig()
    _check(features, captions, forms, config)
    wanted = targets(captions, forms)
    mean = features.mean(axis=0, dtype=np.float64)
    spread = features.std(axis=0, dtype=np.float64) + config.least_spread
    inputs = ((features - mean) / spread).astype(np.float32)

    # A model is too sure on photos that it learnt from. So each photo is judged by a model that did
    # not learn from it.
    fold = np.random.default_rng(config.seed).permutation(len(inputs)) % config.folds
    unseen = np.empty_like(wanted)
    for number in range(config.folds):
        held_out = fold == number
        weight, bias = fit(inputs[~held_out], wanted[~held_out], config)
        unseen[held_out] = inputs[held_out] @ weight.T + bias
    slope, shift = calibrate(unseen, wanted, config)

    weight, bias = fit(inputs, wanted, config)
    weight = slope[:, None] * weight / spread
    bias = slope * bias + shift - weight @ mean
    return weight.astype(np.float32), bias.astype(np.float32)


def targets(captions: Sequence[Sequence[str]], forms: Sequence[Sequence[str]]) -> np.ndarray:
    """Return which photos have a caption with a form of which word.

    Args:
        captions: of each of N photos.
        forms: of each of W words, in lower case.

    Returns:
        0 or 1, float32 (N, W).
    """
    words_of_form: dict[str, list[int]] = {}
    for word, spellings in enumerate(forms):
        for form in spellings:
            words_of_form.setdefault(form, []).append(word)
    found = np.zeros((len(captions), len(forms)), np.float32)
    for photo, texts in enumerate(captions):
        for text in texts:
            for token in tokenize(text):
                found[photo, words_of_form.get(token, [])] = 1.0
    return found


def fit(
    inputs: np.ndarray, wanted: np.ndarray, config: WordConfig | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Fit a logistic regression for each word, with an L2 penalty.

    Bishop, "Pattern Recognition and Machine Learning", 2006, section 4.3.2 (the
    cross-entropy, eq. 4.90) and section 3.1.4 (the penalty). The bias is free.

    Args:
        inputs: standardised features, float32 (N, C).
        wanted: 0 or 1, float32 (N, W).
        config: the recipe.

    Returns:
        weight, float64 (W, C), and bias, float64 (W,).

    Raises:
        ValueError: the two differ in photos, or there are none.
    """
    config = config or WordConfig()
    if inputs.ndim != 2 or wanted.ndim != 2 or not 0 < len(inputs) == len(wanted):
        raise ValueError(f"inputs {inputs.shape} and targets {wanted.shape} don't fit")
    x, y = torch.from_numpy(inputs).float(), torch.from_numpy(wanted).float()
    # A word's bias starts at the logit of its frequency; at 0 and 1 the logit would be infinite.
    common = y.mean(dim=0).clamp(1e-4, 1 - 1e-4)
    weight = torch.zeros(y.shape[1], x.shape[1], requires_grad=True)
    bias = torch.logit(common).requires_grad_()

    def loss() -> Tensor:
        error = binary_cross_entropy_with_logits(x @ weight.T + bias, y, reduction="sum") / len(x)
        return error + config.weight_decay * weight.square().sum()

    _minimise(loss, [weight, bias], config.iterations)
    return weight.detach().double().numpy(), bias.detach().double().numpy()


def calibrate(
    logits: np.ndarray, wanted: np.ndarray, config: WordConfig | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each word how to turn its logits into those of a probability.

    Platt, "Probabilistic outputs for support vector machines and comparisons to regularized
    likelihood methods", 1999: the likeliest sigmoid(slope * logit + shift). Instead of his
    softened targets, normal priors around slope 1 and shift 0 keep rare words from extremes.

    Args:
        logits: of photos that the words were not learnt from, (N, W).
        wanted: 0 or 1, (N, W).
        config: how wide the priors are.

    Returns:
        slope and shift, float64 (W,).

    Raises:
        ValueError: the two don't have the same two dimensions.
    """
    config = config or WordConfig()
    if logits.ndim != 2 or logits.shape != wanted.shape:
        raise ValueError(f"logits {logits.shape} and targets {wanted.shape} don't fit")
    z, y = torch.from_numpy(logits).double(), torch.from_numpy(wanted).double()
    slope = torch.ones(z.shape[1], dtype=torch.float64, requires_grad=True)
    shift = torch.zeros(z.shape[1], dtype=torch.float64, requires_grad=True)

    def loss() -> Tensor:
        error = binary_cross_entropy_with_logits(slope * z + shift, y, reduction="sum")
        far = ((slope - 1) / config.slope_spread).square() + (shift / config.shift_spread).square()
        return error + far.sum() / 2

    _minimise(loss, [slope, shift], config.calibration_iterations)
    return slope.detach().numpy(), shift.detach().numpy()


def _minimise(loss: Callable[[], Tensor], variables: Sequence[Tensor], iterations: int) -> None:
    """Change variables until a smooth loss is least."""
    optimizer = torch.optim.LBFGS(
        variables, max_iter=iterations, history_size=8, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(closure)  # type: ignore[no-untyped-call]


def _check(
    features: np.ndarray,
    captions: Sequence[Sequence[str]],
    forms: Sequence[Sequence[str]],
    config: WordConfig,
) -> None:
    if features.ndim != 2:
        raise ValueError(f"features are {features.shape}, not (photos, channels)")
    if not np.isfinite(features).all():
        raise ValueError("features are not finite")
    if len(features) != len(captions):
        raise ValueError(f"{len(features)} photos have features, {len(captions)} have captions")
    if not 2 <= config.folds <= len(features):
        raise ValueError(f"{len(features)} photos can't be parted in {config.folds} folds")
    if not forms:
        raise ValueError("there are no words to learn")


def add_tags(folders: Sequence[Path], model: Path, cache: Path) -> None:
    """Train a word head on the encoder of a model, and put the head into the model.

    A model without tags gets the pretrained classifier of ImageNet's classes, too. A model without
    labels gets the shipped model's labels. A model that has the embedding gets its graphs.

    Args:
        folders: data folders, see `captioner.training.data.read_split`; their train splits are
            used.
        model: the model's folder.
        cache: folder for encoded photos.

    Raises:
        DataError: the data are incomplete.
        ModelError: the folder holds no model.
    """
    settings, weights = read_settings(model), read_weights(model)
    encoder = read_encoder(model).for_inference()
    training = [read_split(folder, "train") for folder in folders]
    inputs = np.concatenate([
        mean_and_maximum(torch.from_numpy(grid[None].astype(np.float32))).numpy()
        for part in training
        for grid in encode_files(part.images, encoder, cache)
    ])  # fmt: skip
    captions = [photo for part in training for photo in part.captions]
    copy_labels(model)
    list_files(model)  # whoever trains may have edited the labels
    forms = [label.forms for label in TagLabels.load(model).words.labels]
    weight, bias = train_words(inputs, captions, forms)
    down, up, bias = factor(weight, bias, inputs, WordConfig().rank)
    kinds = ("tagger.classes.weight", "tagger.classes.bias")
    if not weights.keys() >= {*kinds}:
        weights = dict(zip(kinds, (part.numpy() for part in pretrained_classifier()), strict=True))
    write_part(
        model,
        {
            **{kind: weights[kind] for kind in kinds},
            "words.down.weight": down,
            "words.up.weight": up,
            "words.up.bias": bias,
        },
        {
            "tags": settings.get("tags", asdict(TagConfig())),
            "colours": settings.get("colours", asdict(ColourConfig())),
        },
    )
    add_graphs(model)
