"""What came of a run: the sum of what came of its steps."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.indexing.summary import Stages, Summary

counts = [field.name for field in fields(Summary) if field.type == "int"]
summaries = st.builds(
    Summary,
    **{name: st.integers(0, 9) for name in counts},
    unreachable=st.dictionaries(st.sampled_from("abc"), st.just("it is gone")),
    passed_over=st.dictionaries(st.sampled_from([".psd", "video"]), st.integers(1, 9)),
    stages=st.builds(Stages, *[st.integers(0, 9)] * 4),
)


@given(summaries, summaries)
def test_a_sum_is_the_sum_of_each_count(one: Summary, other: Summary) -> None:
    both = one + other
    for name in counts:
        assert getattr(both, name) == getattr(one, name) + getattr(other, name)
    assert both.unreachable == {**one.unreachable, **other.unreachable}
    for kind in (".psd", "video"):
        alone = [summary.passed_over.get(kind, 0) for summary in (one, other)]
        assert both.passed_over.get(kind, 0) == sum(alone)
    assert both.stages.walk == one.stages.walk + other.stages.walk
    assert both.stages.write == one.stages.write + other.stages.write


@given(summaries)
def test_nothing_adds_nothing_and_changes_neither(summary: Summary) -> None:
    before = str(summary)
    assert summary + Summary() == Summary() + summary == summary
    total = summary + summary
    total.unreachable["x"] = "gone"
    assert str(summary) == before


@pytest.mark.parametrize("name", counts)
def test_a_run_changes_what_can_be_found_or_meets_something_new(name: str) -> None:
    quiet = {"unchanged", "failed_before", "outdated", "reached"}
    assert replace(Summary(), **{name: 1}).changed == (name not in quiet)  # type: ignore[arg-type]
    assert not Summary(unreachable={"/p": "it is gone"}).changed
