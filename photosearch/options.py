"""Options: fields of a dataclass, each with its help and its limits.

A dataclass of options is declared once:

```python
@dataclass(frozen=True)
class CopyOptions:
    speed: Annotated[float, Option("How fast to copy.", "MB/S", least=0.1)] = 10.0
```

Python builds it from keyword arguments (`chosen`), and the command line makes its options from
it (`photosearch.cli.options`).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from photosearch.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Options = TypeVar("Options", bound="DataclassInstance")


@dataclass(frozen=True)
class Option:
    """The help of a field, and the values that a person may choose."""

    help: str  # sentences
    metavar: str = ""  # stands for the value in the help; empty for a switch
    least: float | None = None  # in `unit`
    most: float | None = None
    unit: float = 1  # that the command line counts in: 1e6 where the field counts pixels
    default: str = ""  # the default in words, if the field's own default doesn't say it
    implies: str = ""  # a switch: if the command line gives this option, the switch is on


@functools.cache
def options_of(kind: type[DataclassInstance]) -> dict[str, tuple[Any, Option]]:
    """Return type and `Option` of a dataclass's fields by name; fields without one are left out."""
    found = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        for option in getattr(hint, "__metadata__", ()):
            if isinstance(option, Option):
                found[name] = get_args(hint)[0], option
    return found


def chosen(kind: type[Options], values: Mapping[str, Any], start: Options | None = None) -> Options:
    """Return options with some values, each by the name of its field.

    Args:
        kind: the dataclass.
        values: None is the same as no value. Names that are no fields of `kind` are ignored.
        start: gives the fields without a value; None: the defaults of `kind`.
    """
    names = {field.name for field in dataclasses.fields(kind)}
    given = {name: value for name, value in values.items() if name in names and value is not None}
    return kind(**given) if start is None else dataclasses.replace(start, **given)


def check_limits(options: DataclassInstance) -> None:
    """Refuse numbers below the least or above the most that an option may be.

    Raises:
        UsageError: a number is beyond a limit, or is NaN.
    """
    for name, (_, option) in options_of(type(options)).items():
        value = getattr(options, name)
        if value is None:
            continue
        # NaN is neither smaller nor larger than any number: it must be refused too.
        if option.least is not None and not value >= option.least * option.unit:
            raise UsageError(f"{name} is {value}: {option.least * option.unit:g} is the least")
        if option.most is not None and not value <= option.most * option.unit:
            raise UsageError(f"{name} is {value}: {option.most * option.unit:g} is the most")
