"""Choice and confidence find what made photos' captions good and right."""

import numpy as np
import pytest

from captioner.describe.beam import Hypothesis
from captioner.describe.choice import ChoiceConfig, evidence
from captioner.describe.confidence import probability
from captioner.describe.content import ContentWords
from captioner.describe.labels import Label, Labels
from captioner.describe.vocabulary import Vocabulary
from captioner.training.fit_captions import fit, fit_choice, logistic
from captioner.training.judged import Judged, calibration_error, judge, meanings, measure
from captioner.training.metrics import cider_d
from captioner.training.tokenizer import tokenize

NAMES = [f"thing{number}" for number in range(12)]
VOCABULARY = Vocabulary(["a", "dog", "puppy", "red", *NAMES])
LABELS = Labels([
    Label("dog", ("animal",), forms=("dog", "dogs", "puppy")),
    Label("red", trust=0.0, forms=("red",)),
    *(Label(name, forms=(name,)) for name in NAMES),
])  # fmt: skip


def test_logistic_regression_finds_the_coefficients_that_made_the_cases() -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(20_000, 2)) * (1.0, 5.0) + (0.0, 3.0)
    right = random.random(20_000) < probability(inputs, (-0.5, 1.5, -0.3))
    assert logistic(inputs, right) == pytest.approx((-0.5, 1.5, -0.3), abs=0.1)


def test_the_calibration_error_is_the_mean_gap() -> None:
    said = np.repeat([0.2, 0.8], 50)
    right = np.concatenate([np.arange(50) < 20, np.arange(50) < 40])
    assert calibration_error(said, right, bins=2) == pytest.approx(0.1)
    random = np.random.default_rng(0)
    chances = random.random(50_000)
    assert calibration_error(chances, random.random(50_000) < chances) < 0.01


def test_a_word_means_its_name_and_its_parents() -> None:
    from captioner.describe.words import Words

    assert meanings(["puppy", "oddity"], LABELS, Words(LABELS.labels)) == {
        "dog", "animal", "oddity",
    }  # fmt: skip


def hypothesis(text: str, score: float = -1.0) -> Hypothesis:
    words = VOCABULARY.encode(text.split())
    return Hypothesis(words, score * (len(words) + 1), score)


def test_hypotheses_are_judged_by_peoples_captions() -> None:
    found = [
        [hypothesis("a puppy"), hypothesis("a red thing1")],
        [hypothesis("a thing2"), hypothesis("a thing3 thing2")],
    ]
    people = [["A dog .", "some dogs"], ["a thing2"]]
    judged = judge(found, np.full((2, len(LABELS.labels)), 0.5), people, VOCABULARY, LABELS)
    assert [photo.right.tolist() for photo in judged] == [[True, False], [True, False]]
    for place in (0, 1):
        said = [tokenize(VOCABULARY.decode(photo[place].words)) for photo in found]
        truths = [[tokenize(caption) for caption in captions] for captions in people]
        assert np.mean([photo.merit[place] for photo in judged]) == pytest.approx(
            cider_d(said, truths)
        )


def photos(count: int, seed: int) -> list[Judged]:
    """Photos whose captions are good and right if the head has seen their thing."""
    random = np.random.default_rng(seed)
    content = ContentWords(VOCABULARY, LABELS, 100)
    judged = []
    for _ in range(count):
        names = random.choice(12, 4, replace=False)
        hypotheses = [hypothesis(f"a thing{name}", random.normal(-1, 0.1)) for name in names]
        chances = random.random(len(LABELS.labels))
        found = evidence(hypotheses, content, chances)
        right = random.random(len(found.families)) < chances[found.families]
        good = found.holds @ right > 0
        judged.append(Judged(hypotheses, found, good * 1.0, right, good))
    return judged


def test_what_the_head_has_seen_is_chosen_and_sure() -> None:
    training, held_out = photos(600, 0), photos(300, 1)
    choice, confidence = fit([training], ChoiceConfig())
    assert choice.seen > 0.1
    before = measure(held_out, ChoiceConfig(0.0, 0.0, 0.0, denied=0.0), confidence)
    after = measure(held_out, choice, confidence)
    assert after["CIDEr-D"] > 1.3 * before["CIDEr-D"]
    assert after["right"] == pytest.approx(after["CIDEr-D"])
    assert after["calibration error"] < 12 and after["calibration error of words"] < 12


def test_what_is_not_fitted_stays() -> None:
    choice = fit_choice([photos(50, 0)], ChoiceConfig(denied=0.3, captions=2))
    assert (choice.denied, choice.captions) == (0.3, 2)
