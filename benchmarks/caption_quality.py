"""The quality of the shipped model's captions, by pycocoevalcap and by our own metrics.

python benchmarks/caption_quality.py             # needs PHOTOSEARCH_DATA and Java
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor.meteor import Meteor
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

from captioner import Captioner
from captioner.describe.content import FUNCTION_WORDS, family_of
from captioner.describe.labels import Labels
from captioner.describe.model_folder import WORDS, shipped_model
from captioner.describe.words import Words
from captioner.training.data import read_split
from captioner.training.evaluate import caption_files
from captioner.training.metrics import score
from captioner.training.tokenizer import tokenize


def coco_scores(
    captions: Mapping[str, str], references: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Return pycocoevalcap's scores under the names of `captioner.training.metrics.score`."""
    tokenizer = PTBTokenizer()
    found = tokenizer.tokenize({name: [{"caption": text}] for name, text in captions.items()})
    true = tokenizer.tokenize(
        {name: [{"caption": text} for text in references[name]] for name in captions}
    )
    bleu, _ = Bleu(4).compute_score(true, found, verbose=0)
    scores = {f"BLEU-{n}": value for n, value in enumerate(bleu, 1)}
    scores["METEOR"], _ = Meteor().compute_score(true, found)
    scores["ROUGE-L"], _ = Rouge().compute_score(true, found)
    scores["CIDEr-D"], _ = Cider().compute_score(true, found)
    return scores


def repeats(text: str, labels: Labels) -> bool:
    """Return whether a caption names a thing twice, by any spelling."""
    words = Words(labels.labels)
    found = (family_of(token, words) for token in tokenize(text) if token not in FUNCTION_WORDS)
    things = (labels.labels[family] for family in found if family is not None)
    named = [label.name for label in things if label.trust > 0]
    return len(named) > len(set(named))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=os.environ.get("PHOTOSEARCH_DATA"))
    parser.add_argument("--model", type=Path, help="by default the one that ships")
    options = parser.parse_args()
    if options.data is None:
        parser.error("set PHOTOSEARCH_DATA or give --data")
    captioner = Captioner.load(options.model, device="cpu")
    labels = Labels.read(options.model or shipped_model(), WORDS)
    for folder in ("flickr8k", "coco"):
        split = read_split(Path(options.data) / folder, "dev")
        captions = caption_files(captioner, split.images)
        theirs = coco_scores(captions, split.references())
        ours = score(captions, split.references())
        first = {name: own[0] for name, own in split.references().items()}
        others = {name: own[1:] for name, own in split.references().items()}
        people = score(first, others)
        print(f"{split.name}: {len(captions)} photos, beam {captioner.config.beam.beam}")
        print(f"  {'':8} pycocoevalcap    ours   people")  # people: one against the others
        for metric, value in theirs.items():
            both = (100 * scores[metric] for scores in (ours, people) if metric in scores)
            own = "  ".join(f"{value:7.2f}" for value in both)
            print(f"  {metric:8} {100 * value:13.2f} {own}")
        words = {word for text in captions.values() for word in tokenize(text)}
        different = len(set(captions.values())) / len(captions)
        print(f"  {len(words)} different words, {different:.1%} different captions")
        again = sum(repeats(text, labels) for text in captions.values()) / len(captions)
        print(f"  {again:.1%} of captions name a thing twice")


if __name__ == "__main__":
    main()
