"""Meaning: what a model's folder says about ranking."""

import sqlite3
from types import SimpleNamespace
from typing import cast

import pytest

from captioner.describe.sentence_encoder import SentenceEncoder
from photosearch.errors import ModelError
from photosearch.search import meaning


def test_weights_of_unknown_names_are_told_without_words_of_python() -> None:
    encoder = cast(SentenceEncoder, SimpleNamespace(ranking={"hubnes": 1.0}))
    with pytest.raises(ModelError) as caught:
        meaning.load(sqlite3.connect(":memory:"), encoder)
    assert caught.value.exit_code == 3
    assert str(caught.value) == (
        "the model's config.json has unknown weights for ranking: hubnes: "
        "take them out of its `ranking`, or upgrade photosearch"
    )
