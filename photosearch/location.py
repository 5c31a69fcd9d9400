"""The library's default place."""

from __future__ import annotations

import os

ENVIRONMENT = "PHOTOSEARCH_DB"


def default_path() -> str:
    """Return the library's file: $PHOTOSEARCH_DB, or photosearch.db in the user-data folder."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return named
    from platformdirs import user_data_dir

    return os.path.join(user_data_dir("photosearch", appauthor=False), "photosearch.db")
