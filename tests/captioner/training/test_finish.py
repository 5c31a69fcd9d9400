import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.captioner import Captioner
from captioner.describe.model_folder import (
    BACKGROUND,
    CONFIG,
    PHOTO,
    read_settings,
    read_weights,
    shipped_model,
)
from captioner.errors import DataError
from captioner.training.card import CARD
from captioner.training.finish import Material, Step, calibration_error, finish
from captioner.training.sources import Role


@given(seed=st.integers(0, 99))
def test_true_probabilities_have_a_small_calibration_error(seed: int) -> None:
    chance = np.random.default_rng(seed)
    sure = chance.random(20000)
    right = (chance.random(20000) < sure).astype(float)
    assert calibration_error(sure, right) < 0.03
    assert calibration_error(np.sqrt(sure), right) > 0.1  # too sure


def test_the_calibration_error_is_the_distance_in_each_bin() -> None:
    sure = np.array([0.91, 0.93, 0.11, 0.01])
    right = np.array([1, 0, 0, 1])
    # Two of three lie in the bin from 0.9, a third in the bin from 0.1; 0.01 does not count.
    assert calibration_error(sure, right) == pytest.approx(2 / 3 * 0.42 + 1 / 3 * 0.11, abs=1e-4)
    assert calibration_error(np.array([0.01]), np.array([0])) == 0


def test_without_held_out_captions_there_is_nothing_to_tune_on(
    toy_data: Path, tmp_path: Path
) -> None:
    material = Material.read([(toy_data, Role.CAPTIONS)], tmp_path)
    assert len(material.train) == len(material.dev) == 8 and material.captioned == [toy_data]
    with pytest.raises(DataError, match="no captioned photo has the split dev"):
        Material.read([(toy_data, Role.EMBEDDING)], tmp_path)


@pytest.mark.slow
def test_a_finished_model_is_complete(toy_data: Path, tmp_path: Path) -> None:
    for package in ("onnxscript", "timm"):
        pytest.importorskip(package)
    model = Path(shutil.copytree(shipped_model(), tmp_path / "model"))
    settings = read_settings(model)
    settings["finish"] = {"vectors": "of other weights", "figures": {"words": {}, "graphs": {}}}
    (model / CONFIG).write_text(json.dumps(settings))
    for name in (BACKGROUND, PHOTO, CARD):
        (model / name).unlink(missing_ok=True)
    material = Material.read([(toy_data, Role.CAPTIONS)], tmp_path / "features")
    before = read_weights(model)
    taken: list[str] = []

    def note(figures: dict[str, float]) -> None:
        taken.extend(figures)

    finish(model, material, report=note)
    assert "words calibration error" in taken and "background photos" in taken
    after = read_weights(model)
    assert not np.array_equal(before["words.up.bias"], after["words.up.bias"])
    assert np.array_equal(before["decoder.query.weight"], after["decoder.query.weight"])
    arrays = np.load(model / BACKGROUND)
    assert arrays["vectors"].shape == (8, 256) and arrays["vectors"].dtype == np.int8
    assert arrays["word_ids"].shape == arrays["word_codes"].shape == (8, 40)
    assert Captioner.load(model, "onnx").name
    assert set(read_settings(model)["finish"]["figures"]) == set(Step)
    assert "words: calibration error" in (model / CARD).read_text()
    taken.clear()
    finish(model, material, report=note)  # nothing is left
    assert taken == []
    finish(model, material, [Step.BACKGROUND], note)
    assert taken == ["background photos"]
