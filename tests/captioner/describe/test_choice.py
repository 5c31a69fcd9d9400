"""The choice of captions, on hypotheses made by hand."""

import numpy as np
import pytest

from captioner.describe.beam import Hypothesis
from captioner.describe.choice import LEAST, UNKNOWN, ChoiceConfig, choose, evidence, features
from captioner.describe.content import ContentWords
from captioner.describe.labels import Label, Labels
from captioner.describe.vocabulary import Vocabulary

VOCABULARY = Vocabulary("a on in grass lake dog cat spatula".split())
HEAD = ("grass", "lake", "dog", "cat")
CONTENT = ContentWords(VOCABULARY, Labels([Label(w, forms=(w,)) for w in HEAD]), 100)
PLAIN = ChoiceConfig(0.0, 0.0, 0.0, denied=0.0)


def hypothesis(text: str, score: float) -> Hypothesis:
    words = VOCABULARY.encode(text.split())
    return Hypothesis(words, score * len(words), score)


ON_GRASS = hypothesis("a dog on grass", -1.0)
IN_LAKE = hypothesis("a dog in a lake", -0.9)
CAT = hypothesis("a cat on a spatula", -2.0)
THREE = [IN_LAKE, ON_GRASS, CAT]
SEEN = np.array([0.8, 0.001, 0.9, 0.0])


def test_evidence_is_what_a_naive_count_finds() -> None:
    found = evidence(THREE, CONTENT, SEEN)
    said = [{"dog", "lake"}, {"dog", "grass"}, {"cat", "spatula"}]
    posterior = np.exp([h.score for h in THREE])
    posterior /= posterior.sum()
    names = [HEAD[f] if f < 4 else VOCABULARY.words[f - 4] for f in found.families]
    for column, name in enumerate(names):
        held = [float(name in words) for words in said]
        assert found.holds[:, column].tolist() == held
        assert found.share[column] == pytest.approx(float(posterior @ held))
        sure = UNKNOWN if name == "spatula" else max(SEEN[HEAD.index(name)], LEAST)
        assert found.seen[column] == pytest.approx(np.log(sure))
    for row, words in enumerate(said):
        near = [len(words & other) / len(words | other) for other in said]
        assert found.likeness[row] == pytest.approx(float(posterior @ near))
        assert found.fluency[row] == pytest.approx(
            THREE[row].log_probability / (len(THREE[row].words) + 1)
        )
    seen, told, _ = features(found)[1]
    assert seen == pytest.approx((np.log(0.9) + np.log(0.8)) / 2)
    grass, dog = VOCABULARY.encode(["grass", "dog"])
    assert told == pytest.approx(0.8 * np.log1p(grass) + 0.9 * np.log1p(dog), rel=1e-5)


def test_the_head_turns_the_choice() -> None:
    found, sure = evidence(THREE, CONTENT, SEEN), np.ones(5)
    assert choose(THREE, found, sure, PLAIN)[0] == 0
    assert choose(THREE, found, sure, ChoiceConfig(1.0, 0.0, 0.0, denied=0.0))[0] == 1
    assert choose(THREE, found, sure, ChoiceConfig(0.0, 1.0, 0.0, denied=0.0))[0] == 1


def test_a_denied_thing_stands_in_no_caption_if_there_is_another() -> None:
    found = evidence(THREE, CONTENT, SEEN)
    denied = ChoiceConfig(0.0, 0.0, 0.0, denied=0.1)
    unsure = np.array([0.05 if family == HEAD.index("lake") else 0.5 for family in found.families])
    assert choose(THREE, found, unsure, denied)[0] == 1
    assert choose(THREE[:1], evidence(THREE[:1], CONTENT, SEEN), np.zeros(2), denied) == [0]


def test_further_captions_say_something_new_first() -> None:
    again = hypothesis("a dog on a grass", -1.1)
    four = [ON_GRASS, again, IN_LAKE, CAT]
    found = evidence(four, CONTENT, SEEN)
    assert choose(four, found, np.ones(5), PLAIN) == [2, 0, 3]
    assert choose(four, found, np.ones(5), ChoiceConfig(0, 0, 0, 0.0, captions=9)) == [2, 0, 3, 1]


def test_hypotheses_without_content_words_and_models_without_a_head() -> None:
    empty = hypothesis("a on a", -0.5)
    found = evidence([empty], CONTENT, SEEN)
    assert found.holds.shape == (1, 0) and np.isfinite(features(found)).all()
    assert choose([empty], found, np.zeros(0), ChoiceConfig()) == [0]
    blind = evidence(THREE, CONTENT, None)
    assert choose(THREE, blind, np.ones(5), ChoiceConfig(0.5, 0.0, 0.0, denied=0.0))[0] == 0
