"""The text tower of the model that ships: it turns sentences into vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photosearch.errors import loading_model

if TYPE_CHECKING:
    from captioner.describe.sentence_encoder import SentenceEncoder


def load_text_tower() -> SentenceEncoder:
    """Load the text tower of the shipped model.

    Raises:
        ModelError: the model's files can't be used.
    """
    from captioner.describe.sentence_encoder import SentenceEncoder

    with loading_model():
        return SentenceEncoder.load()
