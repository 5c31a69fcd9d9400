"""The vocabulary: the words that a model can say, with their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from captioner.describe.model_folder import VOCABULARY, damaged, read_file, reading

PAD, BOS, EOS, UNK = range(4)
SPECIAL = ("<pad>", "<bos>", "<eos>", "<unk>")


class Vocabulary:
    """An ordered list of words: four special words, then the most frequent words first."""

    def __init__(self, words: Sequence[str]) -> None:
        """Number the words (without the special words) in the order given.

        Raises:
            ValueError: a word is there twice, or is a special word.
        """
        self.words = (*SPECIAL, *words)
        self._ids = {word: number for number, word in enumerate(self.words)}
        if len(self._ids) != len(self.words):
            raise ValueError("a vocabulary holds each word once")

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Return the numbers of words; an unknown word has the number UNK."""
        return [self._ids.get(token, UNK) for token in tokens]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the words up to the first EOS as one string, clitics rejoined."""
        text = ""
        for number in ids:
            if number == EOS:
                break
            word = self.words[number]
            if number in (PAD, BOS):
                continue
            text += word if not text or word.startswith("'") or word == "n't" else f" {word}"
        return text

    def save(self, file: Path) -> None:
        """Write the words to a file, one a line, without the special words."""
        file.write_text("\n".join(self.words[len(SPECIAL) :]) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, size: int) -> Vocabulary:
        """Read the vocabulary of a model folder, in the form that `save` writes.

        Args:
            folder: of the model.
            size: the number of words that the model's decoder knows.

        Raises:
            ModelError: the file is missing or damaged, or holds another number of words.
        """
        content = read_file(folder, VOCABULARY)
        with reading(folder, VOCABULARY):
            vocabulary = cls(content.decode().split())
        if len(vocabulary) != size:
            raise damaged(folder, VOCABULARY, f"has {len(vocabulary)} words, not {size}")
        return vocabulary

    @classmethod
    def build(cls, captions: Iterable[Sequence[str]], min_count: int = 3) -> Vocabulary:
        """Return the words that tokenized captions hold at least `min_count` times."""
        counts = Counter(token for caption in captions for token in caption)
        kept = [(-count, word) for word, count in counts.items() if count >= min_count]
        return cls([word for _, word in sorted(kept)])
