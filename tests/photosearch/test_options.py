"""Options of dataclasses: built from what is given by name, and refused beyond their limits."""

import math
from dataclasses import dataclass
from typing import Annotated

import pytest

from photosearch.errors import UsageError
from photosearch.options import Option, check_limits, chosen, options_of


@dataclass(frozen=True)
class Copying:
    speed: Annotated[float | None, Option("How fast.", "MB/S", least=0.5, most=8, unit=10)] = None
    whole: Annotated[bool, Option("All of it.")] = False
    buffer: int = 16

    def __post_init__(self) -> None:
        check_limits(self)


def test_fields_that_are_told_are_options() -> None:
    assert list(options_of(Copying)) == ["speed", "whole"]
    hint, option = options_of(Copying)["speed"]
    assert hint == float | None and (option.help, option.metavar) == ("How fast.", "MB/S")


def test_what_is_given_by_name_comes_over_what_holds() -> None:
    start = Copying(speed=20, buffer=8)
    assert chosen(Copying, {}) == Copying()
    assert chosen(Copying, {"whole": True, "speed": None}, start) == Copying(20, True, 8)
    assert chosen(Copying, {"threads": 3, "buffer": 9}) == Copying(buffer=9)  # another's field


@pytest.mark.parametrize("speed", [5, 80, None])
def test_limits_themselves_are_allowed(speed: float | None) -> None:
    assert Copying(speed).speed == speed


@pytest.mark.parametrize(
    ("speed", "message"),
    [(4.9, "5 is the least"), (80.1, "80 is the most"), (math.nan, "5 is the least")],
)
def test_beyond_the_limits_is_told_with_the_name(speed: float, message: str) -> None:
    with pytest.raises(UsageError, match=f"speed is {speed}: {message}"):
        Copying(speed)
