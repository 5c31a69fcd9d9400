"""Words: what the word head says of a photo, kept in a few bytes, and found by any spelling."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from captioner.describe.labels import Label, Labels
from captioner.describe.model_folder import WORDS

KEPT = 40
"""The number of words that are kept of a photo: its likeliest words."""

STEP = 32.0
"""A code c stands for the probability exp(-c / STEP): steps of 3 %, down to 0.0003."""

NO_WORD = 0xFFFF  # fills the places that are left over if a model has fewer than KEPT words
_ID, _CODE = np.dtype("<u2"), np.dtype("u1")
BYTES = KEPT * (_ID.itemsize + _CODE.itemsize)


class Words:
    """The words of a model's word head, in the order of its outputs.

    Attributes:
        names: One for each word, as tags show it.
    """

    def __init__(self, labels: Sequence[Label]) -> None:
        """Take the labels of the head's outputs.

        A spelling may be a form of several words. It stands for the word that has it first among
        its forms; if no word or several words have it first, for the earliest word.
        """
        self.names = tuple(label.name for label in labels)
        firsts = [(label.forms[0], word) for word, label in enumerate(labels) if label.forms]
        others = [(form, word) for word, label in enumerate(labels) for form in label.forms]
        self._of_form: dict[str, int] = {}
        for form, word in [*firsts, *others]:
            self._of_form.setdefault(form, word)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the words of a model folder.

        Raises:
            ModelError: the file is missing or damaged.
        """
        return cls(Labels.read(folder, WORDS).labels)

    def __len__(self) -> int:
        return len(self.names)

    def find(self, word: str) -> int | None:
        """Return the index of the head's word that a word stands for, None if there is none.

        Args:
            word: a single word in lower case: a spelling, a plural, an inflection or a synonym.
        """
        return self._of_form.get(word)


def sparse(probabilities: np.ndarray) -> list[bytes]:
    """Return the `KEPT` likeliest words of photos in `BYTES` bytes each.

    First come the words' indices, uint16, little endian, the likeliest first. Then come their
    codes, uint8; see `STEP`.

    Args:
        probabilities: of all words, (B, W).
    """
    kept = min(KEPT, probabilities.shape[1])
    ids = np.full((len(probabilities), KEPT), NO_WORD, _ID)
    codes = np.full((len(probabilities), KEPT), 255, _CODE)
    likeliest = np.argpartition(-probabilities, kept - 1, axis=1)[:, :kept]
    found = np.take_along_axis(probabilities, likeliest, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    ids[:, :kept] = np.take_along_axis(likeliest, order, axis=1)
    codes[:, :kept] = encode(np.take_along_axis(found, order, axis=1))
    return [row.tobytes() + code.tobytes() for row, code in zip(ids, codes, strict=True)]


def unpack(blobs: bytes | Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Return what `sparse` packed.

    Args:
        blobs: of one photo, or of N photos.

    Returns:
        The indices, uint16, and the codes, uint8, of the likeliest words: (`KEPT`,) for one photo,
        (N, `KEPT`) for N photos. `NO_WORD` is no word. See `decode` for codes.

    Raises:
        ValueError: a blob has another length than `BYTES`.
    """
    single = isinstance(blobs, bytes)
    parts = [blobs] if isinstance(blobs, bytes) else blobs
    if any(len(part) != BYTES for part in parts):
        raise ValueError(f"the words of a photo are {BYTES} bytes")
    ids, codes = split(np.frombuffer(b"".join(parts), np.uint8).reshape(-1, BYTES))
    return (ids[0], codes[0]) if single else (ids, codes)


def split(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices, uint16 (N, `KEPT`), and the codes, uint8 (N, `KEPT`), of packed words.

    Args:
        rows: what `sparse` packed, uint8 (N, `BYTES`).
    """
    ids = np.ascontiguousarray(rows[:, : KEPT * _ID.itemsize]).view(_ID)
    return ids, np.ascontiguousarray(rows[:, KEPT * _ID.itemsize :])


def encode(probabilities: np.ndarray) -> np.ndarray:
    """Return the codes of probabilities, uint8; the least probability has the code 255."""
    least = np.exp(-255 / STEP)
    codes: np.ndarray = np.rint(-STEP * np.log(np.clip(probabilities, least, 1.0))).astype(_CODE)
    return codes


def decode(codes: np.ndarray) -> np.ndarray:
    """Return the probabilities of codes, float32."""
    probabilities: np.ndarray = np.exp(codes.astype(np.float32) / -STEP)
    return probabilities
