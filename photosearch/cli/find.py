"""photosearch find: the photos that match a sentence."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Collection, Sequence
from typing import Annotated, Any

import typer

from photosearch.cli import terminal
from photosearch.cli.app import PlainCommand
from photosearch.cli.options import MOST, Database, Model
from photosearch.errors import ExitCode, UsageError
from photosearch.library import Library
from photosearch.search.query import Ranker
from photosearch.search.results import Hits, Nothing, Result
from photosearch.text import counted, display

_COUNT = re.compile(r"-n\d+")  # the usual short form of -n 5
_WITHOUT_WORDS = ("--like", "--help", "-h")  # options with which no words are needed


class Command(PlainCommand):
    """A command whose words may be anything: an argument that isn't exactly an option is a word."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Sort the arguments into options and words, wherever the options stand."""
        flags, valued = self._option_names(ctx)
        options: list[str] = []
        words: list[str] = []
        rest = iter(args)
        for argument in rest:
            if argument == "--":
                words.extend(rest)
            elif _is_whole(argument, flags, valued):
                options.append(argument)
            elif argument in valued:
                value = next(rest, None)
                if value is not None:
                    options.extend([argument, value])
                elif not ctx.resilient_parsing:  # while a shell completes what is typed so far
                    ctx.fail(f"Option {argument!r} requires an argument.")
            else:
                words.append(argument)
                if argument.startswith("--") and not ctx.resilient_parsing:
                    terminal.note(f"{argument} is no option of find: it is searched as a word")
        asked = {option.partition("=")[0] for option in options}
        if not words and not ctx.resilient_parsing and asked.isdisjoint(_WITHOUT_WORDS):
            ctx.fail("Missing argument 'QUERY...': what are you looking for?")
        return super().parse_args(ctx, [*options, "--", *words])

    def _option_names(self, ctx: Any) -> tuple[set[str], set[str]]:
        """Return the names of the options that take no value, and of those that take one."""
        flags: set[str] = set()
        valued: set[str] = set()
        for parameter in self.get_params(ctx):
            if parameter.param_type_name == "option":
                (flags if getattr(parameter, "is_flag", False) else valued).update(parameter.opts)
        return flags, valued


def find(
    query: Annotated[list[str] | None, typer.Argument(metavar="QUERY", help="Any words.")] = None,
    db: Database = None,
    model: Model = None,
    limit: Annotated[
        int, typer.Option("-n", "--limit", min=1, max=MOST, help="Photos at most.")
    ] = 20,
    like: Annotated[
        str | None, typer.Option(metavar="PHOTO", help="Find what looks like this photo.")
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option(help="Leave out photos with a lower score; 0 shows even poor matches."),
    ] = None,
    only_sure: Annotated[
        bool, typer.Option("--sure", help="Leave out photos that only may match.")
    ] = False,
    ranker: Annotated[str, typer.Option(help=f"What ranks: {', '.join(Ranker)}.")] = "fused",
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the parts of each score.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
    paths: Annotated[bool, typer.Option("--paths", help="Print paths only.")] = False,
    print0: Annotated[
        bool, typer.Option("-0", "--print0", help="Print paths, a NUL after each, for xargs -0.")
    ] = False,
) -> None:
    """Show the photos that match a sentence, the best first.

    Photos that surely match come first. Under "perhaps:" are photos that only may match.

    A photo is found by what it shows. It is also found by words in its captions, tags, camera,
    folder and file name, and by words that people wrote into it.

    Example: photosearch find dog on beach
    """
    if as_json and (paths or print0):
        raise UsageError("choose one: --json, or --paths or -0")
    # A search uses no BLAS, and NumPy's takes 40 ms to start its threads when it is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with Library(db, model=model) as library:
        hits = library.find(
            " ".join(query or ()), limit, ranker=ranker, min_score=min_score, like=like,
            notify=terminal.note,
        )  # fmt: skip
    results = hits.sure if only_sure else hits.results
    if paths or print0:
        _print_paths(results, ends_with_nul=print0)
    elif as_json:
        print(json.dumps([as_record(result) for result in results], ensure_ascii=False, indent=1))
    elif results:
        terminal.print_results(results, explain)
    if hits.words_only:
        count = counted(hits.words_only, "photo")
        cure = "photosearch index --upgrade" + (f" --model {model}" if model else "")
        cure += f" --db {db}" if db else ""
        terminal.note(f"{count} can be found by words only: {cure} mends that")
    if not results:
        terminal.note(f"no photos match{_why_nothing(hits)}")
        sys.stdout.flush()
        raise typer.Exit(ExitCode.NOTHING_FOUND)


def _is_whole(argument: str, flags: Collection[str], valued: Collection[str]) -> bool:
    """Return whether an argument is a whole option, with its value if the option takes one."""
    name, equals, _ = argument.partition("=")
    return argument in flags or bool(equals and name in valued) or bool(_COUNT.fullmatch(argument))


def _print_paths(results: Sequence[Result], *, ends_with_nul: bool) -> None:
    """Print paths: as their bytes to a program, without control characters to a terminal."""
    if sys.stdout.isatty() and not ends_with_nul:
        for result in results:
            print(terminal.clean(result.path))
        return
    end = b"\0" if ends_with_nul else b"\n"
    sys.stdout.buffer.write(b"".join(os.fsencode(result.path) + end for result in results))


def as_record(result: Result) -> dict[str, object]:
    """Return a result as JSON has it."""
    return {
        "path": display(result.path),
        "score": round(result.score, 6),
        "sure": result.sure,
        "caption": result.caption,
        "wording": result.wording,
        "confidence": result.confidence and round(result.confidence.caption, 4),
        "word_confidences": result.confidence and result.confidence.words,
        "matches": result.matches,
        "tags": result.tags,
        "written": result.written,
        "taken_at": result.taken_at,
        "taken_from": result.taken_from,
        "parts": {
            name: {
                "value": round(part.value, 4),
                "bar": round(part.baseline, 4),
                "share": round(part.fraction, 4),
            }
            for name, part in result.parts.items()
        },
    }


def _why_nothing(hits: Hits) -> str:
    """Return what to add to "no photos match"."""
    if hits.nothing is Nothing.EMPTY_LIBRARY:
        return ": the library is empty, photosearch index FOLDER fills it"
    if hits.nothing is Nothing.ALL_GONE:
        return ": all photos of the library are gone, photosearch stats tells where they were"
    if hits.nothing is Nothing.UNKNOWN_WORDS:
        what, it = ("this word", "it") if len(hits.query.words) == 1 else ("these words", "them")
        return f": the model doesn't know {what}, and no photo's text has {it}"
    if hits.perhaps:
        return f" surely (without --sure, find shows {counted(len(hits.perhaps), 'photo')})"
    return ""
