"""How well captions' confidence is calibrated: a table and a reliability diagram.

python benchmarks/reliability.py --model FOLDER [--svg docs/images/reliability.svg]

Each half of the dev photos is judged by coefficients that were fitted on the other half.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from captioner.describe.choice import ChoiceConfig, choose
from captioner.describe.confidence import caption_features, probability, word_features
from captioner.describe.labels import Labels
from captioner.describe.model_folder import WORDS, shipped_model
from captioner.describe.vocabulary import Vocabulary
from captioner.networks.networks import Networks
from captioner.training.data import read_split
from captioner.training.finish_captions import look
from captioner.training.fit_captions import fit
from captioner.training.grid_cache import encode_files
from captioner.training.judged import Judged, calibration_error, judge, measure
from photosearch.wording import SURE

BINS, SIDE, EDGE = 10, 240, 40  # of the diagram; pixels
Cases = tuple[np.ndarray, np.ndarray]  # probabilities said, and whether each case was right


def held_out(splits: Sequence[Sequence[Judged]]) -> tuple[Cases, Cases]:
    """Return captions and content words, each half judged by a fit on the other half."""
    captions: list[tuple[float, bool]] = []
    words: list[tuple[float, bool]] = []
    for half in (0, 1):
        choice, confidence = fit([photos[1 - half :: 2] for photos in splits], ChoiceConfig())
        for photo in (photo for photos in splits for photo in photos[half::2]):
            sure = probability(word_features(photo.found), confidence.word)
            chances = probability(caption_features(photo.found, sure), confidence.caption)
            best = choose(photo.hypotheses, photo.found, sure, choice)[0]
            held = photo.found.holds[best] > 0
            captions.append((float(chances[best]), bool(photo.right[best])))
            words += zip(sure[held].tolist(), photo.right_words[held].tolist(), strict=True)
    first, second = (tuple(map(np.array, zip(*cases, strict=True))) for cases in (captions, words))
    return (first[0], first[1]), (second[0], second[1])


def diagram(panels: Mapping[str, Cases]) -> str:
    """Return a reliability diagram as SVG: a panel for each kind of case, a point for each bin.

    All bins hold the same number of cases. A line through a point is two standard errors long to
    each side.
    """
    width, height = EDGE + len(panels) * (SIDE + EDGE), SIDE + 2 * EDGE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12" fill="#333">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for column, (title, (said, right)) in enumerate(panels.items()):
        left = EDGE + column * (SIDE + EDGE)
        lines += _panel(left, f"{title}: error {calibration_error(said, right):.1%}", said, right)
    return "\n".join([*lines, "</svg>", ""])


def _panel(left: int, title: str, said: np.ndarray, right: np.ndarray) -> list[str]:
    bottom = EDGE + SIDE
    lines = [
        f'<text x="{left}" y="{EDGE - 12}" font-weight="bold">{title}</text>',
        f'<rect x="{left}" y="{EDGE}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#999"/>',
        f'<path d="M{left} {bottom}L{left + SIDE} {EDGE}" stroke="#bbb" stroke-dasharray="4"/>',
        f'<text x="{left + SIDE / 2}" y="{bottom + 30}" text-anchor="middle">confidence</text>',
        f'<text transform="translate({left - 26} {EDGE + SIDE / 2}) rotate(-90)" '
        'text-anchor="middle">were right</text>',
    ]
    for share in (0.0, 0.5, 1.0):
        x, y = left + share * SIDE, bottom - share * SIDE + 4
        lines += [
            f'<text x="{x}" y="{bottom + 15}" text-anchor="middle">{share:g}</text>',
            f'<text x="{left - 4}" y="{y}" text-anchor="end">{share:g}</text>',
        ]
    for part in np.array_split(np.argsort(said, kind="stable"), BINS):
        x, true = left + SIDE * said[part].mean(), float(right[part].mean())
        error = 2 * (true * (1 - true) / len(part)) ** 0.5
        low, high = (bottom - SIDE * min(max(true + e, 0), 1) for e in (-error, error))
        lines += [
            f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="#36c"/>',
            f'<circle cx="{x:.1f}" cy="{bottom - SIDE * true:.1f}" r="4" fill="#36c"/>',
        ]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=os.environ.get("PHOTOSEARCH_DATA"))
    parser.add_argument("--model", type=Path, default=shipped_model())
    parser.add_argument("--features", type=Path, default=Path("features"), help="encoded photos")
    parser.add_argument("--svg", type=Path, help="write the diagram")
    options = parser.parse_args()
    networks, labels = Networks.read(options.model), Labels.read(options.model, WORDS)
    vocabulary = Vocabulary.load(options.model, networks.decoder.config.vocabulary_size)
    judged = {}
    for folder in ("flickr8k", "coco"):
        split = read_split(Path(options.data) / folder, "dev")
        grids = encode_files(split.images, networks.encoder, options.features)
        found, chances = look(networks, vocabulary, labels, grids, options.model)
        judged[split.name] = judge(found, chances, split.captions, vocabulary, labels)
    report(judged, options.svg)


def report(judged: Mapping[str, Sequence[Judged]], svg: Path | None) -> None:
    """Print what held-out photos give; write the diagram."""
    for half in (0, 1):
        choice, confidence = fit(
            [photos[1 - half :: 2] for photos in judged.values()], ChoiceConfig()
        )
        for name, photos in judged.items():
            figures = measure(photos[half::2], choice, confidence)
            print(name, "half", half, {key: round(value, 1) for key, value in figures.items()})
    captions, words = held_out(list(judged.values()))
    for title, (said, right) in (("captions", captions), ("words", words)):
        print(f"{title}: {len(said)}, error of calibration {calibration_error(said, right):.1%}")
    said, right = captions
    print("below    share  of them right  the others right")
    for threshold in (0.2, 0.25, SURE, 0.35, 0.4):
        low = said < threshold
        shares = (low.mean(), right[low].mean(), right[~low].mean())
        print(f"{threshold:5.2f} " + " ".join(f"{share:12.1%}" for share in shares))
    if svg:
        svg.write_text(diagram({"Captions": captions, "Content words": words}), encoding="utf-8")


if __name__ == "__main__":
    main()
