"""What people read of a caption."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.wording import (
    HEDGE,
    SURE,
    SURE_WORD,
    Confidence,
    moved_marks,
    sure_beginning,
    wording,
)

HIGH, LOW = SURE_WORD + 0.2, SURE_WORD - 0.2


def sure(*words: str) -> tuple[tuple[str, float], ...]:
    """Words with their confidence: those with a question mark are unsure."""
    return tuple((word.rstrip("?"), LOW if word.endswith("?") else HIGH) for word in words)


@pytest.mark.parametrize(
    ("caption", "words", "shown"),
    [
        ("a dog is running through a lake", ("dog", "running", "lake?"), "a dog is running"),
        ("a brown dog on grass", ("brown", "dog?", "grass"), ""),
        ("a man in a red shirt", ("man", "red", "shirt?"), "a man"),
        ("a man in a red shirt", ("man", "red?", "shirt"), "a man"),
        ("two dogs playing", ("dogs", "playing"), "two dogs playing"),
        ("a dog's bowl on a t-shirt", ("dog?", "bowl", "t-shirt"), ""),
        ("a cat", ("cat?",), ""),
    ],
)  # fmt: skip
def test_the_beginning_that_is_sure(caption: str, words: tuple[str, ...], shown: str) -> None:
    assert sure_beginning(caption, sure(*words)) == shown


def test_and_does_not_end_a_phrase() -> None:
    words = sure("blue", "white", "bus?", "street")
    assert sure_beginning("a blue and white bus on a street", words) == ""
    assert sure_beginning("a dog and a cat", sure("dog", "cat?")) == "a dog"


def test_a_sure_caption_and_an_unknown_one_stay_as_they_are() -> None:
    words = sure("dog?")
    assert wording("a dog", None) == "a dog"
    assert wording("a dog", Confidence(SURE, words), ["cat"]) == "a dog"


def test_an_unsure_caption_says_less() -> None:
    unsure = Confidence(SURE - 0.1, sure("dog", "lake?"))
    assert wording("a dog in a lake", unsure, ["grass"]) == "may show: a dog"
    nothing = Confidence(SURE - 0.1, sure("dog?", "lake?"))
    assert wording("a dog in a lake", nothing, ["grass", "sky"]) == "may show: grass, sky"
    assert wording("a dog in a lake", nothing) == "may show: dog, lake"  # equally unlikely
    unknown = Confidence(SURE - 0.1)
    assert wording("a dog in a lake", unknown) == "may show: a dog in a lake"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((("dog", 0.4), ("grass", 0.7), ("lake", 0.6)), "may show: grass, lake"),
        ((("dog", 0.4), ("grass", 0.2)), "may show: dog"),
        ((("dog", 0.1), ("grass", 0.5), ("dog", 0.6)), "may show: grass, dog"),
        ((("dog", 0.4), ("dog", 0.9)), "may show: dog"),
        ((("dog", 0.0),), "may show: dog"),
    ],
)
def test_without_a_sure_beginning_and_tags_only_likely_words_are_left(
    words: tuple[tuple[str, float], ...], said: str
) -> None:
    caption = "a " + " in a ".join(word for word, _ in words)
    assert wording(caption, Confidence(SURE - 0.1, words)) == said


@pytest.mark.parametrize(
    ("caption", "chances", "said"),
    [
        ("a boy in a yellow kayak", {"boy": 0.1, "yellow": 0.6, "kayak": 0.2}, "yellow, kayak"),
        ("a boy in a yellow kayak", {"boy": 0.4, "yellow": 0.6, "kayak": 0.2}, "boy, yellow"),
        ("a boy in a yellow kayak", {"boy": 0.1, "yellow": 0.6, "kayak": 0.7}, "yellow, kayak"),
        ("a black and white dog", {"black": 0.6, "white": 0.7, "dog": 0.3}, "black, white, dog"),
        ("a dog and a cat", {"dog": 0.4, "cat": 0.3}, "dog"),
        ("dogs and cats", {"dogs": 0.6, "cats": 0.2}, "dogs"),
        ("a red kite", {"red": 0.3, "kite": 0.2}, "kite"),
    ],
)
def test_some_word_says_what_is_there(caption: str, chances: dict[str, float], said: str) -> None:
    """A person who hears "may show: yellow" learns nothing of the photo."""
    assert wording(caption, Confidence(SURE - 0.1, tuple(chances.items()))) == f"may show: {said}"


captions = st.lists(st.sampled_from("a the in on dog lake red man".split()), max_size=9)


@given(captions, st.floats(0, 1), st.lists(st.floats(0, 1), min_size=9, max_size=9))
def test_no_wording_holds_an_unsure_word_after_a_sure_beginning(
    words: list[str], caption: float, chances: list[float]
) -> None:
    content = [word for word in words if len(word) > 2 and word != "the"]
    known = tuple(zip(content, chances, strict=False))
    text = " ".join(words)
    beginning = sure_beginning(text, known)
    assert text.startswith(beginning)
    kept = [word for word in beginning.split() if word in content]
    assert all(chance >= SURE_WORD for _, chance in known[: len(kept)])
    shown = wording(text, Confidence(caption, known), ["sky"])
    assert shown == text if caption >= SURE else shown.startswith(HEDGE)


def test_marks_move_with_the_words() -> None:
    caption = "a dog in a lake"
    marks = [(2, 5), (11, 15)]
    assert moved_marks(marks, caption, caption) == marks
    (mark,) = moved_marks(marks, caption, "may show: a dog")
    assert "may show: a dog"[slice(*mark)] == "dog"
    assert moved_marks(marks, caption, "may show: grass, sky") == []
    (mark,) = moved_marks(marks, caption, "may show: grass, lake")
    assert "may show: grass, lake"[slice(*mark)] == "lake"
    assert moved_marks([(2, 6)], "a show of dogs", "may show: dogs") == []


def test_what_a_row_says_is_read_and_damage_is_unknown() -> None:
    words = [["dog", 0.75]]
    assert Confidence.read(0.5, json.dumps(words)) == Confidence(0.5, (("dog", 0.75),))
    assert Confidence.read(0.5, None) == Confidence(0.5)
    for damaged in ("[", "[1]", '[["dog"]]', '[["dog", "x"]]', "3"):
        assert Confidence.read(0.5, damaged) == Confidence(0.5)
    for unknown in (None, 2.0, -1.0, float("nan"), "high"):
        assert Confidence.read(unknown, "[]") is None  # type: ignore[arg-type]
