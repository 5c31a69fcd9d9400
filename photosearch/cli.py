"""The `photosearch` command: parse, call the library, print."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Annotated, Any, ParamSpec

import typer
from typer.core import TyperCommand

from photosearch import terminal
from photosearch.database import LibraryError, display
from photosearch.library import ENVIRONMENT, Library
from photosearch.query import words
from photosearch.search import BY_MEANING, RANKERS

NOTHING_FOUND, USAGE, UNREADABLE, INTERNAL = 1, 2, 3, 4
INTERRUPTED, TERMINATED = 128 + 2, 128 + 15
MOST = 1_000_000_000  # photos that can be asked for

app = typer.Typer(
    help="Find your own photos by a sentence, on your own computer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Database = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="FILE",
        help=f"The library's file; by default ${ENVIRONMENT} or photosearch.db in your "
        "user-data folder.",
    ),
]
Arguments = ParamSpec("Arguments")


_COUNT = re.compile(r"-n\d+")  # the usual short form of -n 5


class _Terminated(BaseException):
    """SIGTERM came."""


class FindCommand(TyperCommand):
    """A command whose words may be anything: what isn't exactly an option is a word."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Sort what was typed into options and words, wherever the options stand."""
        flags: set[str] = set()
        valued: set[str] = set()
        for parameter in self.get_params(ctx):
            if parameter.param_type_name == "option":
                (flags if getattr(parameter, "is_flag", False) else valued).update(parameter.opts)
        options: list[str] = []
        words: list[str] = []
        rest = iter(args)
        for argument in rest:
            name, equals, _ = argument.partition("=")
            if argument == "--":
                words.extend(rest)
            elif argument in flags or (equals and name in valued) or _COUNT.fullmatch(argument):
                options.append(argument)
            elif argument in valued:
                value = next(rest, None)
                if value is None:
                    ctx.fail(f"Option {argument!r} requires an argument.")
                else:
                    options.extend([argument, value])
            else:
                words.append(argument)
                if argument.startswith("--"):
                    terminal.note(f"{argument} is no option of find: it is searched as a word")
        asked = {option.partition("=")[0] for option in options}
        if not words and not asked & {"--like", "--help"}:
            ctx.fail("Missing argument 'QUERY...': what are you looking for?")
        return super().parse_args(ctx, [*options, "--", *words])


def reporting(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Turn what goes wrong in a command into one line and an exit code."""

    @functools.wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            command(*args, **kwargs)
            sys.stdout.flush()
        except LibraryError as error:
            fail(str(error), UNREADABLE)
        except BrokenPipeError:
            # The reader of a pipe (head, less) has seen enough.
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except sqlite3.Error as error:
            fail(f"the library can't be used: {error}", UNREADABLE)

    return run


def fail(message: str, code: int) -> None:
    """Print one line to stderr and leave with an exit code."""
    terminal.note(f"photosearch: {message}")
    raise typer.Exit(code)


@app.command("index")
@reporting
def index_command(
    folders: Annotated[
        list[str] | None,
        typer.Argument(metavar="FOLDER", help="Where to look; without one, as before."),
    ] = None,
    db: Database = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    batch_size: Annotated[int, typer.Option(min=1, help="Photos described together.")] = 32,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Decoding processes; by default half the processors.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Processor threads of the captioner.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Describe known photos again.")] = False,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Make anew what an older model made.")
    ] = False,
) -> None:
    """Describe every new or changed photo in folders.

    Example: photosearch index ~/Pictures
    """
    if device not in ("auto", "cpu", "cuda", "mps"):
        fail(f"unknown device {device}: choose auto, cpu, cuda or mps", USAGE)
    started = time.monotonic()
    with _terminable(), terminal.IndexProgress() as progress:
        try:
            summary = Library(db).index(
                folders or [],
                device=device,
                batch_size=batch_size,
                workers=workers,
                threads=threads,
                force=force,
                upgrade=upgrade,
                observer=progress,
            )
        except (KeyboardInterrupt, _Terminated):
            terminal.note("stopped: all finished batches are kept, the same command goes on")
            raise
        except ValueError as error:
            fail(str(error), USAGE)
    for root, reason in summary.unreachable.items():
        terminal.note(f"photosearch: {root} can't be opened: {reason}")
    if not summary.reached:
        if not summary.unreachable:
            fail("which folder? photosearch index FOLDER", USAGE)
        raise typer.Exit(UNREADABLE)
    print(terminal.index_summary(summary, time.monotonic() - started))
    if summary.outdated:
        count = terminal.counted(summary.outdated, "photo")
        terminal.note(f"an older model described {count}: photosearch index --upgrade does it anew")


@app.command("find", cls=FindCommand)
@reporting
def find_command(
    query: Annotated[
        list[str] | None, typer.Argument(metavar="QUERY", help="Words, any at all.")
    ] = None,
    db: Database = None,
    limit: Annotated[
        int, typer.Option("-n", "--limit", min=1, max=MOST, help="Photos at most.")
    ] = 20,
    like: Annotated[
        str | None, typer.Option(metavar="PHOTO", help="Find what looks like this photo.")
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option(help="Leave out what scores less; 0 shows even the least bad photos."),
    ] = None,
    ranker: Annotated[str, typer.Option(help=f"What ranks: {', '.join(RANKERS)}.")] = "fused",
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what each score is made of.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
    paths: Annotated[bool, typer.Option("--paths", help="Print paths only.")] = False,
    print0: Annotated[
        bool, typer.Option("-0", "--print0", help="Print paths, a NUL after each, for xargs -0.")
    ] = False,
) -> None:
    """Show the photos that match a sentence, the best first.

    A photo is found by what it shows, and by words in its captions, tags, camera, folder
    and file name.

    Example: photosearch find dog on beach
    """
    if as_json and (paths or print0):
        fail("choose one: --json, or --paths or -0", USAGE)
    with Library(db) as library:
        try:
            results = library.find(
                " ".join(query or ()), limit, ranker=ranker, min_score=min_score, like=like
            )
        except ValueError as error:
            fail(str(error), USAGE)
        described, photos = library.described() if ranker in BY_MEANING else (0, 0)
        cut = described and min_score is None and (like or words(" ".join(query or ())))
        hint = "" if results else _why_nothing(library, bool(cut))
    if paths and not print0 and sys.stdout.isatty():
        for result in results:
            print(terminal.clean(result.path))
    elif paths or print0:
        end = b"\0" if print0 else b"\n"
        sys.stdout.buffer.write(b"".join(os.fsencode(result.path) + end for result in results))
    elif as_json:
        print(json.dumps([as_record(result) for result in results], ensure_ascii=False, indent=1))
    elif results:
        terminal.print_results(results, explain)
    if ranker in BY_MEANING and described < photos:
        count = terminal.counted(photos - described, "photo")
        terminal.note(f"{count} can be found by words only: photosearch index --upgrade mends that")
    if not results:
        terminal.note(f"no photos match{hint}")
        sys.stdout.flush()
        raise typer.Exit(NOTHING_FOUND)


def as_record(result: Any) -> dict[str, object]:
    """Return a result as JSON has it."""
    return {
        "path": display(result.path),
        "score": round(result.score, 6),
        "caption": result.caption,
        "matches": result.matches,
        "tags": result.tags,
        "parts": {
            name: {
                "value": round(part.value, 4),
                "bar": round(part.bar, 4),
                "share": round(part.share, 4),
            }
            for name, part in result.parts.items()
        },
    }


def _why_nothing(library: Library, cut: bool) -> str:
    """Return what to add to "no photos match", `cut` being that a threshold was at work."""
    stats = library.stats()
    if stats["photos"]:
        return " well enough (--min-score 0 shows the nearest)" if cut else ""
    if stats["missing"]:
        return ": all photos of the library are gone, photosearch stats tells where they were"
    return ": the library is empty, photosearch index FOLDER fills it"


@app.command("edit")
@reporting
def edit_command(
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help="An indexed photo.")],
    caption: Annotated[
        str | None, typer.Argument(help="What it shows; without it, the generated caption is back.")
    ] = None,
    db: Database = None,
) -> None:
    """Put your own caption in place of the generated one; the photo itself stays as it is.

    Example: photosearch edit beach.jpg "Rex at the beach of Zandvoort"
    """
    try:
        Library(db).edit(photo, caption)
    except ValueError as error:
        fail(str(error), USAGE)
    whose = "the generated caption" if caption is None else "your caption"
    terminal.note(f"{terminal.clean(photo)} has {whose} now")


@app.command("export")
@reporting
def export_command(
    file: Annotated[str, typer.Argument(metavar="FILE.csv", help="Where to; - for stdout.")],
    db: Database = None,
    query: Annotated[str | None, typer.Option(help="Only what find returns for this.")] = None,
    limit: Annotated[
        int | None, typer.Option("-n", "--limit", min=1, max=MOST, help="At most.")
    ] = None,
    no_gps: Annotated[
        bool, typer.Option("--no-gps", help="Leave coordinates and place empty.")
    ] = False,
) -> None:
    """Write alt text, captions and metadata as CSV.

    Example: photosearch export alt-text.csv
    """
    with Library(db) as library:
        try:
            count = library.export(file, query=query, limit=limit, gps=not no_gps)
        except BrokenPipeError:
            raise
        except ValueError as error:
            fail(str(error), USAGE)
        except OSError as error:
            fail(f"can't write {file}: {error.strerror or error}", USAGE)
    if file != "-":
        terminal.note(f"{terminal.counted(count, 'photo')} written to {file}")


@app.command("stats")
@reporting
def stats_command(
    db: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Tell what is in the library and where it is.

    Example: photosearch stats
    """
    with Library(db) as library:
        stats = library.stats()
    if as_json:
        print(json.dumps({**stats, "path": display(stats["path"])}, ensure_ascii=False))
        return
    models = [f"{name} ({terminal.counted(n, 'photo')})" for name, n in stats["models"].items()]
    rows = {
        "library": stats["path"],
        "size": f"{stats['bytes'] / 1e6:.1f} MB",
        "photos": f"{stats['photos']:,}",
        "gone": f"{stats['missing']:,}" if stats["missing"] else "",
        "captions": f"{stats['captions']:,}",
        "failures": f"{stats['failures']:,}",
        "model": ", ".join(models),
        "folders": ", ".join(stats["folders"]),
    }
    for name, value in rows.items():
        if value:
            print(f"{name:<9} {terminal.clean(value)}")


@app.command("evaluate")
@reporting
def evaluate_command(
    photos: Annotated[str, typer.Option(metavar="FOLDER", help="Where the photos are.")],
    captions: Annotated[
        str, typer.Option(metavar="FILE", help="Lines of file name, TAB, caption.")
    ],
    names: Annotated[
        str | None, typer.Option(metavar="FILE", help="File names to use, a line each; else all.")
    ] = None,
    db: Annotated[
        str | None, typer.Option("--db", metavar="FILE", help="Keep the library here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Index photos, search each by its own captions, and print how often it is found.

    Example: photosearch evaluate --photos flickr8k/images --captions flickr8k/captions.tsv
    """
    import tempfile
    from pathlib import Path

    from photosearch import evaluate

    try:
        queries = evaluate.read_queries(Path(captions), Path(names) if names else None)
        with (
            _terminable(),
            tempfile.TemporaryDirectory() as folder,
            terminal.IndexProgress() as progress,
            Library(db or os.path.join(folder, "photosearch.db")) as library,
        ):
            # Links in a folder of their own: the other photos stay out, and the name of
            # the folder that they come from isn't found.
            pool = os.path.abspath(f"{db}.photos") if db else os.path.join(folder, "pool")
            evaluate.link(Path(photos), queries.pool, Path(pool))
            library.index([pool], observer=progress)
            found = evaluate.evaluate(library, queries, progress=terminal.note)
    except (OSError, ValueError) as error:
        fail(str(error), USAGE)
    if as_json:
        print(evaluate.as_json(found))
    else:
        count = terminal.counted(len(queries.pool), "photo")
        print(f"{count}, {len(queries.texts):,} queries")
        print("\n".join(evaluate.table(found)))


@app.command("demo")
@reporting
def demo_command() -> None:
    """Index, search and export a few real photos in a temporary library.

    Example: photosearch demo
    """
    from photosearch.demo import demo

    try:
        with _terminable():
            demo()
    except ModuleNotFoundError as error:
        fail(str(error), USAGE)


@app.callback(invoke_without_command=True)
def version_option(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Find your own photos by a sentence, on your own computer."""
    if version:
        from importlib.metadata import version as installed

        print(f"photosearch {installed('photosearch')}")
        raise typer.Exit


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Raise at SIGTERM within, so that what is open gets closed."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main() -> None:
    """Run the command line; every way out has its documented exit code."""
    if sys.stdout is None:  # closed by >&-: what is opened next must not get its number
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except _Terminated:
        sys.exit(TERMINATED)
    except Exception as error:
        if os.environ.get("PHOTOSEARCH_DEBUG"):
            raise
        kind = type(error).__name__
        terminal.note(
            f"photosearch: internal error: {kind}: {error} (PHOTOSEARCH_DEBUG=1 tells more)"
        )
        sys.exit(INTERNAL)
