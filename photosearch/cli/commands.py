"""The commands: their names, and how a message names a command that a person can type."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator
from contextvars import ContextVar

# In the order of the help. A command is the function of its name in `photosearch.cli.NAME`.
COMMANDS = (
    "index", "watch", "find", "edit", "export", "stats", "errors", "prune", "forget", "relocate",
    "doctor", "evaluate", "demo",
)  # fmt: skip

# A command in a message. If the message itself names the library, the command stays as it is.
_COMMAND = re.compile(
    rf"(?<![\w/.-])photosearch ({'|'.join(COMMANDS)})(?=[ :;,)]|$)(?![^:;,)]* --db )"
)
_typed: ContextVar[tuple[str | None, str | None]] = ContextVar("typed", default=(None, None))


@contextlib.contextmanager
def naming(library: str | None, model: str | None = None) -> Iterator[None]:
    """Within, let `typeable` name a library and a model.

    Args:
        library: its file, as a person typed it after --db; None: nothing was typed.
        model: its folder, as a person typed it after --model; None: nothing was typed.
    """
    token = _typed.set((library, model))
    try:
        yield
    finally:
        _typed.reset(token)


def typeable(message: str) -> str:
    """Return a message whose commands act on the library and the model that the person named.

    The parts of the program that give advice don't know what was typed: here each command in their
    advice gets the option --db, and `index` the option --model, too.
    """
    library, model = _typed.get()

    def completed(command: re.Match[str]) -> str:
        options = {"--db": library, "--model": model if command[1] == "index" else None}
        given = [f" {name} {shlex.quote(value)}" for name, value in options.items() if value]
        return command[0] + "".join(given)

    return _COMMAND.sub(completed, message)
