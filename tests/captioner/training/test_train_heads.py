"""Training the heads on a frozen trunk, on plain photos of three colours."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from captioner.describe.model_folder import read_settings, read_weights, shipped_model
from captioner.describe.sentence_encoder import SentenceEncoder
from captioner.describe.words import Words
from captioner.errors import DataError
from captioner.networks.networks import Networks
from captioner.training.heads import HeadsRecipe
from captioner.training.lessons import Told
from captioner.training.run import Report
from captioner.training.train_heads import form_numbers, sentences_of_all_kinds, train_heads
from captioner.training.train_words import WordsRecipe

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (40, 60, 220)}
RECIPE = HeadsRecipe(epochs=2, photos=12, words=WordsRecipe(rank=8, hidden=4))


def write_data(folder: Path, each: int, texts: tuple[str, ...]) -> Path:
    """Write a data folder of some photos of each colour; its first three photos are dev's too."""
    chance = np.random.default_rng(each)
    (folder / "images").mkdir(parents=True)
    (folder / "splits").mkdir()
    names, lines = [], []
    for number in range(each):
        for colour, rgb in COLOURS.items():
            pixels = np.clip(np.array(rgb) + chance.normal(0, 30, (32, 32, 3)), 0, 255)
            names.append(f"{colour}{number}.png")
            Image.fromarray(pixels.astype(np.uint8)).save(folder / "images" / names[-1])
            lines += [f"{names[-1]}\t{text.format(colour)}" for text in texts]
    (folder / "captions.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "splits" / "train.txt").write_text("\n".join(names) + "\n")
    (folder / "splits" / "dev.txt").write_text("\n".join(names[:3]) + "\n")
    return folder


def test_a_form_belongs_to_the_first_word_that_has_it() -> None:
    lines = ["child\tpeople\tkid\t1\t1\tchild children kid", "goat\t\t\t0\t0\tgoat goats kid"]
    numbers = form_numbers(lines)
    assert numbers == {"child": 0, "children": 0, "kid": 0, "goat": 1, "goats": 1}


def test_texts_of_all_kinds_are_captions_and_short_queries_by_turns() -> None:
    caption = "a dog on the beach in the sun"
    photos = [Told((caption,)) for _ in range(9)] + [Told(("the on",))]
    numbers = {"dog": 0, "beach": 1, "sun": 2}
    texts = sentences_of_all_kinds(photos, numbers, seed=0, count=10)
    assert texts == sentences_of_all_kinds(photos, numbers, seed=0)
    whole = [text for text in texts if text in (caption, "the on")]
    assert "the on" in whole and len(whole) in (5, 6)  # a text without words stays as it is
    assert all(set(text.split()) <= set(numbers) for text in texts if text not in whole)
    assert len(sentences_of_all_kinds(photos, numbers, seed=0, count=3)) == 3


@pytest.mark.slow
def test_a_run_that_is_cut_off_goes_on_to_the_same_model(tmp_path: Path) -> None:
    """And the model that comes out keeps its trunk, and has words of its own."""
    for package in ("all_minilm_l6_v2", "transformers", "onnxscript"):
        pytest.importorskip(package)

    class CutOff(Exception):
        pass

    def cut_off(record: dict[str, float]) -> None:
        raise CutOff

    walls = write_data(tmp_path / "walls", 12, ("a {} wall", "the wall is {}"))
    kinds = write_data(tmp_path / "kinds", 2, ("{} wall",))
    steps: list[tuple[int, int]] = []

    def train(name: str, recipe: HeadsRecipe = RECIPE, report: Report = print) -> Path:
        return train_heads(
            [walls],
            [kinds],
            shipped_model(),
            tmp_path / name,
            recipe,
            cache=tmp_path / "features",
            progress=lambda done, total: steps.append((done, total)),
            report=report,
        )

    best = train("whole")
    assert steps == [(done, 6) for done in range(1, 7)]
    with pytest.raises(CutOff):
        train("cut", report=cut_off)
    train("cut")
    ends = [load_file(tmp_path / run / "resume.safetensors") for run in ("whole", "cut")]
    assert ends[0].keys() == ends[1].keys()
    for name, value in ends[0].items():
        torch.testing.assert_close(value, ends[1][name], msg=name)
    log = [json.loads(line) for line in (tmp_path / "cut" / "log.jsonl").open()]
    assert [record["epoch"] for record in log] == [1, 2]
    assert log[-1]["loss"] < log[0]["loss"]
    with pytest.raises(DataError, match="another recipe"):
        train("cut", replace(RECIPE, epochs=3))
    with pytest.raises(DataError, match="36 captioned photos are fewer than a step's 37"):
        train("few", replace(RECIPE, photos=37))

    before, after = read_weights(shipped_model()), read_weights(best)
    changed = {
        name.split(".")[0] for name in before if not np.array_equal(before[name], after[name])
    }
    assert changed == {"embedding", "words"}
    assert set(Words.load(best).names) == {"wall", "red", "green", "blue"}
    head = Networks.read(best).words
    assert head is not None and head.up.out_features == 4
    made = read_settings(best)["training"][-1]
    assert made["command"] == "train-heads" and made["length"] == "2 epochs"
    assert made["sources"] == [["walls", "captions", 36], ["kinds", "classes", 6]]
    vectors = SentenceEncoder.load(best).encode(["red wall", "blue wall"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
