"""Options of commands, made from dataclasses."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

import typer

from photosearch.location import ENVIRONMENT

if TYPE_CHECKING:
    from photosearch.options import Option

MOST = 1_000_000_000  # photos that can be asked for

Database = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="FILE",
        help=f"The library's file; by default ${ENVIRONMENT} or photosearch.db in your "
        "user-data folder.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="FOLDER",
        help="The model; by default that of the library, else the shipped model. The word "
        "shipped names the shipped model.",
    ),
]
Nice = Annotated[bool, typer.Option("--nice", help="Let everything else on the machine go first.")]


def be_nice() -> None:
    """Lower this process's priority; the processes that it starts inherit the priority."""
    with contextlib.suppress(AttributeError, OSError):  # Windows has no such call
        os.nice(15)


def flat(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command with one option for each field of the dataclasses that it takes."""
    hints = get_type_hints(command, include_extras=True)
    kinds: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    if not kinds:
        return command
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        if name in kinds:
            parameters += _parameters(kinds[name])
        else:
            parameters.append(parameter.replace(annotation=hints[name]))

    @functools.wraps(command)
    def run(**typed: Any) -> None:
        values = {name: typed[name] for name in typed.keys() & hints.keys()}
        groups = {name: kind(**values_of(kind, typed)) for name, kind in kinds.items()}
        command(**values, **groups)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def values_of(kind: Any, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return values for the fields of a dataclass, as a person typed them.

    Args:
        kind: the dataclass.
        typed: values by the name of a field, in the option's unit. If nothing was typed, the value
            is None or False.
    """
    from photosearch.options import options_of

    values: dict[str, Any] = {}
    for name, (hint, option) in options_of(kind).items():
        value = typed.get(name)
        if value is None or value is False:
            continue
        values[name] = round(value * option.unit) if hint in (int, int | None) else value
        if option.implies:
            values[option.implies] = True
    return values


def _parameters(kind: Any) -> list[inspect.Parameter]:
    """Return a command's parameters for the fields of a dataclass that are options."""
    from photosearch.options import options_of

    defaults = {field.name: field.default for field in fields(kind)}
    return [
        _parameter(name, hint, option, defaults[name])
        for name, (hint, option) in options_of(kind).items()
    ]


def _parameter(name: str, hint: Any, option: Option, default: Any) -> inspect.Parameter:
    """Return a command's parameter for a field. If nothing is typed, its value is None or False."""
    shown = option.default
    if not shown and isinstance(default, str | int | float) and default is not False:
        shown = default if isinstance(default, str) else f"{default / option.unit:g}"
    shown = typer.Option(
        f"--{name.replace('_', '-')}",
        help=f"{option.help} By default {shown}." if shown else option.help,
        metavar=option.metavar or None,
        min=option.least,
        max=option.most,
    )
    kinds = (bool, int, float, str)
    kind: Any = next((known for known in kinds if hint in (known, known | None)), list[str])
    if option.unit != 1:
        kind = float  # half a megapixel may be typed: it is still a whole number of pixels
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if kind is bool else None,
        annotation=Annotated[kind if kind is bool else kind | None, shown],
    )


class PlainValues:
    """Lets a command or group of typer read texts, numbers and switches without pydantic.

    Recent versions of typer read each value through pydantic. To import pydantic takes longer than
    a search. These versions keep the reader of a value in `_runtime_param`: this class sets it. A
    version of typer without that attribute reads values in its own way.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, none of which needs pydantic for its value."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            kind = getattr(getattr(param, "type_descriptor", None), "annotation", None)
            item = get_args(kind)[0] if kind == list[str] else kind
            if item in (bool, int, float, str) and hasattr(param, "_runtime_param"):
                param._runtime_param = PlainValue(item, param.min, param.max)
        return params


class PlainValue:
    """The reader of a parameter's value, as typer's own `RuntimeParam` is."""

    def __init__(self, kind: type, least: float | None, most: float | None) -> None:
        self.kind = kind
        self.least = least
        self.most = most

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value that a text stands for; for several texts, the value of each.

        Raises:
            typer.BadParameter: a text is no number, or its number is beyond a limit.
        """
        is_list = param.multiple or param.nargs == -1
        if value is None:
            return () if is_list else None
        if is_list:
            return [self._read(item, param, ctx) for item in value]
        return self._read(value, param, ctx)

    def _read(self, value: Any, param: Any, ctx: Any) -> Any:
        try:
            read = self.kind(value)
        except ValueError:
            what = "a whole number" if self.kind is int else "a number"
            raise typer.BadParameter(f"{value!r} is not {what}.", ctx, param) from None
        # NaN is neither smaller nor larger than any number: it must be refused too.
        if self.least is not None and not read >= self.least:
            raise typer.BadParameter(f"{value} is less than {self.least:g}.", ctx, param)
        if self.most is not None and not read <= self.most:
            raise typer.BadParameter(f"{value} is more than {self.most:g}.", ctx, param)
        return read
