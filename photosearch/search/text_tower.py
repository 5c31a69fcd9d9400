"""The text tower of the model that a library uses: it turns sentences into vectors."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from photosearch.errors import MissingModelError, loading_model

if TYPE_CHECKING:
    from captioner.describe.sentence_encoder import SentenceEncoder
    from photosearch.search.meaning import Meaning


class TextTower:
    """The text tower of a library, opened when it is needed and the library has vectors."""

    def __init__(
        self,
        library: str,
        model: str | os.PathLike[str] | None,
        load: Callable[[], SentenceEncoder] | None,
    ) -> None:
        """Get ready; nothing is opened yet.

        Args:
            library: the library's file.
            model: the folder that a person names, see `named_folder`; None: no folder is named.
            load: returns a sentence encoder in place of a model folder's; None: no such encoder.
        """
        self._library = library
        self.named: Path | None = None  # absolute
        if model is not None:
            from photosearch.store.library_model import named_folder

            self.named = named_folder(model)
        self._load = load
        self._folder: Path | None = None
        self._encoder: SentenceEncoder | None = None

    def encoder(self, connection: sqlite3.Connection) -> SentenceEncoder | None:
        """Return the sentence encoder of the model in use; None if the library has no vectors.

        Raises:
            MissingModelError: the model folder that the library remembers is not there, and was
                not opened before.
            ModelError: the model's files can't be used.
        """
        if connection.execute("SELECT 1 FROM vectors LIMIT 1").fetchone() is None:
            return None
        if self._load is not None:
            self._encoder = self._encoder or self._load()
            return self._encoder
        try:
            folder = self.folder(connection)
        except MissingModelError:
            if self._encoder is None:
                raise
            return self._encoder
        if self._encoder is None or folder != self._folder:
            self._encoder, self._folder = load_text_tower(folder), folder
        return self._encoder

    def meaning(self, connection: sqlite3.Connection) -> Meaning | None:
        """Return the text tower with the library's vectors; None if the library has no vectors.

        Raises:
            ModelError: as `encoder` does.
        """
        encoder = self.encoder(connection)
        if encoder is None:
            return None
        from photosearch.search import meaning

        return meaning.load(connection, encoder)

    def folder(self, connection: sqlite3.Connection) -> Path:
        """Return the folder of the model in use.

        Raises:
            MissingModelError: the folder that the library remembers is not there.
        """
        from photosearch.store.library_model import model_folder

        return model_folder(connection, self._library, self.named)


def load_text_tower(folder: Path) -> SentenceEncoder:
    """Load the text tower of a model folder.

    Raises:
        ModelError: the model's files can't be used.
    """
    from captioner.describe.sentence_encoder import SentenceEncoder

    with loading_model():
        return SentenceEncoder.load(folder)
