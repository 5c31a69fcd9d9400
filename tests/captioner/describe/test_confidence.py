import numpy as np
import pytest

from captioner.describe.choice import Evidence
from captioner.describe.confidence import (
    CAPTION_FEATURES,
    WORD_FEATURES,
    caption_features,
    probability,
    word_features,
)

FOUND = Evidence(
    families=np.array([0, 1, 2]),
    holds=np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0]], np.float32),
    thing=np.array([True, True, False]),
    seen=np.log([0.5, 0.1, 0.9]),
    rarity=np.array([1.0, 2.0, 3.0]),
    share=np.array([0.6, 0.6, 0.3]),
    fluency=np.array([-0.5, -0.6, -0.7]),
    likeness=np.array([0.7, 0.3, 0.1]),
)


def test_features_are_what_their_names_say() -> None:
    words = word_features(FOUND)
    assert words.shape == (3, len(WORD_FEATURES))
    assert words[1] == pytest.approx([np.log(0.1 / 0.9), 0.6, 2.0])
    captions = caption_features(FOUND, np.array([0.8, 0.2, 0.9]))
    assert np.isfinite(word_features(FOUND._replace(seen=np.zeros(3)))).all()
    assert captions.shape == (3, len(CAPTION_FEATURES))
    assert captions[0] == pytest.approx([-0.5, np.log([0.5, 0.1]).mean(), np.log(0.2), 0.7])
    assert captions[2, 2] == 0.0  # no content word is least


def test_probabilities_are_logistic_and_never_overflow() -> None:
    given = np.array([[0.0], [1.0], [1e6], [-1e6]])
    chances = probability(given, (0.5, 2.0))
    assert chances[:2] == pytest.approx(1 / (1 + np.exp([-0.5, -2.5])))
    assert chances[2:].tolist() == [1.0, 0.0]
