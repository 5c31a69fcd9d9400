"""Render docs/reference/command-line.md from the --help of every command.

python docs/render_reference.py          writes the page
python docs/render_reference.py --check  only tells whether the page is what --help says now
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PAGE = Path(__file__).parent / "reference" / "command-line.md"
PROGRAMS = ("photosearch", "captioner")
WIDTH = 80  # columns
HEAD = """# Command line

Rendered from `--help` by `docs/render_reference.py`: change the command, then run that script.
For what the commands return see [exit codes](exit-codes.md), [JSON](json.md) and [CSV](csv.md). For
how to use them see the [guide](../index.md#guide).
"""


def main() -> None:
    """Write the page, or compare it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true", help="write nothing; fail if it differs")
    check = options.parse_args().check
    page = render(read_helps())
    if not check:
        PAGE.write_text(page, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page:
        sys.exit(f"{PAGE} is not what --help says: python docs/render_reference.py renders it")


def read_helps() -> dict[str, str]:
    """Return the help of every program and command, by what calls it: "photosearch find"."""
    helps = {program: help_of(program) for program in PROGRAMS}
    commands = [f"{program} {name}" for program in PROGRAMS for name in commands_in(helps[program])]
    with ThreadPoolExecutor() as threads:
        return helps | dict(zip(commands, threads.map(help_of, commands), strict=True))


def help_of(command: str) -> str:
    """Return what a command prints for --help: fixed width, no colour."""
    program, *arguments = command.split()
    script = Path(sys.executable).parent / program  # of this environment
    plain = {"COLUMNS": str(WIDTH), "NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1"}
    hidden = {"FORCE_COLOR", "PHOTOSEARCH_DB", "GITHUB_ACTIONS", "PY_COLORS"}
    variables = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [script, *arguments, "--help"],
        env=variables | plain,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


def commands_in(text: str) -> list[str]:
    """Return the names that a program's help lists as its commands, in that order."""
    _, _, listed = text.partition("\nCommands:\n")
    return re.findall(r"^  ([a-z][a-z-]*)(?:  |$)", listed, re.MULTILINE)


def render(helps: dict[str, str]) -> str:
    """Return the page: a heading and a block for each help."""
    parts = [HEAD]
    for command, text in helps.items():
        level = "##" if command in PROGRAMS else "###"
        parts.append(f"{level} {command}\n\n```text\n{text}\n```\n")
    order = [part for program in PROGRAMS for part in parts[1:] if part.split()[1] == program]
    return "\n".join([HEAD, *order])


if __name__ == "__main__":
    main()
