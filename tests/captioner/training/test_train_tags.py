"""Words learnt from captioned photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from captioner.describe.config import CaptionerConfig
from captioner.describe.model_folder import write_part
from captioner.describe.tags import sigmoid
from captioner.describe.vocabulary import Vocabulary
from captioner.errors import ModelError
from captioner.networks.decoder import Decoder, DecoderConfig
from captioner.networks.encoder import Encoder, EncoderConfig
from captioner.networks.networks import Networks
from captioner.networks.torch_captioner import TorchCaptioner
from captioner.networks.word_head import mean_and_maximum
from captioner.training.data import read_split
from captioner.training.pixels import PLAIN, load
from captioner.training.train_tags import (
    WordConfig,
    add_tags,
    calibrate,
    fit,
    targets,
    train_words,
)

FORMS = [["dog", "dogs"], ["beach"], ["unicorn"]]
CHANNELS = 12


def photos(count: int, seed: int) -> tuple[np.ndarray, list[list[str]], np.ndarray]:
    """Features, captions, and the true chances of the words, which never include unicorns.

    Feature 3 shows a dog, feature 7 a beach; the last feature is the same in all photos.
    """
    random = np.random.default_rng(seed)
    features = random.normal(0.4, 0.3, (count, CHANNELS)).astype(np.float32)
    features[:, -1] = 5.0
    logits = np.stack([8 * features[:, 3] - 4, 6 * features[:, 7] - 4], axis=1)
    chances = 1 / (1 + np.exp(-logits))
    there = random.random(chances.shape) < chances
    captions = [
        ["A photo .", "Two DOGS run ." if dog else "Nothing .", "a beach" if beach else "a wall"]
        for dog, beach in there
    ]
    return features, captions, chances


def learnt(features: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return sigmoid(features @ weight.T + bias)


def logistic(logits: np.ndarray) -> np.ndarray:
    sure: np.ndarray = 1 / (1 + np.exp(-logits))
    return sure


@pytest.fixture(scope="module")
def model() -> tuple[np.ndarray, np.ndarray]:
    features, captions, _ = photos(1500, seed=0)
    return train_words(features, captions, FORMS, WordConfig(weight_decay=0.003))


def test_weights_have_the_shapes_of_a_linear_layer(model: tuple[np.ndarray, np.ndarray]) -> None:
    weight, bias = model
    assert weight.shape == (3, CHANNELS) and bias.shape == (3,)
    assert weight.dtype == bias.dtype == np.float32


def test_words_are_ranked_by_the_feature_that_shows_them(
    model: tuple[np.ndarray, np.ndarray],
) -> None:
    weight, _ = model
    assert weight[:2].argmax(axis=1).tolist() == [3, 7]
    features, _, chances = photos(2000, seed=1)
    found = learnt(features, *model)
    for word in (0, 1):
        assert np.corrcoef(found[:, word], chances[:, word])[0, 1] > 0.97


def test_probabilities_are_calibrated_on_new_photos(model: tuple[np.ndarray, np.ndarray]) -> None:
    features, captions, _ = photos(4000, seed=2)
    found, there = learnt(features, *model), targets(captions, FORMS)
    for word in (0, 1):
        bins = np.minimum((found[:, word] * 5).astype(int), 4)
        gaps = [
            abs(found[bins == b, word].mean() - there[bins == b, word].mean()) for b in range(5)
        ]
        assert max(gaps) < 0.09


def test_a_word_is_found_as_often_as_it_occurs_even_with_small_weights() -> None:
    """A strong penalty makes logits too small: calibration stretches them around the share."""
    features, captions, _ = photos(1500, seed=7)
    found = learnt(features, *train_words(features, captions, FORMS, WordConfig(weight_decay=0.3)))
    share = targets(captions, FORMS).mean(axis=0)
    assert share[1] < 0.25
    assert found.mean(axis=0) == pytest.approx(share, abs=0.01)


def test_few_photos_of_noise_teach_little() -> None:
    """More features than photos: a fit on them is perfect, and only unseen photos show it isn't."""
    random = np.random.default_rng(0)
    features = random.normal(size=(120, 300)).astype(np.float32)
    captions = [["dog"] if dog else ["cat"] for dog in random.random(120) < 0.5]
    config = WordConfig(weight_decay=1e-4)
    found = learnt(features, *train_words(features, captions, [["dog"]], config))
    inputs = (features - features.mean(axis=0)) / features.std(axis=0)
    weight, bias = fit(inputs, targets(captions, [["dog"]]), config)
    sure = np.abs(logistic(inputs @ weight.T + bias) - 0.5).mean()
    assert sure > 0.45
    assert np.abs(found - 0.5).mean() < 0.75 * sure


def test_a_word_that_never_or_always_occurs_is_improbable_or_sure() -> None:
    features, captions, _ = photos(300, seed=3)
    weight, bias = train_words(features, captions, [*FORMS, ["photo"]])
    assert np.isfinite(weight).all() and np.isfinite(bias).all()
    found = learnt(photos(300, seed=4)[0], weight, bias)
    assert found[:, 2].max() < 0.01
    assert found[:, 3].min() > 0.99


def test_the_seed_decides() -> None:
    features, captions, _ = photos(200, seed=5)
    one, same, other = (
        train_words(features, captions, FORMS, WordConfig(seed=seed)) for seed in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one[0], other[0])


def test_features_may_stand_anywhere() -> None:
    """Moving and stretching a feature changes the weights, and not what they find."""
    features, captions, _ = photos(400, seed=6)
    config = WordConfig(least_spread=0.0, weight_decay=0.01)
    features = features[:, :-1]
    moved = features * 20 - 3
    before = learnt(features, *train_words(features, captions, FORMS, config))
    after = learnt(moved, *train_words(moved, captions, FORMS, config))
    assert after == pytest.approx(before, abs=5e-3)


def test_targets_are_found_as_whole_tokens_in_any_caption() -> None:
    found = targets(
        [["A hot-dog .", "Dogs!"], ["hot-dog", "a dogma"], ["The dog's beach"], []], FORMS
    )
    assert found.dtype == np.float32
    assert found.tolist() == [[1, 0, 0], [0, 0, 0], [1, 1, 0], [0, 0, 0]]


def test_a_form_may_belong_to_several_words() -> None:
    assert targets([["a puppy"]], [["dog", "puppy"], ["puppy"], ["cat"]]).tolist() == [[1, 1, 0]]


def test_fit_is_at_the_least_loss() -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(200, 4)).astype(np.float32)
    wanted = (random.random((200, 2)) < logistic(inputs[:, :2])).astype(np.float32)
    config = WordConfig(weight_decay=0.05)
    weight, bias = fit(inputs, wanted, config)
    wrong = logistic(inputs @ weight.T + bias) - wanted
    # The gradients of the mean cross-entropy and of the penalty cancel out.
    assert wrong.T @ inputs / 200 + 2 * 0.05 * weight == pytest.approx(0, abs=1e-4)
    assert wrong.mean(axis=0) == pytest.approx(0, abs=1e-4)


def test_calibration_undoes_a_stretch_and_a_shift() -> None:
    random = np.random.default_rng(0)
    true = random.normal(0, 2, (20000, 2))
    wanted = (random.random(true.shape) < logistic(true)).astype(np.float32)
    slope, shift = calibrate(true * [2.0, 1.0] + [0.0, 1.0], wanted)
    assert slope == pytest.approx(np.array([0.5, 1.0]), abs=0.05)
    assert shift == pytest.approx(np.array([0.0, -1.0]), abs=0.08)


def test_calibration_moves_little_without_evidence() -> None:
    slope, shift = calibrate(np.full((1, 1), -3.0), np.zeros((1, 1)))
    assert slope == pytest.approx(1, abs=0.1) and shift == pytest.approx(0, abs=0.2)
    narrow = WordConfig(slope_spread=1e-3, shift_spread=1e-3)
    slope, shift = calibrate(np.full((50, 1), 2.0), np.zeros((50, 1)), narrow)
    assert slope == pytest.approx(1, abs=0.01) and shift == pytest.approx(0, abs=0.01)


def test_what_does_not_fit_is_refused() -> None:
    features, captions, _ = photos(10, seed=0)
    with pytest.raises(ValueError, match="photos, channels"):
        train_words(features[0], captions, FORMS)
    with pytest.raises(ValueError, match="10 photos have features, 9 have captions"):
        train_words(features, captions[:9], FORMS)
    with pytest.raises(ValueError, match="2 photos"):
        train_words(features[:2], captions[:2], FORMS)
    with pytest.raises(ValueError, match="1 folds"):
        train_words(features, captions, FORMS, WordConfig(folds=1))
    with pytest.raises(ValueError, match="no words"):
        train_words(features, captions, [])
    with pytest.raises(ValueError, match="finite"):
        train_words(np.full_like(features, np.nan), captions, FORMS)
    with pytest.raises(ValueError, match="fit"):
        fit(features, np.zeros((9, 3), np.float32))
    with pytest.raises(ValueError, match="fit"):
        fit(features[:0], np.zeros((0, 3), np.float32))
    with pytest.raises(ValueError, match="fit"):
        calibrate(np.zeros((10, 2)), np.zeros((10, 3)))


def test_a_model_of_an_earlier_version_gets_a_word_head(toy_data: Path, tmp_path: Path) -> None:
    """On its own encoder, and with its own classifier of ImageNet's classes."""
    torch.manual_seed(0)
    networks = Networks(
        Encoder(EncoderConfig(image_size=64, regions=4)).eval(),
        Decoder(DecoderConfig(8, width=16, heads=2)).eval(),
    )
    model = tmp_path / "model"
    TorchCaptioner(networks, Vocabulary("a b c d".split()), CaptionerConfig("toy")).save(model)
    classes, old = np.ones((1000, 1280), np.float32), np.zeros((1, 1280), np.float32)
    write_part(
        model,
        {"tagger.classes.weight": classes, "tagger.classes.bias": classes[:, 0],
         "tagger.words.weight": old},
        {},
    )  # fmt: skip
    (model / "words.tsv").write_text(
        "".join(f"{word}\t\t\t1\t1\t{word}\n" for word in ("red", "green", "unicorn")), "utf-8"
    )
    with pytest.raises(ModelError, match="earlier version"):
        Networks.read(model)
    add_tags([toy_data], model, tmp_path / "cache")
    found = TorchCaptioner.load(model, "cpu")
    assert found.networks.tagger is not None and found.networks.words is not None
    assert torch.equal(found.networks.tagger.classes.bias, torch.ones(1000))
    split = read_split(toy_data, "train")
    pixels = np.stack([load(image, 64, PLAIN) for image in split.images])
    grid = found.encode(pixels)
    inputs = mean_and_maximum(grid).numpy()
    forms = [["red"], ["green"], ["unicorn"]]
    expected = learnt(inputs, *train_words(inputs, split.captions, forms))
    chances = found.networks.words(grid).sigmoid().numpy()
    assert chances == pytest.approx(expected, abs=0.02)  # rounded to int8
    assert np.ptp(expected[:, 0]) > 0.02  # the photos differ
