"""Training data: captioned photos on disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from captioner.errors import DataError

ENVIRONMENT = "PHOTOSEARCH_DATA"


@dataclass(frozen=True)
class Split:
    """Photos of one data folder with their captions, in a fixed order."""

    name: str  # "flickr8k/train"
    images: tuple[Path, ...]
    captions: tuple[tuple[str, ...], ...]  # of each photo, one or more

    def references(self) -> dict[str, tuple[str, ...]]:
        """Return the captions by file name, as the metrics take them."""
        return {
            image.name: captions for image, captions in zip(self.images, self.captions, strict=True)
        }


def find_data(names: Iterable[str]) -> list[Path]:
    """Return data folders. A name is a folder, or a folder in the folder of PHOTOSEARCH_DATA.

    Raises:
        DataError: a folder holds no `captions.tsv`.
    """
    return [find_folder(name, ["captions.tsv"]) for name in names]


def find_folder(name: str, contents: Iterable[str]) -> Path:
    """Return a data folder by its path, or by its name in the folder of PHOTOSEARCH_DATA.

    Args:
        name: the path or the name.
        contents: files and folders; the data folder holds at least one of them.

    Raises:
        DataError: there is no such folder.
    """
    contents = list(contents)
    root = os.environ.get(ENVIRONMENT)
    tried = [Path(name), *([Path(root) / name] if root else [])]
    for folder in tried:
        if any((folder / content).exists() for content in contents):
            return folder
    places = " or ".join(str(folder) for folder in tried)
    unset = "" if root else f" ({ENVIRONMENT} is not set)"
    raise DataError(f"no {' or '.join(contents)} in {places}{unset}")


def has_split(folder: Path, split: str) -> bool:
    """Return whether a data folder, or this package, has a list of a split's photos."""
    return _read_list(folder, split) is not None


def read_split(folder: Path, split: str) -> Split:
    """Read the photos of a data folder that belong to a split.

    A folder holds `images/`, `captions.tsv` (file name, TAB, caption; one caption a line) and
    perhaps `splits/<split>.txt` (one file name a line). If the folder has no list for `dev`, the
    list that this package brings for a folder of that name is used. If the folder has no list for
    `train`, all photos that are not in `dev` are used.

    Raises:
        DataError: there are no captions, a line of captions has no TAB, the split has no list, or
            the split is empty.
    """
    captions = read_captions(folder / "captions.tsv")
    names = _split_names(folder, split, captions)
    kept = [name for name in names if name in captions and (folder / "images" / name).is_file()]
    if not kept:
        raise DataError(f"{folder} has no captioned photos of the split {split}")
    return Split(
        name=f"{folder.name}/{split}",
        images=tuple(folder / "images" / name for name in kept),
        captions=tuple(tuple(captions[name]) for name in kept),
    )


def read_captions(file: Path) -> dict[str, list[str]]:
    """Read captions by photo from lines of file name, TAB, caption.

    Raises:
        OSError: the file can't be read.
        DataError: the file is no text in UTF-8, or a line has no TAB.
    """
    captions: dict[str, list[str]] = {}
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is no text in UTF-8: {error}") from error
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        name, tab, caption = line.partition("\t")
        if not tab:
            raise DataError(f"{file}:{number}: no TAB between file name and caption")
        captions.setdefault(name, []).append(caption)
    return captions


def _split_names(folder: Path, split: str, captions: Mapping[str, object]) -> list[str]:
    listed = _read_list(folder, split)
    if listed is not None:
        return listed
    if split != "train":
        raise DataError(f"{folder} has no list of a split {split}")
    held_out = set(_read_list(folder, "dev") or ())
    return sorted(name for name in captions if name not in held_out)


def _read_list(folder: Path, split: str) -> list[str] | None:
    for place in (folder / "splits", resources.files("captioner") / "splits" / folder.name):
        file = place / f"{split}.txt"
        if file.is_file():
            return sorted(file.read_text(encoding="utf-8").split())
    return None
