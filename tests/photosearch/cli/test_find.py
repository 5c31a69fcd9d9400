"""What is typed after find: options wherever they stand, and words that may be anything."""

import json
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from photosearch.cli.app import app
from photosearch.cli.find import as_record
from photosearch.search.results import Result
from photosearch.wording import Confidence

FLAGS = ["--json", "--explain", "--paths", "-0", "--print0", "--sure"]
VALUED = ["--db", "-n", "--limit", "--like", "--min-score", "--ranker"]


def parsed(typed: list[str]) -> dict[str, Any]:
    """The parameters of find for what is typed."""
    group: Any = typer.main.get_command(app)
    command = group.commands["find"]
    with command.make_context("find", list(typed)) as context:
        values: dict[str, Any] = context.params
        return values


words = st.text(max_size=8).filter(
    lambda word: (
        word not in {*FLAGS, *VALUED, "--", "-h", "--help"}
        and word.partition("=")[0] not in VALUED
        and not (word.startswith("-n") and word[2:].isdecimal())
    )
)


@given(st.lists(words, min_size=1), st.lists(st.sampled_from(FLAGS)), st.randoms())
def test_what_is_no_option_is_a_word(said: list[str], flags: list[str], chance: Any) -> None:
    places = sorted(chance.randrange(len(said) + 1) for _ in flags)
    typed = list(said)
    for place, flag in sorted(zip(places, flags, strict=True), reverse=True):
        typed.insert(place, flag)
    values = parsed(typed)
    assert list(values["query"]) == said
    assert values["as_json"] == ("--json" in flags) and values["paths"] == ("--paths" in flags)
    assert values["print0"] == bool({"-0", "--print0"} & set(flags))


@given(st.lists(st.sampled_from([*FLAGS, *VALUED, "--", "-h", "dog"]), min_size=1))
def test_after_two_dashes_all_are_words(said: list[str]) -> None:
    assert list(parsed(["--limit", "3", "--", *said])["query"]) == said


@pytest.mark.parametrize(
    "typed", [["-n5", "dog"], ["dog", "-n", "5"], ["--limit=5", "dog"], ["dog", "--limit", "5"]]
)
def test_a_number_of_photos_in_each_spelling(typed: list[str]) -> None:
    values = parsed(typed)
    assert (list(values["query"]), values["limit"]) == (["dog"], 5)


@pytest.mark.parametrize("typed", [[], ["--json"], ["--"], ["dog", "--db"]])
def test_without_a_word_or_a_value_it_is_wrong_use(typed: list[str]) -> None:
    with pytest.raises(Exception, match=r"Missing argument|requires an argument"):
        parsed(typed)


def test_a_photo_takes_the_place_of_words() -> None:
    assert parsed(["--like", "x.jpg"])["query"] in (None, (), [])


def test_what_looks_like_an_option_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(parsed(["--jsn", "dog"])["query"]) == ["--jsn", "dog"]
    assert capfd.readouterr().err == "--jsn is no option of find: it is searched as a word\n"


def record_of(result: Result) -> dict[str, Any]:
    """A result as a program reads it."""
    record: dict[str, Any] = json.loads(json.dumps(as_record(result)))
    return record


def test_programs_are_told_how_sure_a_caption_is() -> None:
    sure = Confidence(0.123456, (("dog", 0.9), ("lake", 0.125)))
    result = Result("/x.jpg", 0.5, "a dog in a lake", {}, [], confidence=sure, sure=False)
    record = record_of(result)
    assert record["confidence"] == pytest.approx(0.123456, abs=5e-5)
    assert record["word_confidences"] == [["dog", 0.9], ["lake", 0.125]]
    assert (record["caption"], record["wording"]) == ("a dog in a lake", "may show: a dog")
    assert record["sure"] is False


def test_programs_are_told_that_a_confidence_is_unknown_or_zero() -> None:
    record = record_of(Result("/x.jpg", 0.5, "a dog", {}, []))
    assert record["confidence"] is record["word_confidences"] is None
    assert record["wording"] == "a dog" and record["sure"] is True
    record = record_of(Result("/x.jpg", 0.5, "a dog", {}, [], confidence=Confidence(0.0)))
    assert (record["confidence"], record["word_confidences"]) == (0, [])
