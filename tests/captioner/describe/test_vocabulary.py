from pathlib import Path

import pytest

from captioner.describe.model_folder import write_part
from captioner.describe.vocabulary import BOS, EOS, PAD, UNK, Vocabulary


def test_build_keeps_frequent_words_the_most_frequent_first() -> None:
    captions = [["a", "dog", "runs"], ["a", "dog", "sleeps"], ["a", "cat", "sleeps"]]
    vocabulary = Vocabulary.build(captions, min_count=2)
    assert vocabulary.words[4:] == ("a", "dog", "sleeps")
    assert vocabulary.encode(["a", "cat", "sleeps"]) == [4, UNK, 6]


def test_decode_stops_at_the_end_and_joins_clitics() -> None:
    vocabulary = Vocabulary(["dog", "'s", "do", "n't", "bone"])
    ids = vocabulary.encode(["dog", "'s", "bone"])
    assert vocabulary.decode([BOS, *ids, EOS, *ids, PAD]) == "dog's bone"
    assert vocabulary.decode(vocabulary.encode(["do", "n't"])) == "don't"


def test_save_and_load_keep_every_number(tmp_path: Path) -> None:
    vocabulary = Vocabulary(["dog", "'s", "café", "1,000"])
    vocabulary.save(tmp_path / "vocabulary.txt")
    write_part(tmp_path, {}, {"name": "toy"})
    assert Vocabulary.load(tmp_path, len(vocabulary)).words == vocabulary.words


@pytest.mark.parametrize("words", [["dog", "dog"], ["<pad>"]])
def test_a_word_stands_once(words: list[str]) -> None:
    with pytest.raises(ValueError, match="once"):
        Vocabulary(words)
