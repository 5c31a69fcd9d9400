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
    rf"(?<![\w/.-])photosearch (?:{'|'.join(COMMANDS)})(?=[ :;,)]|$)(?![^:;,)]* --db )"
)
_library: ContextVar[str | None] = ContextVar("library", default=None)


@contextlib.contextmanager
def naming(library: str | None) -> Iterator[None]:
    """Within, let `typeable` name a library.

    Args:
        library: its file, as a person typed it after --db; None: nothing was typed.
    """
    token = _library.set(library)
    try:
        yield
    finally:
        _library.reset(token)


def typeable(message: str) -> str:
    """Return a message whose commands act on the library that the person named.

    The parts of the program that give advice don't know what was typed: each command in their
    advice gets the option --db here.
    """
    library = _library.get()
    if library is None:
        return message
    option = f" --db {shlex.quote(library)}"
    return _COMMAND.sub(lambda command: command[0] + option, message)
