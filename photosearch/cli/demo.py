"""photosearch demo: indexing, searching and exporting, shown on photos of other packages."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

from photosearch.cli import terminal
from photosearch.cli.app import terminable
from photosearch.errors import UsageError
from photosearch.library import Library
from photosearch.text import counted

# Freely licensed photos, under the names they have in their packages.
PHOTOS = {
    "skimage": (
        "data",
        ("astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "grass.png",
         "hubble_deep_field.jpg", "moon.png", "motorcycle_left.png", "rocket.jpg"),
    ),
    "sklearn": ("datasets/images", ("china.jpg", "flower.jpg")),
}  # fmt: skip
QUERIES = ("a cat", "somebody's motorcycle", "man with a camera", "a cup of coffee on a table")


def demo() -> None:
    """Index, search and export a few real photos in a temporary library.

    Example: photosearch demo
    """
    with terminable(), tempfile.TemporaryDirectory(prefix="photosearch-demo-") as folder:
        photos = Path(folder, "photos")
        photos.mkdir()
        for photo in find_photos():
            shutil.copyfile(photo, photos / photo.name)
        with Library(Path(folder, "photosearch.db")) as library:
            _say(f"photosearch index {photos}")
            with terminal.IndexProgress() as progress:
                summary = library.index([photos], observer=progress)
            print(f"{counted(summary.captioned, 'photo')} captioned")
            for query in QUERIES:
                _say(f'photosearch find -n 3 "{query}"')
                terminal.print_results(library.find(query, limit=3))
            _say("photosearch export -")
            library.export("-")
        sys.stdout.flush()
    print("\nThat was the demo. Now your own photos: photosearch index ~/Pictures")


def find_photos() -> list[Path]:
    """Return the photos of the installed packages.

    Raises:
        UsageError: a package isn't installed.
    """
    found = []
    for package, (folder, names) in PHOTOS.items():
        # The package isn't imported: its folder is all that is needed.
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise UsageError("the demo needs photos to show", "pip install 'photosearch[demo]'")
        photo_folder = Path(spec.submodule_search_locations[0], folder)
        found += [photo_folder / name for name in names if (photo_folder / name).is_file()]
    return found


def _say(command: str) -> None:
    print(f"\n$ {command}", flush=True)
