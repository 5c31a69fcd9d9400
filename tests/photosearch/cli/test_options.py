"""Options of commands: made from dataclasses, and read as typer reads them."""

import inspect
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from photosearch.cli.app import PlainCommand
from photosearch.cli.options import PlainValue, flat, values_of
from photosearch.indexing.config import DescribeOptions, IndexOptions, WatchOptions
from photosearch.options import Option, options_of


@dataclass(frozen=True)
class Copying:
    speed: Annotated[float, Option("How fast.", "MB/S", least=0.5, most=8)] = 2.0
    size: Annotated[
        int | None, Option("Megabytes at once.", "MB", unit=1000, default="all", implies="again")
    ] = None
    again: Annotated[bool, Option("What is there, too.")] = False
    skip: Annotated[tuple[str, ...], Option("Not this.", "NAME")] = ()
    secret: int = 7


@dataclass(frozen=True)
class Naming:
    name: Annotated[str, Option("What it is called.", "NAME")] = "copy"


def command(asked: list[Any]) -> typer.Typer:
    """A command line that notes what it is asked."""
    app = typer.Typer(add_completion=False)

    def copy(
        *, source: str, copying: Copying, naming: Naming, dry: bool = False, count: int = 1
    ) -> None:
        """Copy."""
        asked.append((source, copying, naming, dry, count))

    app.command(cls=PlainCommand)(flat(copy))
    return app


def test_each_field_is_an_option_and_comes_back_in_its_dataclass() -> None:
    asked: list[Any] = []
    typed = "here --speed 4 --skip a --skip b --name x --dry --count 3"
    assert CliRunner().invoke(command(asked), typed.split()).exit_code == 0
    assert CliRunner().invoke(command(asked), ["here"]).exit_code == 0
    assert asked == [
        ("here", Copying(speed=4.0, skip=["a", "b"]), Naming("x"), True, 3),  # type: ignore[arg-type]
        ("here", Copying(), Naming(), False, 1),
    ]


def test_an_option_counts_in_its_unit_and_may_imply_another() -> None:
    asked: list[Any] = []
    assert CliRunner().invoke(command(asked), ["here", "--size", "1.5"]).exit_code == 0
    ((_, copying, *_),) = asked
    assert copying == Copying(size=1500, again=True)
    assert values_of(Copying, {"size": 0.0, "again": False}) == {"size": 0, "again": True}


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["--speed", "9"], "9 is more than 8"),
        (["--speed", "0.4"], "0.4 is less than 0.5"),
        (["--speed", "nan"], "nan is less than 0.5"),
        (["--speed", "fast"], "'fast' is not a number"),
        (["--count", "1.5"], "'1.5' is not a whole number"),
        (["--count"], "--count"),
        (["--secret", "3"], "--secret"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_option(typed: list[str], message: str) -> None:
    asked: list[Any] = []
    done = CliRunner().invoke(command(asked), ["here", *typed])
    assert (done.exit_code, asked) == (2, [])
    assert message in done.output and typed[0] in done.output


def test_help_tells_defaults_once() -> None:
    shown = CliRunner().invoke(command([]), ["--help"], env={"COLUMNS": "200"}).output
    for told in ("How fast. By default 2.", "Megabytes at once. By default all.",
                 "What it is called. By default copy.", "MB/S", "--again "):  # fmt: skip
        assert told in shown
    assert "Not this. By default" not in shown and "--secret" not in shown
    assert "--no-again" not in shown


@given(st.integers() | st.floats() | st.text(), st.sampled_from([int, float, str]))
def test_values_are_what_python_reads(value: Any, kind: type) -> None:
    class Parameter:
        multiple, nargs = False, 1

    def read() -> Any:
        return PlainValue(kind, None, None).coerce(str(value), Parameter, None)

    try:
        expected = kind(str(value))
    except ValueError:
        with pytest.raises(typer.BadParameter):
            read()
    else:
        assert repr(read()) == repr(expected)


def test_watch_has_all_options_of_index() -> None:
    from photosearch.cli.index import index
    from photosearch.cli.watch import watch

    at_index, at_watch = (set(inspect.signature(flat(one)).parameters) for one in (index, watch))
    assert at_index <= at_watch
    assert at_watch - at_index == set(options_of(WatchOptions)) == {"poll"}
    assert at_index >= {*options_of(IndexOptions), *options_of(DescribeOptions)}


def test_every_field_of_indexing_is_an_option_with_its_help() -> None:
    for kind in (IndexOptions, DescribeOptions):
        assert list(options_of(kind)) == list(kind.__dataclass_fields__)
        assert all(option.help.endswith(".") for _, option in options_of(kind).values())
