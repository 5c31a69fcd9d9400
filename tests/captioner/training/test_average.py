import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from captioner.captioner import Captioner
from captioner.describe.model_folder import (
    CONFIG,
    SENTENCES,
    VOCABULARY,
    read_fingerprints,
    read_weights,
    shipped_model,
    write_part,
)
from captioner.describe.sentence_encoder import SentenceEncoder
from captioner.errors import DataError, ModelError
from captioner.training.average import average

NAME = "decoder.query.weight"


@pytest.fixture
def models(tmp_path: Path) -> list[Path]:
    """Two models whose decoders and word heads differ by one weight each."""
    pair = [Path(shutil.copytree(shipped_model(), tmp_path / name)) for name in ("one", "two")]
    weights = read_weights(pair[1])
    for name in (NAME, "words.up.bias"):
        weights[name] = weights[name] + np.float16(0.5)
    write_part(pair[1], weights, {})
    return pair


@pytest.mark.slow
def test_the_average_is_the_mean_and_a_whole_model(models: list[Path], tmp_path: Path) -> None:
    for package in ("all_minilm_l6_v2", "transformers", "onnxscript"):
        pytest.importorskip(package)
    out = tmp_path / "average"
    average(models, out)
    first, second, mean = (read_weights(folder) for folder in (*models, out))
    assert mean.keys() == first.keys()
    for name, weight in mean.items():
        assert weight.dtype == first[name].dtype
        wanted = (first[name].astype(float) + second[name]) / 2
        if name.startswith("words."):  # units of two word heads don't stand for the same
            wanted = first[name]
        np.testing.assert_allclose(weight, wanted, atol=1e-3 if name == NAME else 1e-5)
    assert np.abs(mean[NAME] - first[NAME]).min() > 0.2
    settings = json.loads((out / CONFIG).read_text())
    assert settings["name"] == "average"
    assert settings["training"][-1]["length"] == "2 models"
    assert read_fingerprints(out)["captions"] not in [
        read_fingerprints(m)["captions"] for m in models
    ]
    assert Captioner.load(out, "onnx").name == "average"
    # The text towers of both are the same: the average is the same tower, rounded once more.
    sentences = ["a dog in the snow", "two people on a beach", "birthday cake"]
    ours, theirs = (SentenceEncoder.load(f).encode(sentences) for f in (out, models[0]))
    assert (ours * theirs).sum(1).min() > 0.99


def test_models_that_do_not_fit_are_refused_in_one_line(models: list[Path], tmp_path: Path) -> None:
    first, second = models
    out = tmp_path / "average"

    def reason() -> str:
        with pytest.raises((DataError, ModelError)) as error:
            average([first, second], out)
        assert not out.exists()
        assert "\n" not in str(error.value)
        return str(error.value)

    with pytest.raises(DataError, match="two models or more"):
        average([first], out)
    weights = {n: w for n, w in read_weights(second).items() if n.startswith("decoder.")}
    write_part(second, {**weights, NAME: weights[NAME][:10]}, {})
    assert "decoder.query.weight is (10, 512), and (512, 512) in the first model" in reason()
    (second / VOCABULARY).write_text("dog\ncat\n")
    assert reason().endswith(f"{VOCABULARY} differs")
    (second / SENTENCES).unlink()
    assert reason().endswith(f"{SENTENCES}, {VOCABULARY} differ")
    (second / CONFIG).unlink()
    assert "no model in" in reason()
    out.mkdir()
    with pytest.raises(DataError, match="is there already"):
        average(models, out)
