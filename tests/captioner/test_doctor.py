"""The doctor of models, on copies of the shipped model that are changed as people change them."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from captioner import doctor
from captioner.describe.model_folder import (
    SENTENCES,
    WEIGHTS,
    list_files,
    read_weights,
    shipped_model,
    write_part,
)
from captioner.errors import EngineError, ModelError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The shipped model, in links: write a new file in place of a link."""
    folder = tmp_path / "model"
    folder.mkdir()
    for file in shipped_model().iterdir():
        os.symlink(file, folder / file.name)
    for name in ("config.json", WEIGHTS):
        (folder / name).unlink()
        shutil.copy(shipped_model() / name, folder / name)
    return folder


def mix(model: Path, prefix: str) -> None:
    """Put random weights in place of a part's, as if the part came from another training."""
    random = np.random.default_rng(1)
    weights = {
        name: (
            random.normal(0, float(weight.astype(np.float32).std()), weight.shape).astype("f4")
            if weight.dtype.kind == "f" and weight.ndim > 1
            else weight
        )
        for name, weight in read_weights(model).items()
        if name.startswith(prefix)
    }
    write_part(model, weights, {})


def test_the_shipped_model_is_sound() -> None:
    health = doctor.examine(shipped_model(), "onnx")
    assert (health.faults, health.is_recorded) == ((), True)
    assert health.matches is not None and health.matches >= 6
    assert "is sound" in str(health)


def test_towers_of_two_trainings_do_not_fit(model: Path) -> None:
    """All hashes and fingerprints are right: only the drawings tell."""
    mix(model, "embedding.")
    health = doctor.examine(model, "onnx")
    (fault,) = health.faults
    assert "photo tower and text tower don't fit" in fault
    assert not health.is_recorded  # the record went with the weights that it told of


def test_a_decoder_of_another_training_differs_from_the_record(model: Path) -> None:
    record = (model / "self_test.json").read_bytes()
    mix(model, "decoder.")
    (model / "self_test.json").write_bytes(record)
    list_files(model)
    (fault,) = doctor.examine(model, "onnx").faults
    assert fault.startswith("captions changed")


def test_a_swapped_file_is_told_by_its_name(model: Path) -> None:
    content = bytearray((model / SENTENCES).read_bytes())
    content[20_000] ^= 1
    (model / SENTENCES).unlink()
    (model / SENTENCES).write_bytes(content)
    assert doctor.examine(model).faults == (f"{SENTENCES} is not the model's own",)
    (model / WEIGHTS).write_bytes((model / WEIGHTS).read_bytes()[:-100])
    (fault,) = doctor.examine(model).faults
    assert fault.startswith(f"{WEIGHTS} in {model} is damaged")


def test_what_is_no_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model in"):
        doctor.examine(tmp_path)
    with pytest.raises(EngineError, match="unknown engine steam"):
        doctor.examine(shipped_model(), "steam")
