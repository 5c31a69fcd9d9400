"""Captions of two models side by side, rated by someone who doesn't know which model wrote which.

python benchmarks/side_by_side.py draw --more ALBUMS      # chooses the 100 photos, once
python benchmarks/side_by_side.py caption WORK --more ALBUMS old=../old/photosearch new=photosearch
python benchmarks/side_by_side.py pages WORK              # photos with both captions
python benchmarks/side_by_side.py table WORK              # opens the key

Needs PHOTOSEARCH_DATA. No training saw the photos: 20 each of the dev photos of COCO, of the
journey and of Flickr8k, and 40 of six blogs (`ALBUMS` holds their data folders).
`side_by_side/photos.tsv` names them. A system is a command, perhaps with options. For each photo it
is drawn whose caption stands above; `WORK/key.tsv` tells. The pages leave "may show:" out, because
only newer versions say it; what follows it is rated. The person who rates writes
`WORK/ratings.tsv`: number, TAB, rating of the upper caption, TAB, rating of the lower caption. A
rating is a first letter:

- useful: as alt text, it says what the photo shows;
- partly: the main thing is right, something else is wrong or missing, or a word is there twice;
- wrong: the main thing is wrong or missing, or a person is named who isn't there;
- embarrassing: wrong so that a person would laugh, or be hurt.

`table` writes captions and ratings into `side_by_side/rated.tsv`. Who rates a second time needs new
pages in another folder: their sides are drawn anew.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import shlex
import subprocess
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from captioner.training.data import find_data, read_captions, read_split
from photosearch.wording import HEDGE

HERE = Path(__file__).parent / "side_by_side"
PHOTOS, RATED = HERE / "photos.tsv", HERE / "rated.tsv"
DEV, FROM_DEV = ("coco", "travel", "flickr8k"), 20  # photos of each
ALBUMS = (
    "blog_hannaliebl",
    "blog_ibeach",
    "blog_markothell",
    "blog_mc-deltat",
    "blog_naveedahmed",
    "blog_zkermish",
)  # held out of training
FROM_ALBUMS = 40  # photos of all together
RATINGS = ("useful", "partly", "wrong", "embarrassing")
SEED = 20261127
COLUMNS, ROWS, WIDTH, SIDE = 2, 5, 672, 178  # of a page; width and height of a place in pixels
LINE = 46  # characters of a caption that fit beside a photo


def draw(more: Path) -> list[tuple[str, str]]:
    """Choose photos; return folder and file name of each, in random order."""
    dice = random.Random(SEED)
    albums = [
        (folder.name, name)
        for folder in find_data(str(more / album) for album in ALBUMS)
        for name in sorted(read_captions(folder / "captions.tsv"))
        if (folder / "images" / name).is_file()
    ]
    chosen = dice.sample(albums, FROM_ALBUMS)
    for folder in find_data(DEV):
        names = sorted(image.name for image in read_split(folder, "dev").images)
        chosen += [(folder.name, name) for name in dice.sample(names, FROM_DEV)]
    dice.shuffle(chosen)
    return chosen


def link(photos: Iterable[Sequence[str]], more: Path, folder: Path) -> None:
    """Fill a folder with links to photos, each named by its number from 1."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (place, name) in enumerate(photos, 1):
        source = find_data([str(more / place) if place in ALBUMS else place])[0]
        path = folder / f"{number:03}{Path(name).suffix.lower()}"
        if not path.is_symlink():
            path.symlink_to((source / "images" / name).resolve())


def captions(command: str, database: Path, folder: Path) -> dict[int, str]:
    """Let a system index a folder; return the alt text that it exports, by the photo's number."""
    program, *options = shlex.split(command)
    here = ("--db", str(database))
    subprocess.run([program, "index", *options, *here, str(folder)], check=True)
    done = subprocess.run([program, "export", *here, "-"], check=True, capture_output=True)
    rows = csv.DictReader(io.StringIO(done.stdout.decode("utf-8"), newline=""))
    return {int(Path(row["filename"]).stem): row["alt_text"] for row in rows}


def sides(
    numbers: Iterable[int], systems: Sequence[str], dice: random.Random
) -> dict[int, tuple[str, str]]:
    """Draw whose caption stands above and whose below, for each number."""
    return {number: tuple(dice.sample(systems, 2)) for number in numbers}  # type: ignore[misc]


def is_hedged(caption: str) -> bool:
    """Whether a caption says that it isn't sure."""
    return caption.lower().startswith(HEDGE)


def unhedged(caption: str) -> str:
    """Return an alt text without "may show:", its first letter in upper case again."""
    rest = caption[len(HEDGE) :] if is_hedged(caption) else caption
    return rest[:1].upper() + rest[1:]


def draw_pages(folder: Path, pairs: Mapping[int, tuple[str, str]]) -> list[Image.Image]:
    """Draw photos, each with its upper and its lower caption."""
    files = {int(file.stem): file for file in folder.iterdir()}
    pages: list[Image.Image] = []
    for place, (number, pair) in enumerate(sorted(pairs.items())):
        row, column = divmod(place % (COLUMNS * ROWS), COLUMNS)
        if row == column == 0:
            pages.append(Image.new("RGB", (COLUMNS * WIDTH, ROWS * SIDE), "white"))
        left, top = column * WIDTH, row * SIDE
        with Image.open(files[number]) as photo:
            small = photo.convert("RGB")
        small.thumbnail((SIDE + 40, SIDE - 6))
        pages[-1].paste(small, (left, top))
        pen = ImageDraw.Draw(pages[-1])
        pen.text((left + SIDE + 46, top), str(number), "red", ImageFont.load_default(15))
        for text, start in zip(pair, (22, 96), strict=True):
            lines = "\n".join(textwrap.wrap(text, LINE)[:3])
            at = (left + SIDE + 46, top + start)
            pen.text(at, lines, "black", ImageFont.load_default(18))
    return pages


def open_key(
    key: Iterable[Sequence[str]], ratings: Iterable[Sequence[str]]
) -> dict[tuple[int, str], str]:
    """Return the rating of each photo's caption by number and system.

    Args:
        key: number, system of the upper caption, system of the lower one.
        ratings: number and first letters of the upper and the lower rating.

    Raises:
        ValueError: a photo has no rating, two ratings, or a rating that there is not.
    """
    letters = {rating[0]: rating for rating in RATINGS}
    said: dict[int, tuple[str, ...]] = {}
    for number, *pair in ratings:
        if int(number) in said or len(pair) != 2 or not letters.keys() >= set(pair):
            raise ValueError(f"photo {number}: two letters of {', '.join(letters)}, once")
        said[int(number)] = tuple(letters[letter] for letter in pair)
    opened = {}
    for number, *systems in key:
        if int(number) not in said:
            raise ValueError(f"photo {number} has no rating")
        for system, rating in zip(systems, said[int(number)], strict=True):
            opened[int(number), system] = rating
    return opened


def table(
    rated: Mapping[tuple[int, str], str],
    group: Callable[[int, str], str] = lambda number, system: system,
) -> list[str]:
    """Return the number of captions of each rating, as lines of Markdown.

    Args:
        rated: the rating of each photo's caption by number and system.
        group: gives the name of the line in which a photo's caption is counted.
    """
    lines = [f"| | {' | '.join(RATINGS)} |", "|---|" + "---|" * len(RATINGS)]
    groups: dict[str, Counter[str]] = {}
    for (number, system), rating in rated.items():
        groups.setdefault(group(number, system), Counter())[rating] += 1
    for name, counts in sorted(groups.items()):
        lines.append(f"| {name} | {' | '.join(str(counts[rating]) for rating in RATINGS)} |")
    return lines


def _read(file: Path) -> list[list[str]]:
    return [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]


def _write(file: Path, rows: Iterable[Sequence[object]]) -> None:
    text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    file.write_text(text, encoding="utf-8")


def _write_captions(work: Path, more: Path, systems: Iterable[str]) -> None:
    link(_read(PHOTOS)[1:], more, work / "photos")
    for system in systems:
        name, _, command = system.partition("=")
        written = captions(command, work / f"{name}.db", work / "photos")
        _write(work / f"captions-{name}.tsv", sorted(written.items()))


def _read_written(work: Path) -> dict[str, dict[int, str]]:
    """Read the captions by system and number."""
    return {
        file.stem.removeprefix("captions-"): {int(n): text for n, text in _read(file)}
        for file in sorted(work.glob("captions-*.tsv"))
    }


def _write_pages(work: Path) -> int:
    written = _read_written(work)
    # Nobody who knows an older key knows this key.
    drawn = sides(range(1, len(_read(PHOTOS))), list(written), random.SystemRandom())
    _write(work / "key.tsv", [(number, *systems) for number, systems in drawn.items()])
    pairs = {
        number: (unhedged(written[upper][number]), unhedged(written[lower][number]))
        for number, (upper, lower) in drawn.items()
    }
    pages = draw_pages(work / "photos", pairs)
    for number, page in enumerate(pages, 1):
        page.save(work / f"page-{number:02}.png")
    return len(pages)


def _write_rated(work: Path) -> list[str]:
    """Open the key, write the ratings; return all tables."""
    rated = open_key(_read(work / "key.tsv"), _read(work / "ratings.tsv"))
    photos, written = _read(PHOTOS)[1:], _read_written(work)
    rows = [
        (*photos[number - 1], system, text, rated[number, system])
        for system, texts in written.items()
        for number, text in texts.items()
    ]
    _write(RATED, [("folder", "photo", "system", "caption", "rating"), *sorted(rows)])

    def source(number: int, system: str) -> str:
        folder = photos[number - 1][0]
        return f"{'blogs' if folder in ALBUMS else folder}, {system}"

    def hedge(number: int, system: str) -> str:
        return f"{system}, {'hedged' if is_hedged(written[system][number]) else 'as it is'}"

    return [*table(rated), "", *table(rated, source), "", *table(rated, hedge)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    steps = parser.add_subparsers(dest="step", required=True)
    for name in ("draw", "caption", "pages", "table"):
        step = steps.add_parser(name)
        if name != "draw":
            step.add_argument("work", type=Path)
        if name in ("draw", "caption"):
            step.add_argument("--more", type=Path, required=True, metavar="ALBUMS")
    steps.choices["caption"].add_argument("systems", nargs=2, metavar="NAME=COMMAND")
    options = parser.parse_args()
    if options.step == "draw":
        _write(PHOTOS, [("folder", "photo"), *draw(options.more)])
    elif options.step == "caption":
        options.work.mkdir(parents=True, exist_ok=True)
        _write_captions(options.work, options.more, options.systems)
    elif options.step == "pages":
        print(_write_pages(options.work), "pages")
    else:
        print("\n".join(_write_rated(options.work)))


if __name__ == "__main__":
    main()
