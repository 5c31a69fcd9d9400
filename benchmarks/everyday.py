"""Everyday queries: do the few words that people type find the right photos? Judged by eye.

python benchmarks/everyday.py pool POOL        # links to the photos to search; PHOTOSEARCH_DATA
python benchmarks/everyday.py search POOL WORK old=../old/photosearch "new=photosearch --model M"
python benchmarks/everyday.py sheets WORK      # pages of photos that nobody has judged
python benchmarks/everyday.py judge WORK       # takes over what WORK/right.tsv says of the pages
python benchmarks/everyday.py figures WORK

The queries (`everyday/queries.tsv`) were written before any of them was searched. A system is a
command, perhaps with options, so that old code with its model can be compared with new code.
The person who judges sees the photos of a query in random order, and not which system found them.
A line of `WORK/right.tsv` is: query, TAB, numbers of the right photos, with spaces between. Photos
on the pages of that query that the line doesn't name are wrong. Judgements of a photo stay valid
for later models (`everyday/judgements.tsv`); only photos that are new then need a judgement.

To be judged are: the first photos that a system shows; photos whose captions by people have the
query's words; in a second round, if fewer than five right photos are known, the first thirty of
each system.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shlex
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from captioner.training.data import find_data, read_split
from photosearch.search.stems import Stemmer

HERE = Path(__file__).parent / "everyday"
QUERIES, JUDGEMENTS = HERE / "queries.tsv", HERE / "judgements.tsv"
FOLDERS = ("coco", "travel", "openstax", "flickr8k")  # their dev photos are the pool
FIRST = 5  # results that a person looks at
DEEP = 30  # results of each system that are judged if few right photos are known
CAPTIONED = 30  # photos of a query, at most, that are judged for their captions
SEED = 20261127
COLUMNS, ROWS, SIDE, HEADING = 8, 5, 168, 22  # of a page; sides in pixels


@dataclass(frozen=True)
class Query:
    """An everyday query."""

    text: str
    there: bool  # photos of the pool show it, as far as its author could know
    words: tuple[tuple[str, ...], ...]  # captions of fitting photos have a word of each group


@dataclass(frozen=True)
class Found:
    """What a system shows for a query."""

    photos: tuple[str, ...]  # file names, the best first, `DEEP` at most
    sure: int  # how many of the first the system is sure of; all if it doesn't tell

    @property
    def first(self) -> tuple[str, ...]:
        """The photos that a person looks at."""
        return self.photos[:FIRST]


Right = dict[str, dict[str, bool]]  # by query and photo


@dataclass(frozen=True)
class Figures:
    """How good the first results of a system are, over the queries that have right photos."""

    precision: float  # right photos of those shown, over `FIRST`
    possible: float  # right photos shown, of as many as a perfect system would show
    sure: float  # right photos of those that the system is sure of
    nothing: tuple[str, ...]  # queries for which no right photo is shown


def read_queries() -> list[Query]:
    """Read the everyday queries."""
    return [
        Query(text, there == "there", tuple(tuple(group.split()) for group in words.split("+")))
        for text, there, words in _read(QUERIES)
    ]


def read_judgements() -> Right:
    """Read which photos were judged right or wrong for each query."""
    right: Right = defaultdict(dict)
    for query, photo, verdict in _read(JUDGEMENTS) if JUDGEMENTS.exists() else ():
        right[query][photo] = verdict == "1"
    return right


def write_judgements(right: Mapping[str, Mapping[str, bool]]) -> None:
    """Write all judgements, in the order of the queries and of the photos' names."""
    rows = [
        (query.text, photo, str(int(verdict)))
        for query in read_queries()
        for photo, verdict in sorted(right.get(query.text, {}).items())
    ]
    _write(JUDGEMENTS, [("query", "photo", "right"), *rows])


def captions_of_pool() -> dict[Path, tuple[str, ...]]:
    """Return the captions by people of each photo of the pool."""
    splits = [read_split(folder, "dev") for folder in find_data(FOLDERS)]
    return {
        image: captions
        for split in splits
        for image, captions in zip(split.images, split.captions, strict=True)
    }


def make_pool(pool: Path) -> int:
    """Fill a folder with links to the photos; return how many."""
    pool.mkdir(parents=True, exist_ok=True)
    photos = list(captions_of_pool())
    for photo in photos:
        if not (pool / photo.name).is_symlink():
            (pool / photo.name).symlink_to(photo.resolve())
    return len(photos)


def search(command: str, database: Path, pool: Path) -> dict[str, Found]:
    """Index the pool with a system and search all queries, each as a person would."""
    program, *options = shlex.split(command)
    subprocess.run([program, "index", *options, "--db", str(database), str(pool)], check=True)
    find = [program, "find", *options, "--db", str(database), "--json", "-n", str(DEEP)]
    found = {}
    for query in read_queries():
        # Another exit code than 0 says that nothing is found.
        done = subprocess.run([*find, query.text], stdout=subprocess.PIPE, text=True, check=False)
        results = json.loads(done.stdout)
        photos = tuple(os.path.basename(result["path"]) for result in results)
        sure = sum(bool(result.get("sure", True)) for result in results[:FIRST])
        found[query.text] = Found(photos, sure)
    return found


def candidates(
    query: Query, systems: Iterable[Found], captions: Mapping[str, list[set[str]]], deep: bool
) -> set[str]:
    """Return the photos that are to be judged for a query.

    Args:
        query: the query; its words are stems.
        systems: what each system found.
        captions: the stems of each caption of each photo.
        deep: take all that the systems found, not only the first photos.
    """
    chosen = {photo for found in systems for photo in (found.photos if deep else found.first)}
    fitting = {
        photo: sum(all(stems & set(group) for group in query.words) for stems in said) / len(said)
        for photo, said in captions.items()
    }
    said = sorted((photo for photo, share in fitting.items() if share), key=lambda p: -fitting[p])
    return chosen | set(said[:CAPTIONED])


def unjudged(work: Path, right: Right) -> dict[str, list[str]]:
    """Return the photos to judge by query, in random order."""
    stemmer = Stemmer()
    captions = {
        photo.name: [set(stems) for stems in stemmer.stems(said)]
        for photo, said in captions_of_pool().items()
    }
    systems = read_found(work)
    left = {}
    for query in read_queries():
        judged = right.get(query.text, {})
        groups = tuple(tuple(s for one in stemmer.stems(g) for s in one) for g in query.words)
        found = [answers[query.text] for answers in systems.values()]
        deep = bool(judged) and sum(judged.values()) < FIRST
        stemmed = Query(query.text, query.there, groups)
        photos = sorted(candidates(stemmed, found, captions, deep) - judged.keys())
        random.Random(SEED).shuffle(photos)
        if photos:
            left[query.text] = photos
    return left


def draw_pages(photos: Mapping[str, Sequence[str]], pool: Path) -> list[Image.Image]:
    """Draw photos with their numbers, each query under a heading of its own."""
    pages: list[Image.Image] = []
    height = ROWS * (SIDE + HEADING)
    top = height
    for query, names in photos.items():
        for start in range(0, len(names), COLUMNS):
            if top + HEADING + SIDE > height:
                pages.append(Image.new("RGB", (COLUMNS * SIDE, height), "white"))
                top = 0
            draw = ImageDraw.Draw(pages[-1])
            if start == 0 or top == 0:
                draw.text((4, top + 2), query, "black", ImageFont.load_default(16))
                top += HEADING
            for column, name in enumerate(names[start : start + COLUMNS]):
                with Image.open(pool / name) as photo:
                    small = photo.convert("RGB")
                small.thumbnail((SIDE - 4, SIDE - 4))
                pages[-1].paste(small, (column * SIDE, top))
                draw.rectangle((column * SIDE, top, column * SIDE + 26, top + 17), "white")
                number = str(start + column + 1)
                draw.text((column * SIDE + 3, top), number, "red", ImageFont.load_default(15))
            top += SIDE
    return pages


def take_over(sheets: Iterable[Sequence[str]], answers: Iterable[Sequence[str]]) -> Right:
    """Return the judgements of one round.

    Args:
        sheets: query, number and photo of each photo on the pages.
        answers: query and numbers of its right photos; a query that was not judged has no answer.

    Raises:
        ValueError: a number stands on no page of its query.
    """
    numbered: dict[str, dict[str, str]] = defaultdict(dict)
    for query, number, photo in sheets:
        numbered[query][number] = photo
    right: Right = {}
    for query, text in answers:
        numbers = set(text.split())
        if strange := numbers - numbered[query].keys():
            raise ValueError(f"{query}: there is no photo {min(strange)}")
        right[query] = {photo: number in numbers for number, photo in numbered[query].items()}
    return right


def figures(found: Mapping[str, Found], right: Mapping[str, Mapping[str, bool]]) -> Figures:
    """Judge a system by its first results.

    Queries without a right photo in the pool are left out. All shown photos must be judged.
    """
    hits, best, sure, sure_hits, nothing = 0, 0, 0, 0, []
    asked = [query for query in found if any(right.get(query, {}).values())]
    for query in asked:
        verdicts = [right[query][photo] for photo in found[query].first]
        hits += sum(verdicts)
        best += min(FIRST, sum(right[query].values()))
        sure += found[query].sure
        sure_hits += sum(verdicts[: found[query].sure])
        if not any(verdicts):
            nothing.append(query)
    return Figures(
        hits / (FIRST * len(asked)), hits / best, sure_hits / max(1, sure), tuple(nothing)
    )


def table(systems: Mapping[str, Mapping[str, Found]], right: Right) -> list[str]:
    """Return the figures of all systems as lines of Markdown."""
    lines = [
        "| | precision at 5 | of what was possible | of the sure results right | nothing right |",
        "|---|---|---|---|---|",
    ]
    notes = []
    for name, found in systems.items():
        of = figures(found, right)
        lines.append(
            f"| {name} | {of.precision:.2f} | {of.possible:.2f} | {of.sure:.2f} "
            f"| {len(of.nothing)} |"
        )
        notes.append(f"{name} finds nothing right: {', '.join(of.nothing) or '-'}")
        for text, answer in found.items():
            if not any(right.get(text, {}).values()):
                shown = f"{len(answer.first)} shown, {answer.sure} of them as sure"
                notes.append(f"{name}, {text!r}, which no photo shows: {shown}")
    return [*lines, "", *notes]


def details(systems: Mapping[str, Mapping[str, Found]], right: Right) -> list[str]:
    """Return the right photos that are shown for each query, as lines of Markdown."""
    lines = [f"| query | there | {' | '.join(systems)} |", "|---|---|" + "---|" * len(systems)]
    for query in read_queries():
        verdicts = right.get(query.text, {})
        hits = (
            str(sum(verdicts[photo] for photo in found[query.text].first))
            for found in systems.values()
        )
        lines.append(f"| {query.text} | {sum(verdicts.values())} | {' | '.join(hits)} |")
    return lines


def read_found(work: Path) -> dict[str, dict[str, Found]]:
    """Read what each system found, by its name and by query."""
    return {
        file.stem.removeprefix("found-"): {
            query: Found(tuple(one["photos"]), one["sure"])
            for query, one in json.loads(file.read_text(encoding="utf-8")).items()
        }
        for file in sorted(work.glob("found-*.json"))
    }


def _read(file: Path) -> list[list[str]]:
    """Return the rows of a TSV file below its header."""
    with open(file, encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def _write(file: Path, rows: Iterable[Sequence[str]]) -> None:
    text = "".join("\t".join(row) + "\n" for row in rows)
    file.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    steps = parser.add_subparsers(dest="step", required=True)
    for name in ("pool", "search", "sheets", "judge", "figures"):
        step = steps.add_parser(name)
        if name in ("pool", "search"):
            step.add_argument("pool", type=Path)
        if name != "pool":
            step.add_argument("work", type=Path)
    steps.choices["search"].add_argument("systems", nargs="+", metavar="NAME=COMMAND")
    options = parser.parse_args()
    if options.step == "pool":
        print(make_pool(options.pool), "photos")
        return
    work: Path = options.work
    right = read_judgements()
    if options.step == "search":
        work.mkdir(parents=True, exist_ok=True)
        (work / "pool").unlink(missing_ok=True)
        (work / "pool").symlink_to(options.pool.resolve())
        for system in options.systems:
            name, _, command = system.partition("=")
            found = search(command, work / f"{name}.db", options.pool)
            rows = {query: vars(one) for query, one in found.items()}
            text = json.dumps(rows, indent=1) + "\n"
            (work / f"found-{name}.json").write_text(text, encoding="utf-8")
    elif options.step == "sheets":
        photos = unjudged(work, right)
        numbered = [(q, str(n), p) for q, names in photos.items() for n, p in enumerate(names, 1)]
        _write(work / "sheets.tsv", [("query", "number", "photo"), *numbered])
        for old in work.glob("sheet-*.png"):
            old.unlink()
        pages = draw_pages(photos, work / "pool")
        for number, page in enumerate(pages, 1):
            page.save(work / f"sheet-{number:02}.png")
        print(f"{len(numbered)} photos on {len(pages)} pages")
    elif options.step == "judge":
        answers = [line.split("\t") for line in (work / "right.tsv").read_text().splitlines()]
        for query, verdicts in take_over(_read(work / "sheets.tsv"), answers).items():
            right[query] |= verdicts
        write_judgements(right)
    else:
        systems = read_found(work)
        print("\n".join([*table(systems, right), "", *details(systems, right)]))


if __name__ == "__main__":
    main()
