"""What the commands print, where, and how they end."""

import contextlib
import csv
import io
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photosearch.errors import ExitCode
from photosearch.wording import HEDGE, SURE

Run = Callable[..., subprocess.CompletedProcess[str]]
CHECKOUT = Path(__file__).parents[2]
UNKNOWN = "no photos match: the model doesn't know this word, and no photo's text has it"
IMPORTS = {"PYTHONPROFILEIMPORTTIME": "1"}  # makes Python tell on stderr what it imports
COLUMNS = (
    "path,filename,alt_text,caption,confidence,taken_at,camera,latitude,longitude,place,"
    "width,height,model,title,keywords,rating,taken_from,people,notes,sure"
).split(",")


def imported(stderr: str) -> set[str]:
    """Names of the packages that a process with the variables of IMPORTS imported."""
    lines = re.findall(r"^import time:.*\| +(\S+)$", stderr, re.MULTILINE)
    assert "photosearch" in lines
    return {name.partition(".")[0] for name in lines}


def told(stderr: str) -> str:
    """What such a process wrote to stderr besides."""
    return "".join(
        line for line in stderr.splitlines(keepends=True) if not line.startswith("import time:")
    )


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def one_line(text: str) -> str:
    """The only line of a text."""
    assert text.endswith("\n") and text.count("\n") == 1, text
    return text[:-1]


# --- index


def test_index_captions_every_photo(library: Any) -> None:
    photos = 12 + 1 + len(library.odd)
    assert library.index.returncode == 0, library.index.stderr
    copies = len(library.odd) - 1  # of one picture
    summary = rf"{photos - copies} photos captioned in .+, {copies} copies\n"
    assert re.fullmatch(summary, library.index.stdout)
    told_first, *_ = library.index.stderr.splitlines()  # progress is not on stdout
    assert told_first == f"{photos - copies} photos to caption"
    with contextlib.closing(sqlite3.connect(library.db)) as db:
        assert db.execute("SELECT count(*) FROM photos").fetchone() == (photos,)
        assert db.execute("SELECT count(*) FROM captions WHERE rank = 0").fetchone() == (photos,)
        # One model, three or more words each, not one sentence for all.
        captions = {text for (text,) in db.execute("SELECT text FROM captions WHERE rank = 0")}
    assert len(captions) >= 6
    assert all(len(caption.split()) >= 3 for caption in captions)


def test_index_again_is_done_at_once_and_imports_no_torch(library: Any, run: Run) -> None:
    for folders in ([library.photos], []):  # without a folder: those known already
        again = run("index", *folders, db=library.db, env=IMPORTS)
        assert again.returncode == 0
        assert again.stdout == f"nothing new, {12 + 1 + len(library.odd)} unchanged\n"
        assert told(again.stderr) == ""
        assert not imported(again.stderr) & {"torch", "timm", "torchvision", "safetensors"}


def test_index_of_nothing_but_missing_folders_is_3(run: Run, tmp_path: Path) -> None:
    done = run("index", tmp_path / "a", tmp_path / "b", db=tmp_path / "l.db")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("no such file or directory") == 2


def test_index_without_folders_in_a_new_library_is_a_usage_error(run: Run, tmp_path: Path) -> None:
    done = run("index", db=tmp_path / "l.db")
    assert (done.returncode, done.stdout) == (2, "")
    assert "which folder?" in one_line(done.stderr)


@pytest.mark.parametrize(
    "options",
    [
        ("--device", "nonsense"),
        ("--device",),
        ("--batch-size", "0"),
        ("--workers", "-1"),
        ("--threads", "0"),
        ("--threads", "many"),
        ("--frobnicate",),
    ],
    ids=" ".join,
)
def test_index_usage_errors(run: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    done = run("index", tmp_path, *options, db=tmp_path / "l.db")
    assert (done.returncode, done.stdout) == (2, "")
    assert options[0] in done.stderr or options[-1] in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "l.db").exists()


@pytest.mark.slow  # imports torch, several times
def test_index_on_a_device_that_is_not_there_is_2(run: Run, tmp_path: Path) -> None:
    Image.new("RGB", (30, 30), "red").save(tmp_path / "red.png")
    done = run(
        "index", tmp_path, "--device", "cuda", db=tmp_path / "l.db",
        env={"CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    *progress, error = done.stderr.splitlines()
    assert progress in ([], ["1 photo to caption"])
    assert error.startswith("photosearch: ") and "cuda" in error


# --- find


@pytest.mark.parametrize("arguments", [("chelsea",), ("a", "photo", "of", "my", "Chelsea's")])
def test_find_shows_rank_score_caption_and_path(
    library: Any, run: Run, arguments: tuple[str, ...]
) -> None:
    done = run("find", *arguments, db=library.db)
    assert (done.returncode, done.stderr) == (0, "")
    first, second, why, *_ = done.stdout.splitlines()
    assert re.fullmatch(r" +1 +\d+\.\d\d  \S+( \S+)+", first)
    assert second.strip() == str(library.photos / "chelsea.png")
    assert why == f"{'':12}also in file name: chelsea"


def test_find_imports_no_torch(library: Any, run: Run) -> None:
    done = run("find", "chelsea", db=library.db, env=IMPORTS)
    assert done.returncode == 0
    slow = {"torch", "timm", "torchvision", "safetensors", "PIL", "sqlite_utils", "transformers"}
    assert not imported(done.stderr) & slow


def test_find_leaves_nothing_behind(library: Any, run: Run, tmp_path: Path) -> None:
    """Not even the file by which ONNX Runtime knows a computer again when it calls home."""
    for name in ("tmp", "home"):
        (tmp_path / name).mkdir()
    env = {"TMPDIR": str(tmp_path / "tmp"), "HOME": str(tmp_path / "home")}
    done = run(
        "find", "a cat", db=library.db, env={**env, "XDG_CACHE_HOME": str(tmp_path / "home")}
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.rglob("*")] == ["tmp", "home"]


def test_indexing_leaves_only_what_is_documented(
    library: Any, environment: dict[str, str], run: Run, tmp_path: Path
) -> None:
    """No engine knows a person again: OpenVINO would keep a number in the home folder."""
    photo = next(library.photos.glob("*.jpg"))
    done = run("index", photo, "--engine", "openvino", db=tmp_path / "photosearch.db")
    assert done.returncode == 0 and "1 photo captioned" in done.stdout
    left = {path.name for path in Path(environment["HOME"]).iterdir()}
    assert left <= {"data", ".cache"}


def test_find_ranks_by_more_words(library: Any, run: Run) -> None:
    found = json.loads(run("find", "--json", "--min-score=0", "eiffel odd", db=library.db).stdout)
    scores = [record["score"] for record in found]
    assert scores == sorted(scores, reverse=True)
    # "odd" is a folder's name that many photos share, "eiffel" is rare.
    assert found[0]["path"] == str(library.photos / "eiffel.jpg")
    assert found[0]["matches"] == {"filename": ["eiffel"]}
    odd = {record["path"] for record in found if "folder" in record["matches"]}
    assert len(odd) == len(library.odd)


def test_find_json_is_one_array_and_nothing_else(library: Any, run: Run) -> None:
    done = run("find", "coffee", "--json", db=library.db)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    keys = {"path", "score", "sure", "caption", "matches", "tags", "taken_at", "taken_from",
            "parts", "wording", "confidence", "word_confidences", "written"}  # fmt: skip
    assert [set(record) for record in found] == [keys] * len(found)
    sure = [record["sure"] for record in found]
    assert sure == sorted(sure, reverse=True)
    assert str(library.photos / "coffee.png") in [record["path"] for record in found]


def test_find_json_without_a_match_is_an_empty_array(library: Any, run: Run) -> None:
    done = run("find", "zyzzyva", "--json", db=library.db)
    assert (done.returncode, json.loads(done.stdout)) == (1, [])
    assert one_line(done.stderr) == UNKNOWN


@pytest.mark.parametrize("option", [(), ("--paths",), ("-0",)], ids=str)
def test_find_without_a_match_is_1(library: Any, run: Run, option: tuple[str, ...]) -> None:
    done = run("find", "zyzzyva", *option, db=library.db)
    assert (done.returncode, done.stdout) == (1, "")
    assert one_line(done.stderr) == UNKNOWN


def test_find_shows_what_only_may_match_under_a_line(library: Any, run: Run) -> None:
    """No photo of the demo shows a snowman; the nearest photos are shown with doubt."""
    done = run("find", "snowman", db=library.db, env={"COLUMNS": "40"})
    assert (done.returncode, done.stderr) == (0, "")
    first, second, *_ = done.stdout.splitlines()
    assert first == "nothing sure, perhaps:" and second.startswith("  1 ")
    found = json.loads(run("find", "snowman", "--json", db=library.db).stdout)
    assert found and not any(record["sure"] for record in found)
    done = run("find", "snowman", "--sure", "--paths", db=library.db)
    assert (done.returncode, done.stdout) == (1, "")
    count = f"{len(found)} photo" + "s" * (len(found) > 1)
    assert one_line(done.stderr) == f"no photos match surely (without --sure, find shows {count})"


def test_find_parts_the_sure_from_the_others(library: Any, run: Run) -> None:
    done = run("find", "eiffel odd", "--min-score", "0", db=library.db)
    groups = done.stdout.split("perhaps:\n")
    found = json.loads(run("find", "eiffel odd", "--min-score=0", "--json", db=library.db).stdout)
    sure = [record["sure"] for record in found]
    assert sure == sorted(sure, reverse=True) and set(sure) == {True, False}
    assert found[0]["path"] == str(library.photos / "eiffel.jpg")
    shown = [len(re.findall(r"^ +\d+ +\d\.\d\d ", group, re.MULTILINE)) for group in groups]
    assert shown == [sum(sure), len(sure) - sum(sure)]


def test_find_looks_into_camera_folder_and_file_name(library: Any, run: Run) -> None:
    for word, column in [("fotomat", "camera"), ("album", "folder"), ("eiffel", "filename")]:
        found = json.loads(run("find", word, "--json", "-n", "99", db=library.db).stdout)
        (eiffel,) = (record for record in found if record["path"].endswith("eiffel.jpg"))
        assert eiffel["matches"] == {column: [word]}


def test_find_prints_paths_byte_for_byte_for_xargs(library: Any, run: Run) -> None:
    done = run("find", "odd", "--min-score=0.9", "-0", db=library.db)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\0")
    assert sorted(done.stdout[:-1].split("\0")) == sorted(map(str, library.odd))
    if shutil.which("xargs") and shutil.which("ls"):
        listed = subprocess.run(
            ["xargs", "-0", "ls", "-d", "--"], input=os.fsencode(done.stdout), capture_output=True
        )
        assert (listed.returncode, listed.stderr) == (0, b"")


def test_find_prints_a_path_a_line(library: Any, run: Run) -> None:
    done = run("find", "--paths", "chelsea", "-n", "2", db=library.db)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first == str(library.photos / "chelsea.png") != second
    assert Path(second).is_file()
    done = run("find", "--paths", "chelsea", "--sure", db=library.db)
    assert (done.returncode, done.stdout) == (0, f"{first}\n")


@pytest.mark.slow
def test_options_stand_before_between_and_after_the_words(library: Any, run: Run) -> None:
    outputs = {
        run("find", *arguments, env={"PHOTOSEARCH_DB": "nowhere.db"}).stdout
        for arguments in [
            ("--db", library.db, "-0", "-n", "2", "odd", "album"),
            ("odd", "--db", library.db, "-n", "2", "album", "--print0"),
            ("odd", "album", f"--db={library.db}", "--limit=2", "-0"),
            ("--limit", "2", "odd album", "-0", "--db", library.db),
        ]
    }
    assert [output.count("\0") for output in outputs] == [2]


@pytest.mark.slow  # of texts in one process: test_query.py
@pytest.mark.parametrize(
    "words",
    [
        ["dog's"], ['"'], ["AND"], ["*"], ["NEAR(a", "b,", "3)"], ["-x"], ["-night"],
        ["-leash dog"], ['"-leash dog"'], ["-n5x"], ["--", "--db"], ["-nope=1"], ["😀"],
        ["[/bold]"], [""], ["a" * 100_000], [os.fsdecode(b"caf\xe9")], ["\x1b[31m"],
        ["photo of the"],
    ],
    ids=lambda words: repr(words)[:30],
)  # fmt: skip
def test_every_text_is_safe(library: Any, run: Run, words: list[str]) -> None:
    done = run("find", "--json", "--db", library.db, *words)
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found else 1), done.stderr
    told = done.stderr.replace(UNKNOWN, "no photos match")
    assert not found or told == ""
    assert found or re.fullmatch(r"no photos match(: the query has no word, type .*)?\n", told)


def test_many_words_are_safe(library: Any, run: Run) -> None:
    words = [f"word{number}" for number in range(5_000)]
    done = run("find", "--paths", "--ranker=fts5", *words, "eiffel", db=library.db)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{library.photos / 'eiffel.jpg'}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--",),
        ("--json",),
        ("cat", "--limit", "0"),
        ("cat", "--limit", "-1"),
        ("cat", "-n", "few"),
        ("cat", "-n"),
        ("cat", "--limit=0"),
        ("cat", "--limit", "9999999999"),
        ("cat", "--db"),
    ],
    ids=" ".join,
)
def test_find_usage_errors(library: Any, run: Run, arguments: tuple[str, ...]) -> None:
    done = run("find", *arguments, db=library.db)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "Usage: photosearch find" in done.stderr
    assert "Traceback" not in done.stderr


def test_piped_results_hold_no_escape_codes(library: Any, run: Run) -> None:
    for env in ({}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        done = run("find", "odd", "--min-score=0.9", db=library.db, env=env)
        assert (done.returncode, done.stderr) == (0, "")
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stdout)
        assert len(re.findall(r"^ +\d+ +\d+\.\d\d  ", done.stdout, re.MULTILINE)) == len(
            library.odd
        )
        assert "[bold]markup.jpg" in done.stdout  # not taken for markup


def on_a_terminal(run: Run, *arguments: str, **options: Any) -> str:
    """What a command sends to a terminal."""
    ours, theirs = pty.openpty()
    try:
        done = run(*arguments, stdout=theirs, **options)
    finally:
        os.close(theirs)
    assert done.returncode == 0, done.stderr
    sent = b""
    with contextlib.suppress(OSError):  # Linux tells the end by an error
        while part := os.read(ours, 65536):
            sent += part
    os.close(ours)
    return sent.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("option", [(), ("--paths",)], ids=["results", "paths"])
def test_file_names_cannot_command_a_terminal(
    library: Any, run: Run, option: tuple[str, ...]
) -> None:
    env = {"TERM": "xterm-256color", "COLUMNS": "200"}
    sent = on_a_terminal(run, "find", "odd", *option, db=library.db, env=env)
    assert "red.jpg" in sent
    assert "\x1b[31m" not in sent


def test_matched_words_are_highlighted_on_a_terminal(library: Any, run: Run) -> None:
    with contextlib.closing(sqlite3.connect(library.db)) as db:
        sure = "SELECT text FROM captions WHERE rank = 0 AND confidence >= ?"  # it is shown whole
        (caption,) = db.execute(sure, (SURE,)).fetchone()
    word = max(caption.split(), key=len)
    env = {"TERM": "xterm-256color", "COLUMNS": "200"}
    find = ("find", word, "--min-score", "0")
    sent = on_a_terminal(run, *find, db=library.db, env=env)
    assert re.search(rf"\x1b\[[\d;]+m{word}\x1b\[0m", sent)
    assert "\x1b" not in on_a_terminal(
        run,
        "find",
        word,
        "--min-score",
        "0",
        db=library.db,
        env={**env, "NO_COLOR": "1", "TERM": "dumb"},
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("find", "odd"),
        ("find", "odd", "--json"),
        ("find", "odd", "-0"),
        ("stats",),
        ("export", "-"),
    ],
    ids=" ".join,
)
def test_a_reader_that_has_seen_enough_is_no_error(
    library: Any, run: Run, arguments: tuple[str, ...]
) -> None:
    theirs, ours = os.pipe()
    os.close(theirs)  # what head does in the end; nobody reads what comes now
    try:
        done = run(*arguments, db=library.db, stdout=ours)
    finally:
        os.close(ours)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "arguments", [("find", "odd"), ("export", "-"), ("stats",), ("stats", "--json")], ids=" ".join
)
def test_a_full_disk_is_told_in_one_line(
    library: Any, run: Run, arguments: tuple[str, ...]
) -> None:
    with open("/dev/full", "wb") as full:
        done = run(*arguments, db=library.db, stdout=full)
    assert done.returncode == 3
    assert "No space left on device" in one_line(done.stderr)


def test_no_stdout_at_all_is_no_internal_error(library: Any, run: Run) -> None:
    program = Path(sys.executable).parent / "photosearch"
    shell = ("-c", 'exec "$0" "$@" >&-', program, "find", "odd")
    done = run(*shell, program="/bin/sh", db=library.db)
    assert done.returncode != 4, done.stderr
    assert "internal error" not in done.stderr


# --- libraries that can't be used


def make_newer(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")


def make_foreign(path: Path) -> None:
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (Path.unlink, "no library"),
        (lambda path: path.write_bytes(os.urandom(5000)), "not a database"),
        (lambda path: (path.unlink(), path.mkdir()), "is a folder"),
        (make_newer, "newer photosearch"),
        (make_foreign, "another program"),
    ],
    ids=["missing", "no database", "a folder", "newer", "another program's"],
)
def test_a_library_that_cannot_be_used_is_3(
    library: Any, run: Run, tmp_path: Path, spoil: Callable[[Path], object], reason: str
) -> None:
    db = tmp_path / "l.db"
    shutil.copyfile(library.db, db)
    spoil(db)
    content = db.read_bytes() if db.is_file() else b""
    for arguments in [("find", "cat"), ("stats",), ("export", "-"), ("index", library.photos)]:
        if arguments[0] == "index" and reason == "no library":
            continue
        done = run(*arguments, db=db)
        assert (done.returncode, done.stdout) == (3, "")
        assert reason in one_line(done.stderr) and "l.db" in done.stderr
    assert (db.read_bytes() if db.is_file() else b"") == content


def test_a_library_whose_making_was_killed_is_made_again(run: Run, tmp_path: Path) -> None:
    import sqlite_utils
    from photosearch.migrations.migrations import migrations

    # What a kill leaves between sqlite-utils' own table and the first step of ours.
    database = sqlite_utils.Database(tmp_path / "l.db")
    migrations.ensure_migrations_table(database)
    database.close()
    (tmp_path / "photos").mkdir()
    done = run("index", tmp_path / "photos", db=tmp_path / "l.db")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_two_index_runs_may_make_the_library_together(run: Run, tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "photosearch"
    (tmp_path / "photos").mkdir()
    for attempt in range(5):
        command: list[str | Path] = [program, "index", "photos", "--db", f"{attempt}.db"]
        both = [
            subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
            for _ in range(2)
        ]
        ends = [(*process.communicate(), process.returncode) for process in both]
        # One may be done before the other begins; else that one is refused in one line.
        done, other = sorted(ends, key=lambda end: end[2])
        assert done == (b"nothing new\n", b"", 0)
        refused = other[2] == 3 and b"another photosearch is at work on" in other[1]
        assert other == done or (refused and other[1].count(b"\n") == 1)


def test_db_comes_before_the_variable_before_the_user_data_folder(
    library: Any, run: Run, tmp_path: Path
) -> None:
    other = {"PHOTOSEARCH_DB": str(tmp_path / "none.db")}
    assert run("stats", "--db", library.db, env=other).returncode == 0
    assert str(tmp_path / "none.db") in run("stats", env=other).stderr
    if sys.platform == "linux":
        home = {"XDG_DATA_HOME": str(tmp_path / "data")}
        (tmp_path / "photos").mkdir()
        assert run("index", tmp_path / "photos", env=home).returncode == 0
        assert (tmp_path / "data" / "photosearch" / "photosearch.db").is_file()


def test_what_may_not_be_opened_is_3(
    library: Any, run: Run, mortal: dict[str, Any], tmp_path: Path
) -> None:
    db, closed = tmp_path / "l.db", tmp_path / "closed"
    shutil.copyfile(library.db, db)
    closed.mkdir(mode=0o000)
    done = run("index", closed, db=db, **mortal)
    assert (done.returncode, done.stdout) == (3, "")
    assert "permission denied" in one_line(done.stderr)
    db.chmod(0o000)
    for arguments in [("find", "cat"), ("stats",), ("index", library.photos)]:
        done = run(*arguments, db=db, **mortal)
        assert (done.returncode, done.stdout) == (3, "")
        # An indexer would change the file, so it learns first that the file can't be written.
        expected = "can't be written" if arguments[0] == "index" else "can't be opened"
        assert expected in one_line(done.stderr)


def test_a_library_on_a_read_only_medium_can_be_searched(
    library: Any, run: Run, mortal: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "medium"
    folder.mkdir()
    shutil.copyfile(library.db, folder / "l.db")
    (folder / "l.db").chmod(0o444)
    folder.chmod(0o555)
    try:
        done = run("find", "chelsea", "--sure", "--paths", db=folder / "l.db", **mortal)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{library.photos / 'chelsea.png'}\n"
        assert run("export", "-", db=folder / "l.db", **mortal).returncode == 0
        done = run("index", library.photos, db=folder / "l.db", **mortal)
        assert (done.returncode, done.stdout) == (3, "")
        assert "l.db" in one_line(done.stderr)
        # Nor can a new one be made there.
        done = run("index", library.photos, db=folder / "sub" / "new.db", **mortal)
        assert (done.returncode, done.stdout) == (3, "")
        assert [path.name for path in folder.iterdir()] == ["l.db"]
    finally:
        folder.chmod(0o755)


# --- export


def test_export_to_stdout_is_csv_and_nothing_else(library: Any, run: Run) -> None:
    done = run("export", "-", db=library.db)
    assert done.returncode == 0
    assert done.stdout.startswith(",".join(COLUMNS) + "\r\n")
    records = rows(done.stdout)
    assert len(records) == 12 + 1 + len(library.odd)
    with contextlib.closing(sqlite3.connect(library.db)) as db:
        tags = {text for (text,) in db.execute("SELECT text FROM tags WHERE shown")}
    for record in records:
        assert list(record) == COLUMNS
        assert re.fullmatch(r"[A-Z0-9'].*\.", record["alt_text"])
        said = record["alt_text"].rstrip(".").lower()
        sure = float(record["confidence"])
        assert 0 < sure <= 1
        assert said.startswith(HEDGE) == (sure < SURE)
        said = said.removeprefix(HEDGE)
        assert not re.match(r"(an? )?(black and white )?(image|photo|picture) of", said)
        parts = {*said.split(", ")}
        assert parts <= tags or all(part in record["caption"] for part in parts)
        assert int(record["width"]) > 0 and int(record["height"]) > 0
        assert record["model"]
    names = {record["filename"] for record in records}
    assert "'=1+1.jpg" in names and "'-dash.jpg" in names  # no spreadsheet runs these
    assert "new\nline.jpg" in names and "quote\"and'.jpg" in names


def test_export_tells_time_camera_and_place(library: Any, run: Run, tmp_path: Path) -> None:
    done = run("export", "photos.csv", "--query", "eiffel", "-n", "1", db=library.db, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert one_line(done.stderr) == "1 photo written to photos.csv"
    (record,) = rows((tmp_path / "photos.csv").read_bytes().decode())
    assert record["path"] == str(library.photos / "eiffel.jpg")
    assert record["taken_at"] == "2021-07-14T21:30:00"
    assert record["camera"] == "Fotomat Zoom 9"
    assert float(record["latitude"]) == pytest.approx(48.858333, abs=1e-6)
    assert float(record["longitude"]) == pytest.approx(-2.35, abs=1e-6)  # a number, not '-2.35
    assert (record["width"], record["height"]) == ("80", "60")


def test_export_without_gps(library: Any, run: Run) -> None:
    done = run("export", "-", "--query", "eiffel", "-n", "1", "--no-gps", db=library.db)
    (record,) = rows(done.stdout)
    assert record["latitude"] == record["longitude"] == record["place"] == ""
    assert "48.8" not in done.stdout and "2.35" not in done.stdout


def test_export_has_what_find_returns_in_its_order(library: Any, run: Run) -> None:
    found = json.loads(run("find", "odd album", "--json", "-n", "5", db=library.db).stdout)
    exported = rows(run("export", "-", "--query", "odd album", "-n", "5", db=library.db).stdout)
    paths = [record["path"].removeprefix("'") for record in exported]
    assert paths == [record["path"] for record in found]
    assert [record["sure"] == "yes" for record in exported] == [each["sure"] for each in found]
    sure = run("export", "-", "--query", "odd album", "-n", "5", "--sure", db=library.db)
    assert rows(sure.stdout) == [record for record in exported if record["sure"] == "yes"]
    alone = run("export", "-", "--sure", db=library.db)
    assert (alone.returncode, alone.stdout) == (2, "") and "--sure needs --query" in alone.stderr
    none = run("export", "-", "--query", "zyzzyva", db=library.db)
    assert none.stdout == ",".join(COLUMNS) + "\r\n"


@pytest.mark.parametrize("place", ["missing/photos.csv", "."], ids=["missing folder", "a folder"])
def test_export_to_a_place_that_cannot_be_written(
    library: Any, run: Run, tmp_path: Path, place: str
) -> None:
    done = run("export", tmp_path / place, db=library.db)
    assert (done.returncode, done.stdout) == (2, "")
    assert "can't write" in one_line(done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_export_replaces_a_file_as_a_whole(library: Any, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "photos.csv"
    file.write_text("x" * 100_000)
    assert run("export", file, db=library.db).returncode == 0
    assert len(rows(file.read_bytes().decode())) == 12 + 1 + len(library.odd)
    assert list(tmp_path.iterdir()) == [file]  # no temporary file is left


@pytest.mark.parametrize("arguments", [(), ("-", "-n", "0"), ("-", "extra")], ids=" ".join)
def test_export_usage_errors(library: Any, run: Run, arguments: tuple[str, ...]) -> None:
    done = run("export", *arguments, db=library.db)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: photosearch export" in done.stderr


# --- stats, demo, help


def test_stats_tell_counts_model_size_and_place(library: Any, run: Run) -> None:
    done = run("stats", db=library.db)
    assert (done.returncode, done.stderr) == (0, "")
    photos = 12 + 1 + len(library.odd)
    lines = dict(re.findall(r"^(\S+) +(.*)$", done.stdout, re.MULTILINE))
    assert lines["library"] == str(library.db)
    assert lines["photos"] == str(photos) and lines["failures"] == "0"
    assert int(lines["captions"]) >= photos
    assert re.fullmatch(rf"\S.* \({photos} photos\)", lines["model"])
    assert re.fullmatch(r"\d+\.\d MB", lines["size"])
    assert lines["folders"] == str(library.photos)
    record = json.loads(run("stats", "--json", db=library.db).stdout)
    assert (record["photos"], record["failures"]) == (photos, 0)
    assert record["path"] == str(library.db)


def test_demo_shows_the_main_job_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    done = run("demo", env={"TMPDIR": str(tmp_path)}, db=tmp_path / "not" / "touched.db")
    assert done.returncode == 0, done.stderr
    commands = re.findall(r"^\$ photosearch (\w+)", done.stdout, re.MULTILINE)
    assert commands[0] == "index" and commands[-1] == "export" and "find" in commands
    assert "12 photos captioned" in done.stdout
    assert done.stdout.count("chelsea.png") >= 1
    assert ",".join(COLUMNS) in done.stdout
    assert done.stderr.startswith("12 photos to caption\n")
    left = [path.name for path in tmp_path.iterdir()]
    assert [name for name in left if not name.startswith("torch")] == []  # torch's own cache


@pytest.fixture(scope="module")
def names(run: Run) -> list[str]:
    """Names of all commands, as the program tells them."""
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    found = re.findall(r"^  ([a-z][\w-]*)  ", done.stdout.partition("Commands:")[2], re.MULTILINE)
    assert {"index", "find", "export", "stats", "demo"} <= set(found)
    return found


@pytest.mark.slow  # a process for each
def test_help_of_every_command_has_an_example(names: list[str], run: Run) -> None:
    for name in names:
        done = run(name, "--help")
        assert (done.returncode, done.stderr) == (0, "")
        assert re.search(rf"^ *Example: photosearch {name}\b", done.stdout, re.MULTILINE), name


def test_version(run: Run) -> None:
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"photosearch \d+\.\d+\.\d+\S*\n", done.stdout)


@pytest.mark.parametrize("arguments", [(), ("frobnicate",), ("--nope",), ("stats", "extra")])
def test_usage_errors(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Usage: photosearch" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_reference_names_every_command_and_exit_code(names: list[str]) -> None:
    folder = CHECKOUT / "docs" / "reference"
    commands = (folder / "command-line.md").read_text(encoding="utf-8")
    assert re.findall(r"^### photosearch (.+)$", commands, re.MULTILINE) == names
    codes = (folder / "exit-codes.md").read_text(encoding="utf-8")
    for code in ExitCode:
        assert re.search(rf"^\| {code.value} \| ", codes, re.MULTILINE), f"exit code {code}"


# --- through Python, and the captioner alone


@pytest.fixture
def three(tmp_path: Path, library: Any) -> Iterator[Path]:
    """A folder of three photos."""
    folder = tmp_path / "three"
    folder.mkdir()
    for name in ("chelsea.png", "coffee.png", "rocket.jpg"):
        shutil.copyfile(library.photos / name, folder / name)
    yield folder


@pytest.mark.slow
def test_the_same_through_python(run: Run, three: Path, tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from PIL import Image
        from photosearch import Library
        db, folder, csv = sys.argv[1:]
        library = Library(db)
        summary = library.index([folder], engine="torch")
        assert (summary.captioned, summary.failed) == (3, 0), summary
        assert "torch" in sys.modules
        results = library.find("Coffee!", limit=20)
        best = results[0]
        assert best.path == str(Path(folder, "coffee.png")), best
        assert best.score > 0 and best.caption and best.matches["filename"] == ["coffee"]
        assert library.find("three", limit=2).__len__() == 2
        assert library.export(csv) == 3
        assert library.stats()["photos"] == 3
        library.close()

        from captioner import Captioner
        images = [Image.open(path) for path in sorted(Path(folder).iterdir())]
        captions = Captioner.load().caption(images)
        assert len(captions) == 3
        for beams in captions:
            logs = [beam.log_probability for beam in beams]
            assert len(beams) > 1 and all(log < 0 for log in logs)
            assert all(beam.text and 0 < (beam.confidence or 0) <= 1 for beam in beams)
            assert all("unk" not in beam.text.split() for beam in beams)
        print("fine")
    """
    arguments = (tmp_path / "l.db", three, tmp_path / "out.csv")
    done = run("-c", textwrap.dedent(script), *arguments, program="python")
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr
    # What one door wrote, the other one reads.
    assert run("find", "coffee", db=tmp_path / "l.db").returncode == 0
    assert len(rows((tmp_path / "out.csv").read_bytes().decode())) == 3


@pytest.mark.slow
def test_captioner_goes_on_past_what_it_cannot_read(
    run: Run, three: Path, bomb: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.jpg").write_text("not a photo")
    bad = [tmp_path / "text.jpg", bomb, tmp_path / "missing.jpg"]
    done = run("caption", *bad, three / "coffee.png", program="captioner")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == str(three / "coffee.png")
    assert all(re.fullmatch(r"  0\.\d\d  \S.*", line) for line in lines[1:])
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        f"skipping {path}" for path in bad
    ]
