from dataclasses import replace

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from captioner.describe.vocabulary import BOS, EOS, PAD, UNK, Vocabulary
from captioner.training.joint_recipe import JointRecipe
from captioner.training.sources import Photo, Role
from captioner.training.text_tables import NONE, TextTables
from captioner.training.train_captioner import TrainConfig

WORDS = "a dog on red sofa sits church photo of tree and".split()
NUMBERS = {"dog": 0, "puppy": 0, "red": 1, "sofa": 2, "church": 3, "tree": 4}
PHOTOS = [
    Photo("1.jpg", "home", Role.CAPTIONS, "train", ("A dog sits on a red sofa .", "a dog")),
    Photo("2.jpg", "places", Role.CLASSES, "train", ("church",)),
    Photo("3.jpg", "trip", Role.EMBEDDING, "train", ("of a",)),
    Photo("4.jpg", "labels", Role.CLASSES, "train", ("tree and unknown and church and photo",)),
]
RECIPE = JointRecipe(captions=TrainConfig(max_words=5))


def word_tokenizer() -> Tokenizer:
    """Each word is a token; the number of a word is its place in WORDS, plus 1."""
    vocabulary = {"[UNK]": 99, **{word: place + 1 for place, word in enumerate(WORDS)}}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    return tokenizer


@pytest.fixture(scope="module")
def tables() -> TextTables:
    vocabulary = Vocabulary(["dog", "a", "on", "sits", "red"])
    return TextTables.build(PHOTOS, NUMBERS, word_tokenizer(), vocabulary, RECIPE)


def test_captions_are_tokens_and_words_of_the_decoder(tables: TextTables) -> None:
    captions = tables.captions
    assert captions.counts.tolist() == [2, 0, 1, 0]
    assert captions.first[[0, 2]].tolist() == [0, 2]
    assert captions.tokens[1].tolist()[:3] == [1, 2, 0] and captions.lengths[1] == 2
    dog, a, on, sits = (4, 5, 6, 7)
    assert tables.said.tolist() == [
        [BOS, a, dog, sits, on, a],  # cut: no EOS
        [BOS, a, dog, EOS, PAD, PAD],
        [BOS, UNK, a, EOS, PAD, PAD],
        [PAD] * 6,
    ]
    assert tables.imitated.tolist() == [True, False, False, False]


def test_queries_are_words_of_captions_with_their_numbers(tables: TextTables) -> None:
    queries = tables.queries
    assert queries.counts.tolist() == [RECIPE.queries, 0, 0, 0]  # "of a" has no word
    for tokens, words in zip(queries.tokens, queries.words, strict=True):
        asked = [WORDS[token - 1] for token in tokens if token]
        assert 1 <= len(asked) <= 3
        assert [NUMBERS[word] for word in asked] == words[words != NONE].tolist()


def test_names_are_one_to_three_labels_plain_or_as_a_photo(tables: TextTables) -> None:
    names = tables.names
    assert names.counts.tolist() == [0, RECIPE.names, 0, RECIPE.names]
    lengths = names.lengths
    spelt = {tuple(row[:length]) for row, length in zip(names.tokens, lengths, strict=True)}
    photo_of_a = tuple(WORDS.index(word) + 1 for word in ("photo", "of"))
    assert any(text[1:3] == photo_of_a for text in spelt) and (7,) in spelt
    assert set(names.words[:4].ravel().tolist()) <= {3, NONE}  # church
    assert len(set(tables.same[:4].tolist())) == 1


def test_a_class_tells_only_of_the_words_of_its_source(tables: TextTables) -> None:
    assert tables.shown.astype(int).tolist() == [
        [1, 1, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 0], [0, 0, 0, 1, 1],
    ]  # fmt: skip
    told = tables.told[tables.kinds].astype(int).tolist()
    assert told == [[1] * 5, [0, 0, 0, 1, 0], [1] * 5, [0, 0, 0, 1, 1]]


def test_a_photo_is_given_one_of_its_own_texts(tables: TextTables) -> None:
    photos = np.array([0, 2, 0, 0, 0, 2, 0])
    rows = tables.captions.pick(photos, np.random.default_rng(1))
    assert set(rows[photos == 0].tolist()) == {0, 1} and set(rows[photos == 2].tolist()) == {2}


def test_the_same_seed_gives_the_same_tables(tables: TextTables) -> None:
    vocabulary = Vocabulary(["dog", "a", "on", "sits", "red"])
    again = TextTables.build(PHOTOS, NUMBERS, word_tokenizer(), vocabulary, RECIPE)
    assert np.array_equal(again.queries.tokens, tables.queries.tokens)
    recipe = replace(RECIPE, heads=replace(RECIPE.heads, seed=2))
    other = TextTables.build(PHOTOS, NUMBERS, word_tokenizer(), vocabulary, recipe)
    assert not np.array_equal(other.queries.words, tables.queries.words)
