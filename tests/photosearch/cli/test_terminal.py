"""What is printed: nothing in it commands a terminal, and numbers read well."""

import contextlib
import os
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from photosearch.cli import terminal
from photosearch.cli.terminal import (
    IndexProgress,
    Line,
    clean,
    duration,
    index_summary,
    note,
    result_lines,
)
from photosearch.indexing.summary import Summary
from photosearch.photo.dates import DateSource
from photosearch.search.results import Part, Result
from photosearch.wording import Confidence

OVERRIDES = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
ESCAPES = [
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x9b2J",
    "a\rb",
    "a\x08b",
    "a\tb",
    "a\nb",
    "\0",
    "\x7f",
]


def plain(text: str) -> bool:
    return not any(unicodedata.category(char) == "Cc" or char in OVERRIDES for char in text)


@given(st.text() | st.lists(st.sampled_from([*ESCAPES, *OVERRIDES, "\u2028", "é"])).map("".join))
@example("".join(ESCAPES))
@example("jpg.\u202egpj.exe")
@example("a\u2028b\u2029c")
def test_clean_text_is_one_line_that_commands_nothing(text: str) -> None:
    cleaned = clean(text)
    assert plain(cleaned)
    assert len(cleaned) == len(text)
    assert len(cleaned.splitlines()) <= 1
    assert clean(cleaned) == cleaned
    for before, after in zip(text, cleaned, strict=True):
        assert after in (before, "\ufffd")


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
@example("a dog’s naïve 🐶 [bold]x[/]")
def test_other_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@given(st.binary(max_size=30))
def test_names_that_are_no_utf_8_can_be_shown(raw: bytes) -> None:
    shown = clean(raw.decode("utf-8", "surrogateescape"))
    shown.encode("utf-8")
    assert plain(shown)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (0.4, "0 s"), (12, "12 s"), (59.4, "59 s"), (59.6, "1 min 0 s"),
        (60, "1 min 0 s"), (200, "3 min 20 s"), (3599.4, "59 min 59 s"), (3599.6, "1 h 0 min"),
        (7500, "2 h 5 min"), (100_000, "27 h 46 min"), (-3, "0 s"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(st.floats(0, 10**7))
def test_a_duration_can_be_read_back(seconds: float) -> None:
    units = {"s": 1, "min": 60, "h": 3600}
    parts = re.findall(r"(\d+) (s|min|h)", duration(seconds))
    assert abs(sum(int(number) * units[unit] for number, unit in parts) - seconds) <= (
        0.5 if seconds < 3599 else 60
    )
    assert all(int(number) < 60 for number, unit in parts if unit != "h")


# Results

MARKUP = "[bold red]dog[/bold red] [/] [link=file:///x]y[/link] :dog: \\[x] [1, 2]"


def plain_of(line: Line) -> str:
    return "".join(text for text, _ in line)


def test_a_match_in_a_list_is_shown_with_the_whole_name() -> None:
    written = {"people": ["Anna Karenina", "Bob"], "place": ["Old town", "Bergen"],
               "title": ["A long story"]}  # fmt: skip
    matches = {"people": ["anna"], "place": ["bergen", "town"], "title": ["long"]}
    lines = result_lines(1, Result("/x.jpg", 1.0, "a", matches, [], written=written))
    assert plain_of(lines[2]).strip() == (
        "also in title: long, people: Anna Karenina, place: Old town, Bergen"
    )
    odd = {"people": ["strasse"]}  # another spelling of the same name
    lines = result_lines(1, Result("/x.jpg", 1.0, "a", odd, [], written={"people": ["Straße"]}))
    assert plain_of(lines[2]).strip() == "also in people: strasse"


@pytest.mark.parametrize("colours", [True, False])
def test_markup_is_only_text(
    colours: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1" if colours else "")
    monkeypatch.setenv("TERM", "xterm")
    result = Result(f"/p/{MARKUP}.jpg", 1.25, MARKUP, {"folder": ["[red]", "[/]"]}, [])
    terminal.print_results([result])
    printed = capsys.readouterr().out
    text = re.sub(r"\x1b\[[\d;]*m", "", printed)
    assert (text != printed) == colours
    assert text.splitlines() == [
        f"  1   1.25  {MARKUP}",
        f"            /p/{MARKUP}.jpg",
        "            also in folder: [red] [/]",
    ]


def test_matched_words_are_styled_and_only_they() -> None:
    caption = "🐶 [b]dog[/b] é dog"
    marks = [(5, 8), (15, 18)]
    assert [caption[start:end] for start, end in marks] == ["dog", "dog"]
    line = result_lines(12, Result("/x.jpg", 123.456, caption, {"caption": ["dog"]}, marks))[0]
    assert plain_of(line) == f" 12 123.46  {caption}"
    styled = [text for text, style in line if "green" in style]
    assert styled == ["dog", "dog"]


def test_an_unsure_caption_is_shown_with_doubt_and_its_matched_words_styled() -> None:
    caption, marks = "a dog in a lake", [(2, 5), (11, 15)]
    unsure = Confidence(0.125, (("dog", 0.9), ("lake", 0.125)))
    result = Result("/x.jpg", 0.5, caption, {"caption": ["dog", "lake"]}, marks, ["grass"])
    for confidence, shown, styled in [
        (unsure, "perhaps a dog", ["dog"]),
        (Confidence(0.125), f"perhaps {caption}", ["dog", "lake"]),
        (Confidence(0.125, (("dog", 0.25),)), "perhaps grass", []),
        (Confidence(0.75), caption, ["dog", "lake"]),
        (None, caption, ["dog", "lake"]),
    ]:
        line = result_lines(1, replace(result, confidence=confidence))[0]
        assert plain_of(line) == f"  1   0.50  {shown}"
        assert [text for text, style in line if "green" in style] == styled


@given(caption=st.text(max_size=30), path=st.text(max_size=30), data=st.data())
def test_any_result_can_be_shown(caption: str, path: str, data: st.DataObject) -> None:
    ends = sorted(data.draw(st.lists(st.integers(0, len(caption)), max_size=4)))
    marks = list(zip(ends[::2], ends[1::2], strict=False))
    matches = data.draw(
        st.dictionaries(st.sampled_from(["camera", "filename"]), st.lists(st.text()))
    )
    result = Result(path, 0.0, caption, matches, marks)
    for line in result_lines(1, result):
        assert plain(plain_of(line))
    assert plain_of(result_lines(1, result)[0]) == f"  1   0.00  {clean(caption)}"


def test_where_else_words_matched() -> None:
    matches = {"caption": ["a"], "alternatives": ["b", "c"], "camera": ["d"], "filename": ["e"]}
    lines = result_lines(1, Result("/x.jpg", 1.0, "a", matches, [(0, 1)]))
    assert plain_of(lines[2]).strip() == "also in other captions: b c, camera: d, file name: e"
    assert len(result_lines(1, Result("/x.jpg", 1.0, "a", {"caption": ["a"]}, [(0, 1)]))) == 2


def test_results_are_printed_without_wrapping(capsys: pytest.CaptureFixture[str]) -> None:
    path = "/p/" + "long name " * 30 + "\x1b[2J.jpg"
    terminal.print_results([Result(path, 1.0, "a [dog]", {}, []) for _ in range(2)])
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "  1   1.00  a [dog]",
        f"            {clean(path)}",
        "  2   1.00  a [dog]",
        f"            {clean(path)}",
    ]
    assert printed.err == ""


@pytest.mark.parametrize(
    ("sure", "others", "heads"),
    [(2, 2, {2: "perhaps:"}), (0, 2, {0: "nothing sure, perhaps:"}), (2, 0, {}), (0, 0, {})],
)
def test_a_line_of_words_parts_the_sure_from_the_others(
    capsys: pytest.CaptureFixture[str], sure: int, others: int, heads: dict[int, str]
) -> None:
    results = [
        Result(f"/{rank}.jpg", 0.5, "a dog", {}, [], sure=rank < sure)
        for rank in range(sure + others)
    ]
    terminal.print_results(results)
    expected = []
    for rank in range(sure + others):
        expected += [heads[rank]] if rank in heads else []
        expected += [f"{rank + 1:>3}   0.50  a dog", f"            /{rank}.jpg"]
    assert capsys.readouterr().out.splitlines() == expected


PARTS = {
    "meaning": Part(2.34, 0.5, 2.5), "like": Part(-1.0, 0.0, 3.0),
    "words": Part(0.6789, 0.375), "own": Part(0.25, 0.125),
}  # fmt: skip


def test_explained_results_tell_their_date_and_its_source() -> None:
    assert terminal.DATE_SOURCES.keys() == {*DateSource}
    for source in DateSource:
        result = Result("/x.jpg", 1.0, "a", {}, [], taken_at="1931-05", taken_from=source)
        line = plain_of(result_lines(1, result, explain=True)[2])
        assert line.strip() == f"taken: 1931-05 (by {terminal.DATE_SOURCES[source]})"
        assert len(result_lines(1, result)) == 2
    undated = Result("/x.jpg", 1.0, "a", {}, [])
    assert len(result_lines(1, undated, explain=True)) == 2


def test_reading_metadata_again_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for photos, unread, expected in [
        (1, 0, ""),
        (1, 1, "reading the metadata of 1 photo again: this version knows more of it\n"),
        (
            100_000,
            9,
            "reading the metadata of 100,000 photos again: this version knows more of it\n",
        ),
        (100_000, 0, "reading the metadata of 100,000 photos again\n"),
    ]:
        with terminal.IndexProgress() as progress:
            progress.start(0)
            progress.rereading(photos, unread)
            progress.reread(photos)
        assert capsys.readouterr().err == expected


def test_explained_results_tell_what_their_scores_are_made_of() -> None:
    result = Result("/x.jpg", 0.97, "a dog", {}, [], ["dog", "beach"], PARTS)
    assert len(result_lines(1, result)) == 2
    lines = [plain_of(line) for line in result_lines(1, result, explain=True)[2:]]
    assert lines == [
        "            tags: dog, beach",
        "            █████       50%  what it shows: +2.3 (best of other photos: +2.5)",
        "                         0%  likeness: -1.0 (alike from +3.0 on)",
        "            ████        38%  words in its text: 68% of what is possible",
        "            █           12%  your and the camera's words: 25% of the query",
    ]


def test_explained_results_of_words_alone_have_no_parts() -> None:
    plain_result = Result("/x.jpg", 0.97, "a dog", {}, [])
    assert result_lines(1, plain_result, True) == result_lines(1, plain_result)


@given(
    st.dictionaries(
        st.sampled_from(sorted(PARTS)),
        st.builds(Part, st.floats(-99, 99), st.floats(0, 1)),
    )
)
def test_bars_are_of_one_length(parts: dict[str, Part]) -> None:
    lines = result_lines(1, Result("/x.jpg", 1.0, "a dog", {}, [], [], parts), explain=True)[2:]
    assert len(lines) == len(parts)
    for line, part in zip(lines, parts.values(), strict=True):
        bar, percent = plain_of(line)[12:22], plain_of(line)[22:27]
        assert bar.count("█") == pytest.approx(10 * part.fraction, abs=0.5)
        assert bar.strip(" █") == ""
        assert float(percent.strip().removesuffix("%")) == pytest.approx(
            100 * part.fraction, abs=0.5
        )


@given(st.lists(st.text(max_size=8) | st.sampled_from([*ESCAPES, *OVERRIDES]), min_size=1))
@example(["\x1b[2Jdog", "jpg.\u202egpj", "[bold]x[/]"])
def test_tags_command_no_terminal(tags: list[str]) -> None:
    result = Result("/x.jpg", 1.0, "a dog", {}, [], tags, PARTS)
    lines = result_lines(1, result, explain=True)
    assert all(plain(plain_of(line)) for line in lines)
    assert plain_of(lines[2]) == f"            tags: {clean(', '.join(tags))}"


def test_explaining_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_results([Result("/x.jpg", 1.0, "a", {}, [], ["[dog]"], PARTS)], explain=True)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 7
    assert printed[2] == "            tags: [dog]"


# Progress


def test_progress_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.IndexProgress() as progress:
        progress.start(7000)
        progress.advance(32)
        progress.skipped("/p/\x1b[31m\udcff.jpg", "truncated\nfile")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "7,000 photos to caption",
        "skipping /p/\ufffd[31m\ufffd.jpg: truncated\ufffdfile",
    ]


def test_progress_of_nothing_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.IndexProgress() as progress:
        progress.start(0)
        progress.advance(0)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("summary", "seconds", "text"),
    [
        (Summary(), 1.0, "nothing new"),
        (Summary(unchanged=7000), 1.0, "nothing new, 7,000 unchanged"),
        (Summary(captioned=1), 2.0, "1 photo captioned in 2 s (0.5/s)"),
        (Summary(captioned=7000), 200.0, "7,000 photos captioned in 3 min 20 s (35.0/s)"),
        (Summary(captioned=2), 0.0, "2 photos captioned in 0 s (0.0/s)"),
        (
            Summary(ignored=2000, hidden=1),
            1.0,
            "nothing new, 1 gone and hidden, 2,000 ignored now and hidden",
        ),
        (
            Summary(unchanged=1, failed=2, failed_before=3, hidden=4, returned=5),
            1.0,
            "nothing new, 1 unchanged, 5 can't be read, 4 gone and hidden, 5 back again",
        ),
    ],
)
def test_index_summary(summary: Summary, seconds: float, text: str) -> None:
    assert index_summary(summary, seconds) == text


def test_what_nobody_can_read_any_more_stops_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = open(writer, "w", buffering=1)  # noqa: SIM115  closing it fails
    with contextlib.redirect_stderr(stream), IndexProgress() as progress:
        note("nobody hears that")
        progress.start(3)
        progress.skipped("a.jpg", "it is empty")
        progress.advance(3)
    with pytest.raises(BrokenPipeError):
        stream.close()
