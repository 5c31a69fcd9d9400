"""The self-test of a model: what it says of drawings and of sentences, compared with a record.

Photo tower, text tower and the rest belong together if each drawing is nearest to its own sentence,
and if vectors, captions and tags are those that were recorded when the model was finished. Engines
and processors round differently, so there is some tolerance.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np

from captioner.describe.describer import Describer
from captioner.describe.drawings import DRAWINGS, drawings
from captioner.describe.model_folder import SELF_TEST, list_files, read_file, reading
from captioner.describe.quantise import dequantise, quantise
from captioner.describe.sentence_encoder import SentenceEncoder

# A tokenizer is tested by capitals, digits, accents, punctuation and rare words too.
SENTENCES = (
    *DRAWINGS,
    "two dogs run on the beach",
    "Children playing football at 12 o'clock",
    "a naïve café in Zürich, 1984",
    "antidisestablishmentarianism",
)

# Of 8 drawings, 5 or more are nearest to their own sentence by chance once in 900 times.
LEAST_MATCHES = 5
# In bfloat16 the least cosine was 0.96, and between two trainings 0.05.
LEAST_PHOTO_COSINE = 0.9
# Between the int8 text tower and the same weights as floats it was 0.99, between trainings 0.14.
LEAST_SENTENCE_COSINE = 0.95
# In bfloat16 three captions of eight had other words.
LEAST_SAME = 0.5


@dataclass(frozen=True)
class Answers:
    """What a model makes of the drawings and of `SENTENCES`, in their order."""

    photos: np.ndarray  # vectors of the drawings, unit length, float32 (8, D)
    sentences: np.ndarray  # vectors of the sentences, unit length, float32 (n, D)
    captions: Sequence[str]  # the best caption of each drawing
    tags: Sequence[Sequence[str]]  # of each drawing

    @classmethod
    def of(cls, describer: Describer, encoder: SentenceEncoder) -> Self:
        """Ask a model."""
        described = describer.describe_pixels(drawings(describer.image_size))
        return cls(
            np.stack([_unpacked(each.vector or b"") for each in described]),
            encoder.encode(SENTENCES),
            [each.captions[0].text if each.captions else "" for each in described],
            [[tag.text for tag in each.tags or ()] for each in described],
        )

    @classmethod
    def recorded(cls, folder: Path) -> Self | None:
        """Read the answers in a model folder; None: there are none.

        Raises:
            ModelError: the file can't be read, or it is damaged.
        """
        if not (folder / SELF_TEST).exists():
            return None
        content = read_file(folder, SELF_TEST)
        with reading(folder, SELF_TEST):
            record = json.loads(content)
            photos, sentences = (
                np.stack([_unpacked(base64.b64decode(row)) for row in record[kind]])
                for kind in ("photos", "sentences")
            )
            return cls(photos, sentences, record["captions"], record["tags"])

    def write(self, folder: Path) -> None:
        """Write the answers into a model folder, and bring its list of files up to date.

        Raises:
            ModelError: the folder holds no model.
        """
        record = asdict(self)
        for kind in ("photos", "sentences"):
            rows = quantise(record[kind])
            record[kind] = [base64.b64encode(row.tobytes()).decode() for row in rows]
        text = json.dumps(record, indent=1, ensure_ascii=False)
        (folder / SELF_TEST).write_text(text + "\n", encoding="utf-8")
        list_files(folder)


def matches(answers: Answers) -> int:
    """Return how many drawings are nearest to their own sentence, of 8.

    From the cosines the means of rows and columns are taken away: some sentences are near to all
    pictures.
    """
    cosines = answers.photos @ answers.sentences[: len(DRAWINGS)].T  # (8, 8)
    centred = cosines - cosines.mean(0) - cosines.mean(1, keepdims=True)
    return int((centred.argmax(1) == np.arange(len(cosines))).sum())


def disagreements(answers: Answers, expected: Answers | None) -> list[str]:
    """Return what shows that the parts of a model don't belong together, a line each.

    Args:
        answers: of the model now.
        expected: the answers that were recorded; None: no record.
    """
    found = []
    if matches(answers) < LEAST_MATCHES:
        found.append(
            f"photo tower and text tower don't fit: {matches(answers)} of {len(DRAWINGS)} drawings "
            f"are nearest to their own sentence, {LEAST_MATCHES} are needed"
        )
    if expected is None:
        return found
    for what, cosine, least in (
        ("photo tower or trunk", _least_cosine(answers.photos, expected.photos),
         LEAST_PHOTO_COSINE),
        ("text tower or tokenizer", _least_cosine(answers.sentences, expected.sentences),
         LEAST_SENTENCE_COSINE),
    ):  # fmt: skip
        if not cosine >= least:  # NaN is no agreement either
            found.append(
                f"{what} changed since the model was finished: a vector's cosine with the recorded "
                f"vector is {cosine:.2f}, {least} is needed"
            )
    same = np.mean([a == b for a, b in zip(answers.captions, expected.captions, strict=True)])
    if same < LEAST_SAME:
        found.append(f"captions changed since the model was finished: {same:.0%} are the same")
    alike = np.mean([_overlap(a, b) for a, b in zip(answers.tags, expected.tags, strict=True)])
    if alike < LEAST_SAME:
        found.append(f"tags changed since the model was finished: {alike:.0%} are the same")
    return found


def _unpacked(vector: bytes) -> np.ndarray:
    return dequantise(np.frombuffer(vector, np.int8))


def _least_cosine(vectors: np.ndarray, expected: np.ndarray) -> float:
    """Return the least cosine of vectors with those expected; 0 if they have other shapes."""
    if vectors.shape != expected.shape:
        return 0.0
    return float((vectors * expected).sum(1).min())


def _overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the share of tags that two pictures have in common, of all their tags."""
    union = {*one, *other}
    return len({*one} & {*other}) / len(union) if union else 1.0
