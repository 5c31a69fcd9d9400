"""How commands end: what a person can mend is one line, and a fault of the program shows as one."""

import contextlib
import errno
import importlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import pytest
import typer
from PIL import Image

import photosearch
from photosearch import Library
from photosearch.cli.app import app, reporting
from photosearch.cli.commands import COMMANDS
from photosearch.errors import BusyError, LibraryError, UnknownPathError, UsageError
from tests.fakes import FakeDescriber


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


# An indexing run whose end takes a while: the seconds that the command gets as its only word.
SLOW = """
import time
import photosearch.indexing.run
def index(*arguments, **options):
    try:
        print("at work", flush=True)
        time.sleep(60)
    finally:
        print("ending", flush=True)
        time.sleep({seconds})
        print("ended", flush=True)
photosearch.indexing.run.index = index
"""


@pytest.mark.parametrize(
    ("seconds", "waits", "out"),
    [(0.5, [0.0], "ended\n"), (0.5, [0.2], "ended\n"), (60, [0.1], ""), (60, [0.1, 0.1], "")],
)
def test_a_second_interrupt_ends_no_less_cleanly_than_the_first(
    tmp_path: Path, seconds: float, waits: list[float], out: str
) -> None:
    script = f"{SLOW.format(seconds=seconds)}\nfrom photosearch.cli import main\nmain()"
    (tmp_path / "Photos").mkdir()
    command = [sys.executable, "-c", script, "index", "Photos", "--db", "l.db"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "ending\n"
        for wait in waits:
            time.sleep(wait)
            process.send_signal(signal.SIGINT)
        told, noted = process.communicate(timeout=30)
    hint = "stopped: all finished batches are kept, the same command goes on\n"
    assert (process.returncode, told, noted) == (130, out, hint if out else "")


@pytest.mark.parametrize("module", ["typer", "photosearch.indexing.job"])
def test_an_interrupt_that_became_another_error_is_an_interrupt(
    tmp_path: Path, module: str
) -> None:
    code = f"""if True:
        import signal, sys
        class Importer:
            def find_spec(self, name, path=None, target=None):
                if name == "{module}":
                    try:
                        signal.raise_signal(signal.SIGINT)
                    except KeyboardInterrupt as error:
                        raise RuntimeError("Error calling __set_name__") from error
        sys.meta_path.insert(0, Importer())"""
    (tmp_path / "Photos").mkdir()
    done = run(code, "index", "Photos", "--db", "l.db", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


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


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UsageError("no such engine", "choose another one"), 2,
         "no such engine: choose another one"),
        (UnknownPathError("x is not in the library"), 2, "x is not in the library"),
        (LibraryError("no library at x"), 3, "no library at x"),
        (BusyError("another one is at work"), 3, "another one is at work"),
        (OSError(errno.ENOSPC, "full"), 3, f"can't write: {os.strerror(errno.ENOSPC)}"),
        (
            sqlite3.OperationalError("locked"), 3,
            "the library can't be used: locked: photosearch doctor tells more",
        ),
    ],
)  # fmt: skip
def test_what_a_person_can_mend_is_one_line(
    error: Exception, code: int, line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    @reporting
    def command() -> None:
        raise error

    with pytest.raises(typer.Exit) as ended:
        command()
    assert ended.value.exit_code == code
    assert capfd.readouterr() == ("", f"photosearch: {line}\n")


@pytest.mark.parametrize(
    "error", [ValueError("x"), TypeError("x"), KeyError("x"), OSError(errno.EIO, "x")]
)
def test_a_fault_passes(error: Exception) -> None:
    @reporting
    def command() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        command()
    assert raised.value is error


def test_advice_names_the_library_that_was_named(tmp_path: Path) -> None:
    done = run("", "stats", "--db", "my l.db", cwd=tmp_path)
    assert done.stderr.endswith("make one with photosearch index --db 'my l.db' FOLDER\n")
    done = run("", "stats", cwd=tmp_path, env={"PHOTOSEARCH_DB": "l.db"})
    assert done.stderr.endswith("make one with photosearch index FOLDER\n")
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (20, 10), "blue").save(photos / "sea.png")
    with Library(tmp_path / "l.db") as library:
        library.index([photos], load=FakeDescriber, workers=0)
    with contextlib.closing(sqlite3.connect(tmp_path / "l.db")) as connection, connection:
        connection.execute("DELETE FROM vectors")
        connection.execute("UPDATE search SET caption = 'wrong'")
    done = run("", "doctor", "--check", "--db", "l.db", cwd=tmp_path)
    assert "photosearch doctor --db l.db repairs that" in done.stdout
    assert "photosearch index --db l.db --upgrade" in done.stdout
    done = run("", "doctor", "--salvage", "new.db", "--db", "l.db", cwd=tmp_path)
    assert done.returncode == 0
    (photos / "sea.png").rename(tmp_path / "sea.png")
    done = run("", "index", "--db", "l.db", cwd=tmp_path)
    assert "photosearch forget --db l.db takes them out" in done.stderr


# Which modules are imported


HEAVY = {"pydantic", "torch", "sqlite_utils", "watchfiles", "rich", "PIL", "pathspec"}
TELL = """
import atexit, sys
def tell():
    names = sorted(name for name in sys.modules if name.startswith("photosearch.cli."))
    packages = sorted({name.partition(".")[0] for name in sys.modules})
    print("\\n".join(names + packages), file=sys.stderr)
atexit.register(tell)
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of one photo that is found by its file name."""
    Image.new("RGB", (20, 10), "blue").save(tmp_path / "sea.png")
    with Library(tmp_path / "l.db") as library:
        library.index([tmp_path], load=FakeDescriber, workers=0)
    return tmp_path / "l.db"


def test_find_imports_what_it_needs(library: Path, tmp_path: Path) -> None:
    done = run(TELL, "find", "blue", "--json", "--limit", "3", "--db", library, cwd=tmp_path)
    assert done.returncode == 0
    assert [found["caption"] for found in json.loads(done.stdout)] == ["a blue wall"]
    imported = set(done.stderr.splitlines())
    assert imported & HEAVY == set()
    commands = {name for name in imported if name.removeprefix("photosearch.cli.") in COMMANDS}
    assert commands == {"photosearch.cli.find"}
    done = run(TELL, "find", "blue", "--limit", "3", "--db", library, cwd=tmp_path)
    assert "a blue wall" in done.stdout  # for a pipe, without rich
    assert set(done.stderr.splitlines()) & HEAVY == set()


@pytest.mark.parametrize("score", ["-0.1", "1.01", "50", "nan", "inf"])
def test_a_threshold_that_is_no_probability_is_refused(
    library: Path, tmp_path: Path, score: str
) -> None:
    done = run("", "find", "blue", "--min-score", score, "--db", library, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"photosearch: --min-score \S+: the score is a .*, 0 to 1\n", done.stderr)
    by_words = ("--ranker", "bm25+", "--min-score", score)
    done = run("", "find", "blue", *by_words, "--db", library, cwd=tmp_path)
    assert done.returncode == (2 if score == "nan" else 1 if float(score) > 1 else 0)


@pytest.mark.parametrize("query", ["", "   ", "!!!"])
def test_a_query_without_a_word_is_told_what_to_type(
    library: Path, tmp_path: Path, query: str
) -> None:
    done = run("", "find", query, "--db", library, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("no photos match: the query has no word, type what the photo shows: ")


@pytest.mark.parametrize("command", [("find", "blue"), ("stats",), ("errors",)])
def test_json_on_a_pipe_is_utf_8_on_every_system(tmp_path: Path, command: tuple[str, ...]) -> None:
    folder = tmp_path / "Zoë 東京"
    folder.mkdir()
    Image.new("RGB", (20, 10), "blue").save(folder / "é.png")
    (folder / "broken.png").touch()
    with Library(tmp_path / "l.db") as library:
        library.index([folder], load=FakeDescriber, workers=0)
    script = "from photosearch.cli import main; main()"
    for encoding in ("ascii", "latin-1", "cp1252", "utf-16"):
        done = subprocess.run(
            [sys.executable, "-c", script, *command, "--json", "--db", tmp_path / "l.db"],
            env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, check=True,
        )  # fmt: skip
        assert "Zoë 東京" in done.stdout.decode("utf-8") and json.loads(done.stdout)


@pytest.mark.parametrize(
    "arguments", [("stats",), ("errors",), ("prune", "--dry-run"), ("find", "x", "-n", "0")]
)
def test_no_command_reads_its_options_by_pydantic(
    library: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = run(TELL, *arguments, "--db", library, cwd=tmp_path)
    assert done.returncode == (2 if "0" in arguments else 0)
    assert "pydantic" not in done.stderr.splitlines()


# The command line as a whole


def test_help_lists_all_commands_in_order(tmp_path: Path) -> None:
    long, short = (run("", option, cwd=tmp_path) for option in ("--help", "-h"))
    assert (long.returncode, long.stderr) == (0, "") and long.stdout == short.stdout
    listed = re.findall(r"^  ([a-z]+)  +[A-Z]", long.stdout.partition("Commands:")[2], re.M)
    assert listed == list(COMMANDS)
    assert run("", "stats", "-h", cwd=tmp_path).stdout.startswith("Usage: -c stats [OPTIONS]")


def test_every_command_is_a_function_of_its_name_with_an_example() -> None:
    commands = typer.main.get_command(app)
    for name in COMMANDS:
        module = importlib.import_module(f"photosearch.cli.{name}")
        assert f"Example: photosearch {name}" in getattr(module, name).__doc__
        assert module.__doc__ and module.__doc__.startswith(f"photosearch {name}: ")
        assert commands.get_command(cast(Any, None), name).name == name  # type: ignore[attr-defined]


def test_a_mistyped_command_is_told_without_importing_any(tmp_path: Path) -> None:
    done = run(TELL, "fnd", cwd=tmp_path)
    assert done.returncode == 2 and "No such command 'fnd'. Did you mean 'find'?" in done.stderr
    assert "photosearch.cli.find" not in done.stderr


def test_version(tmp_path: Path) -> None:
    done = run("", "--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"photosearch {photosearch.__version__}\n")


def completed(typed: str, tmp_path: Path) -> tuple[set[str], str]:
    """What bash offers for a line, and what is on stderr meanwhile."""
    words = typed.split(" ")
    env = {"COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1), "_PHOTOSEARCH_COMPLETE":
           "complete_bash"}  # fmt: skip
    done = run("import sys; sys.argv[0] = 'photosearch'", *words[1:], cwd=tmp_path, env=env)
    return set(done.stdout.split()), done.stderr


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("photosearch re", {"relocate"}),
        ("photosearch find --l", {"--limit", "--like"}),
        ("photosearch find a dog --unknown --min", {"--min-score"}),
        ("photosearch find --limit", {"--limit"}),
        ("photosearch find do", set()),
        ("photosearch watch ~/Pictures --file", {"--file-timeout"}),
    ],
)
def test_a_shell_completes(typed: str, offered: set[str], tmp_path: Path) -> None:
    assert completed(typed, tmp_path) == (offered, "")


def test_the_script_for_completion_is_shown(tmp_path: Path) -> None:
    done = run("", "--show-completion", cwd=tmp_path, env={"SHELL": "/bin/bash"})
    assert done.returncode == 0 and "COMP_WORDS" in done.stdout
