"""Complete a trained model by one command: `captioner finish`, then all that search is tuned by.

python -m benchmarks.finish MODEL --data flickr8k coco --work FOLDER      # needs PHOTOSEARCH_DATA

`--classes` and `--embedding-only` name further folders, as in `captioner finish`.

1. `captioner finish`: calibration, background, captions, graphs, self-test, card.
2. A library of the dev photos of each captioned folder is made in FOLDER.
3. `benchmarks.tune_ranking` fits the weights of the ranking.
4. `benchmarks.tune_groups` fits the thresholds of sure and perhaps.
5. The card is written again.

After an interruption, give the same command again: what is indexed or fitted already is kept.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from captioner.training.data import Split, find_data, has_split, read_split
from photosearch import Library, evaluate

OPTIONS = ("data", "classes", "embedding-only")


def dev_splits(names: Sequence[str]) -> list[Split]:
    """Return the dev photos of data folders that hold some out."""
    return [read_split(folder, "dev") for folder in find_data(names) if has_split(folder, "dev")]


def make_library(split: Split, model: Path, work: Path) -> Path:
    """Index the photos of a split by a model, as `photosearch evaluate --db` does."""
    folder = split.images[0].parent
    file = work / f"{folder.parent.name}-dev.db"
    pool = work / f"{folder.parent.name}-dev.photos"
    evaluate.link(folder, [image.name for image in split.images], pool)
    with Library(file, model=model) as library:
        library.index([str(pool)], upgrade=True)
    return file


def run(module: str, *arguments: str | Path) -> None:
    """Run a module as a command.

    Raises:
        CalledProcessError: it failed; it said why.
    """
    subprocess.run([sys.executable, "-m", module, *map(str, arguments)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("model", type=Path)
    for option in OPTIONS:
        parser.add_argument(f"--{option}", nargs="+", default=[], metavar="FOLDER")
    parser.add_argument("--work", type=Path, required=True, help="folder of the libraries")
    options = vars(parser.parse_args())
    model, work = options["model"], options["work"]
    sources = [
        argument
        for option in OPTIONS
        for name in options[option.replace("-", "_")]
        for argument in (f"--{option}", name)
    ]
    work.mkdir(parents=True, exist_ok=True)
    finish = ("captioner.cli", "finish", model, *sources)
    run(*finish)
    splits = dev_splits(options["data"])
    libraries = [make_library(split, model, work) for split in splits]
    names = [str(split.images[0].parent.parent) for split in splits]
    tuned = ("--data", *names, "--model", model, "--write")
    run("benchmarks.tune_ranking", *libraries, *tuned)
    run("benchmarks.tune_groups", work / "groups", "--model", model, "--write")
    run(*finish)
    print(model)


if __name__ == "__main__":
    main()
