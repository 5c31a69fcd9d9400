"""The self-test: what each kind of mixed-up model changes, and what may differ."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from captioner.describe.description import Caption, Description, Tag
from captioner.describe.drawings import DRAWINGS, drawings
from captioner.describe.model_folder import SELF_TEST, read_settings, write_part
from captioner.describe.quantise import quantise
from captioner.describe.self_test import SENTENCES, Answers, disagreements, matches
from captioner.describe.sentence_encoder import SentenceEncoder
from captioner.errors import ModelError

SIDE, DIMENSION, COUNT = 32, 64, len(DRAWINGS)


def units(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, np.float32)


def answers(training: int = 0) -> Answers:
    """Answers of a model whose drawings lie near their sentences; each training has its space."""
    random = np.random.default_rng(training)
    sentences = units(random.normal(size=(len(SENTENCES), DIMENSION)))
    photos = units(sentences[:COUNT] + 0.2 * random.normal(size=(COUNT, DIMENSION)))
    captions = [f"{text} {training}" for text in DRAWINGS]
    return Answers(photos, sentences, captions, [[f"tag {training}", "red"]] * COUNT)


def noisy(vectors: np.ndarray, noise: float) -> np.ndarray:
    random = np.random.default_rng(9)
    return units(vectors + noise / DIMENSION**0.5 * random.normal(size=vectors.shape))


def test_a_model_agrees_with_its_own_record() -> None:
    assert matches(answers()) == COUNT
    assert disagreements(answers(), answers()) == disagreements(answers(), None) == []


def test_engines_may_round_differently() -> None:
    model = answers()
    captions = ["other words", *model.captions[1:]]
    other = replace(
        model,
        photos=noisy(model.photos, 0.3),
        sentences=noisy(model.sentences, 0.15),
        captions=captions,
    )
    assert disagreements(other, model) == []


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("photos", ["don't fit", "photo tower or trunk"]),
        ("sentences", ["don't fit", "text tower or tokenizer"]),
        ("captions", ["captions changed"]),
    ],
)
def test_a_part_of_another_training_is_told(part: str, words: list[str]) -> None:
    mixed = replace(answers(), **{part: getattr(answers(1), part)})
    found = disagreements(mixed, answers())
    assert len(found) == len(words)
    assert all(word in line for word, line in zip(words, found, strict=True))


def test_a_whole_model_of_another_training_fits_but_is_not_the_recorded_one() -> None:
    found = disagreements(answers(1), answers())
    assert [line.split(" changed")[0] for line in found] == [
        "photo tower or trunk", "text tower or tokenizer", "captions", "tags",
    ]  # fmt: skip
    assert disagreements(answers(1), None) == []


def test_tags_that_changed_are_told() -> None:
    (line,) = disagreements(replace(answers(), tags=[["cat"]] * COUNT), answers())
    assert line.startswith("tags changed")


def test_towers_that_do_not_fit_are_told_without_a_record() -> None:
    """By chance 5 of 8 drawings match once in 900 times."""
    mixed = [replace(answers(n), sentences=answers(n + 100).sentences) for n in range(30)]
    told = [disagreements(each, None) for each in mixed]
    assert all(len(lines) == 1 and "don't fit" in lines[0] for lines in told)


def test_one_wrong_token_is_told() -> None:
    """A tokenizer that differs in accents changes one sentence."""
    model = answers()
    sentences = model.sentences.copy()
    sentences[-2] = units(np.ones((1, DIMENSION)))[0]
    (line,) = disagreements(replace(model, sentences=sentences), model)
    assert line.startswith("text tower or tokenizer")


def test_vectors_that_are_no_numbers_or_of_another_length_are_told() -> None:
    model = answers()
    broken = replace(model, photos=np.full_like(model.photos, np.nan))
    assert any("photo tower" in line for line in disagreements(broken, model))
    short = replace(model, photos=model.photos[:, :32], sentences=model.sentences[:, :32])
    assert any("photo tower" in line for line in disagreements(short, model))


# The record


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_part(tmp_path, {"encoder.weight": np.ones((2, 2), np.float32)}, {"name": "toy"})
    return tmp_path


def test_a_record_is_read_as_it_was_written(folder: Path) -> None:
    assert Answers.recorded(folder) is None
    answers().write(folder)
    read = Answers.recorded(folder)
    assert read is not None
    assert disagreements(answers(), read) == []
    assert (list(read.captions), list(read.tags)) == (answers().captions, answers().tags)
    assert (read.photos * answers().photos).sum(1).min() > 0.999
    assert (folder / SELF_TEST).stat().st_size < 20_000


def test_a_damaged_record_is_told_by_its_name(folder: Path) -> None:
    answers().write(folder)
    file = folder / SELF_TEST
    file.write_text(file.read_text(encoding="utf-8").replace("red", "rot"), encoding="utf-8")
    with pytest.raises(ModelError, match=f"{SELF_TEST} in {folder} is damaged"):
        Answers.recorded(folder)


def test_a_record_does_not_outlive_the_weights(folder: Path) -> None:
    answers().write(folder)
    write_part(folder, {}, {"ranking": {"bias": 1.0}})
    assert Answers.recorded(folder) is not None
    write_part(folder, {"encoder.weight": np.zeros((2, 2), np.float32)}, {})
    assert Answers.recorded(folder) is None
    assert SELF_TEST not in read_settings(folder)["files"]


# Asking


@dataclass
class Painter:
    """A describer that knows the drawings."""

    image_size: int = SIDE

    def describe_pixels(self, pixels: np.ndarray) -> list[Description]:
        assert np.array_equal(pixels, drawings(SIDE))
        rows = quantise(answers().photos)
        return [
            Description([Caption(text, -1.0, 3)], [Tag("red", 0.5, True)], row.tobytes())
            for text, row in zip(DRAWINGS, rows, strict=True)
        ]


class Reader:
    """A sentence encoder that knows the sentences."""

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        assert list(sentences) == list(SENTENCES)
        return answers().sentences


def test_a_model_is_asked_for_all_drawings_and_sentences() -> None:
    asked = Answers.of(cast(Any, Painter()), cast(SentenceEncoder, Reader()))
    assert asked.captions == list(DRAWINGS)
    assert asked.tags == [["red"]] * COUNT
    assert matches(asked) == COUNT
