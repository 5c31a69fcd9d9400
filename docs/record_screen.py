"""Draw a real screen: run the commands of the README on a folder of photos, and write an SVG.

python docs/record_screen.py FOLDER [--out docs/images/screen.svg]

The commands run in a terminal of their own, with a library in a temporary folder. Their progress
is left out, and the folder above the photos is typed as ~. Needs a system with pseudo-terminals.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import shlex
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 88  # columns
QUERIES = (["-n", "3", "dog on beach"], ["-n", "2", "--explain", "somebody in the snow"])
# Nothing is fetched when the picture is shown: fonts of the reader's own.
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def main() -> None:
    """Run the commands and write the picture."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--out", type=Path, default=Path("docs/images/screen.svg"))
    asked = options.parse_args()
    photos = asked.folder.resolve()
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"))  # noqa: SIM115
    commands = [["index", str(photos)], *(["find", *query] for query in QUERIES)]
    with tempfile.TemporaryDirectory() as folder:
        for number, command in enumerate(commands):
            typed = shlex.join(["photosearch", *command]).replace("'", '"')
            typed = typed.replace(str(photos), f"~/{photos.name}")
            console.print(Text.assemble("\n" if number else "", ("$ ", "dim"), (typed, "bold")))
            console.print(Text.from_ansi(screen_of(command, Path(folder, "photosearch.db"))))
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(as_svg(console), encoding="utf-8")


def screen_of(command: list[str], library: Path) -> str:
    """Return what a command writes to a terminal as its result, colours included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, WIDTH, 0, 0))
    variables = {name: text for name, text in os.environ.items() if name != "NO_COLOR"}
    variables |= {"PHOTOSEARCH_DB": str(library), "TERM": "xterm-256color", "COLUMNS": str(WIDTH)}
    script = Path(sys.executable).parent / "photosearch"
    with subprocess.Popen(
        [script, *command],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=variables,
    ) as process:
        os.close(theirs)
        written = b"".join(iter(lambda: read(ours), b""))
    os.close(ours)
    if process.returncode:
        sys.exit(f"photosearch {shlex.join(command)} ended with {process.returncode}")
    return written.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n")


def read(terminal: int) -> bytes:
    """Return the text in a terminal; if its program has ended, return nothing."""
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux reports the end like this
        return b""


def as_svg(console: Console) -> str:
    """Return what was printed as an SVG that fetches nothing."""
    svg = console.export_svg(title="photosearch", unique_id="screen")
    start, end = svg.index("@font-face"), svg.index(".screen-matrix")
    svg = (svg[:start] + svg[end:]).replace("Fira Code, monospace", FONT)
    return svg.replace("<svg ", '<svg xml:space="preserve" ', 1)  # spaces at a line's start


if __name__ == "__main__":
    main()
