"""Libraries of photos that people captioned, to measure `find` with: 100, 1,000, 10,000 photos.

The first 1,000 photos are those of Flickr8k dev, which no training sees. The others are photos of
all data folders, training photos too. No caption of them names a thing (`THINGS`) that no caption
of Flickr8k dev names: so that thing is absent from every library.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from captioner.training.data import find_data, read_captions, read_split
from photosearch import Library, evaluate
from photosearch.search import query
from photosearch.search.stems import Stemmer

SEED = 20261122
SIZES = (100, 1_000, 10_000)
FOLDERS = ("flickr8k", "coco", "coco2", "travel", "openstax")
# What the annotators of COCO were asked to mark, where one word says it.
THINGS = (
    "bicycle car motorcycle airplane bus train truck boat hydrant bench bird cat dog horse sheep "
    "cow elephant bear zebra giraffe backpack umbrella tie suitcase frisbee skis snowboard kite "
    "bat glove skateboard surfboard tennis bottle wine cup fork knife spoon bowl banana apple "
    "sandwich orange broccoli carrot pizza donut cake chair couch bed toilet tv laptop mouse "
    "remote keyboard phone microwave oven toaster sink refrigerator book clock vase scissors "
    "toothbrush"
).split()


@dataclass(frozen=True)
class Photos:
    """Photos with captions by people."""

    captions: dict[str, list[str]]  # by file name
    places: dict[str, Path]  # by file name
    dev: list[str]  # file names of Flickr8k dev, shuffled


def read_photos() -> Photos:
    """Read all data folders.

    Raises:
        DataError: a folder is missing.
    """
    captions: dict[str, list[str]] = {}
    places: dict[str, Path] = {}
    folders = find_data(FOLDERS)
    for folder in folders:
        for name, texts in read_captions(folder / "captions.tsv").items():
            place = folder / "images" / name
            if name not in places and place.is_file():
                captions[name], places[name] = texts, place
    dev = [image.name for image in read_split(folders[0], "dev").images]
    random.Random(SEED).shuffle(dev)
    return Photos(captions, places, dev)


def choose(photos: Photos, size: int) -> list[str]:
    """Return the file names of the photos of a library; a larger library holds the smaller ones."""
    stemmer = Stemmer()
    named = counts([photos.captions[name] for name in photos.dev], stemmer)
    absent = {stem for thing in THINGS if not named[thing] for stem in stemmer.stems([thing])[0]}
    others = sorted(photos.places.keys() - set(photos.dev))
    stems = stemmer.stems([" ".join(photos.captions[name]) for name in others])
    others = [name for name, one in zip(others, stems, strict=True) if absent.isdisjoint(one)]
    random.Random(SEED).shuffle(others)
    return [*photos.dev, *others][:size]


def counts(photos: Iterable[Sequence[str]], stemmer: Stemmer) -> dict[str, int]:
    """Return of how many photos a caption names each thing; a photo is all its captions."""
    said = stemmer.stems([" ".join(captions) for captions in photos])
    found = Counter(stem for one in said for stem in set(one))
    return {thing: found[stemmer.stems([thing])[0][0]] for thing in THINGS}


def open_library(folder: Path, model: Path | None, photos: Photos, names: Sequence[str]) -> Library:
    """Return a library of some photos, described by a model.

    Args:
        folder: where the libraries are kept, a file for each number of photos. What another model
            described there is described again.
        model: a model folder; None: the shipped model.
        photos: all photos.
        names: file names of those in the library.
    """
    links = folder / f"{len(names)}.photos"
    links.mkdir(parents=True, exist_ok=True)
    for name in names:
        if not (links / name).is_symlink():
            (links / name).symlink_to(photos.places[name].resolve())
    library = Library(folder / f"{len(names)}.db", model=model)
    library.index([links], upgrade=True)
    return library


def stems_of(texts: Sequence[str], stemmer: Stemmer) -> list[frozenset[tuple[str, ...]]]:
    """Return the words of texts as stems of their singulars, see `photosearch.evaluate`."""
    words = [query.words(text) for text in texts]
    known = {word for some in words for word in some}
    stems = {
        word: tuple(stem)
        for word, stem in zip(
            known, stemmer.stems([evaluate.singular(word, known) for word in known]), strict=True
        )
    }
    return [frozenset(stems[word] for word in some) for some in words]
