"""Sources: folders of photos, each with the part that it plays in training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from captioner.errors import DataError
from captioner.training.data import find_folder, has_split, read_split

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")


class Role(StrEnum):
    """What a source teaches."""

    CAPTIONS = "captions"  # the captioner, the embedding and the word head
    CLASSES = "classes"  # its texts are class names: the embedding and the word head
    EMBEDDING = "embedding"  # its texts are no captions to imitate: the embedding only


@dataclass(frozen=True)
class Photo:
    """A photo of a source, with its texts."""

    name: str  # of its file
    source: str  # its folder's name
    role: Role
    split: str  # "train" or "dev"
    texts: tuple[str, ...]  # captions, or the names of its classes


def find_sources(names: Mapping[Role, Sequence[str]]) -> list[tuple[Path, Role]]:
    """Return the folders of sources with their roles, in the order of the roles.

    Args:
        names: folders, or names of folders within the folder of PHOTOSEARCH_DATA, by role.

    Raises:
        DataError: a folder is missing, holds no texts, or has another folder's name.
    """
    found: list[tuple[Path, Role]] = []
    for role, folders in names.items():
        wanted = ("captions.tsv", "images") if role is Role.CLASSES else ("captions.tsv",)
        found += [(find_folder(name, wanted), role) for name in folders]
    places: dict[str, Path] = {}
    for folder, _ in found:
        other = places.setdefault(folder.name, folder)
        if other != folder or sum(folder == place for place, _ in found) > 1:
            raise DataError(f"two sources have the name {folder.name}", "rename one of the folders")
    return found


def read_source(folder: Path, role: Role) -> list[tuple[Photo, Path]]:
    """Return the photos of a source, each with its file: its train split, then its dev split.

    A source of classes may hold, in place of `captions.tsv`, a folder for each class:
    `images/church/*.jpg`. The folder's name is the class. Then all photos are for training.

    Raises:
        DataError: the folder has no photos with texts, see `captioner.training.data.read_split`.
    """
    if role is Role.CLASSES and not (folder / "captions.tsv").is_file():
        return _by_folder(folder)
    photos = []
    for split in ("train", "dev"):
        if split == "train" or has_split(folder, split):
            part = read_split(folder, split)
            photos += [
                (Photo(image.name, folder.name, role, split, texts), image)
                for image, texts in zip(part.images, part.captions, strict=True)
            ]
    return photos


def _by_folder(folder: Path) -> list[tuple[Photo, Path]]:
    """Return the photos of a folder that holds a folder for each class."""
    photos = []
    for place in sorted(path for path in (folder / "images").iterdir() if path.is_dir()):
        words = " ".join(place.name.replace("_", " ").replace("-", " ").lower().split())
        for file in sorted(place.iterdir()):
            if file.suffix.lower() in PICTURES:
                name = f"{place.name}/{file.name}"
                photos.append((Photo(name, folder.name, Role.CLASSES, "train", (words,)), file))
    if not photos:
        raise DataError(f"{folder} has neither captions.tsv nor photos in images/CLASS/")
    return photos
