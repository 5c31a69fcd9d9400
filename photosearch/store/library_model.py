"""The model of a library: the folder that a person names, or that the library remembers.

The order is: the folder that a person names, the folder that the library remembers, the model that
ships with the package.
"""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

from captioner.describe.model_folder import shipped_model
from photosearch.errors import MissingModelError
from photosearch.files.paths import is_below
from photosearch.store.settings import read_json, read_setting, write_setting
from photosearch.text import display

SHIPPED = "shipped"  # stands for the model that ships with the package, where a folder is named
_SETTING = "model"


def named_folder(model: str | os.PathLike[str]) -> Path:
    """Return the model folder that a person names, absolute; it need not exist.

    Args:
        model: a folder, which may begin with `~`, or `SHIPPED`.
    """
    named = os.fspath(model)
    return shipped_model() if named == SHIPPED else Path(os.path.abspath(os.path.expanduser(named)))


def is_shipped(folder: Path) -> bool:
    """Return whether a folder is that of the shipped model."""
    return folder.resolve() == shipped_model().resolve()


def model_folder(connection: sqlite3.Connection, library: str, named: Path | None = None) -> Path:
    """Return the folder of the model in use.

    Args:
        connection: to the library.
        library: the library's file.
        named: the folder that a person names now; None: no folder is named.

    Raises:
        MissingModelError: no folder is named, and the folder that the library remembers is not
            there, or the library's note of it is damaged.
    """
    if named is not None:
        return named
    stored = _stored(connection)
    if stored is None:
        return shipped_model()
    cure = (
        "name its folder: photosearch index --model FOLDER "
        f"(--model {SHIPPED} goes back to the shipped model)"
    )
    if not stored:
        raise MissingModelError("the library's note of its model is damaged", cure)
    places = [Path(os.path.dirname(os.path.abspath(library)), place) for place in stored]
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise MissingModelError(
            f"the model of this library is not in {display(str(places[0]))}",
            f"plug in its drive, or {cure}",
        )
    return found


def remember(connection: sqlite3.Connection, library: str, folder: Path) -> None:
    """Store the folder of the model that is in use from now on.

    The shipped model is not stored, because it may lie elsewhere after an update.
    """
    write_setting(connection, _SETTING, None if is_shipped(folder) else _value(library, folder))


def remembered(connection: sqlite3.Connection) -> str | None:
    """Return the folder that the library remembers, as it was named.

    None: the shipped model, or the library's note of the folder is damaged.
    """
    stored = _stored(connection)
    return stored[0] if stored else None


def _value(library: str, folder: Path) -> str:
    """Return the setting: the places of a folder as JSON, the first choice first.

    If the folder lies in the library's own folder, its second place is relative to that folder: so
    both can move together. JSON, because a path may hold bytes that are no text.
    """
    home = os.path.dirname(os.path.abspath(library))
    places = [str(folder)]
    if is_below(str(folder), home):
        places.append(os.path.relpath(folder, home))
    return json.dumps(places)


def _stored(connection: sqlite3.Connection) -> list[str] | None:
    """Return the stored places of the model's folder; None: none is stored; empty: damaged."""
    if read_setting(connection, _SETTING) is None:
        return None
    stored = read_json(connection, _SETTING)
    places = stored if isinstance(stored, list) else []
    is_whole = all(isinstance(place, str) and place and "\0" not in place for place in places)
    return places if is_whole else []
