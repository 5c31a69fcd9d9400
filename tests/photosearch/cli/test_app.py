"""How commands end: what a person can mend is one line, and a fault of the program shows as one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(
    code: str, *arguments: str | Path, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, after a few lines of Python."""
    script = f"{code}\nfrom photosearch.cli import main\nmain()"
    command = [sys.executable, "-c", script, *map(str, arguments)]
    variables = {name: value for name, value in os.environ.items() if name != "PHOTOSEARCH_DEBUG"}
    return subprocess.run(
        command, cwd=cwd, env={**variables, **(env or {})}, capture_output=True, text=True
    )


# A fault in the heart of indexing, as an error that 0.1.0 took for a wrong argument.
FAULT = """
import photosearch.indexing.run
def index(*arguments, **options):
    raise ValueError("not enough values to unpack")
photosearch.indexing.run.index = index
"""


@pytest.mark.parametrize("command", ["index", "watch"])
def test_a_fault_while_indexing_is_no_wrong_use(command: str, tmp_path: Path) -> None:
    (tmp_path / "Photos").mkdir()
    (tmp_path / "Photos" / "notes.txt").touch()
    arguments = (command, "Photos", "--db", "l.db")
    done = run(FAULT, *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == (
        "photosearch: internal error: ValueError: not enough values to unpack "
        "(PHOTOSEARCH_DEBUG=1 tells more)\n"
    )
    done = run(FAULT, *arguments, cwd=tmp_path, env={"PHOTOSEARCH_DEBUG": "1"})
    assert (done.returncode, done.stdout) == (4, "")
    assert "Traceback" in done.stderr and "not enough values to unpack" in done.stderr
