"""The doctor of models, on copies of the shipped model that are changed as people change them."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from captioner import doctor
from captioner.describe.description import Part
from captioner.describe.model_folder import (
    SENTENCES,
    WEIGHTS,
    list_files,
    read_settings,
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
    assert str(health).endswith("drawings are nearest to their own sentence")  # it lacks nothing


def test_towers_of_two_trainings_do_not_fit(model: Path) -> None:
    """All hashes and fingerprints are right: only the drawings tell."""
    mix(model, "embedding.")
    health = doctor.examine(model, "onnx")
    (fault,) = health.faults
    assert "photo tower and text tower don't fit" in fault
    assert not health.is_recorded  # the record went with the weights that it told of


def rewrite(model: Path, **settings: object) -> None:
    """Change keys of config.json; None takes a key out."""
    known = read_settings(model) | settings
    text = json.dumps({key: value for key, value in known.items() if value is not None})
    (model / "config.json").write_text(text)


def test_what_a_finished_model_lacks_is_told(model: Path) -> None:
    (model / "self_test.json").unlink()
    rewrite(model, ranking=None)
    list_files(model)
    health = doctor.examine(model, "onnx")
    assert (health.faults, health.is_recorded, health.is_tuned) == ((), False, False)
    told = str(health)
    assert f"its answers were never recorded: captioner doctor {model} --record" in told
    assert "it has no `ranking`: python -m benchmarks.finish fits it" in told
    rewrite(model, files=None, large_files=None)
    (fault,) = doctor.examine(model, "onnx").faults
    assert "config.json lacks the hashes of vocabulary.txt, " in fault
    doctor.record(model)
    assert doctor.examine(model, "onnx").faults == ()


def test_a_model_of_an_earlier_version_is_told_in_one_line(model: Path) -> None:
    """In version 0.1.0 nothing was listed, and fingerprints covered less."""
    write_part(model, {"tagger.words.weight": np.ones((3, 4), np.float32)}, {})
    rewrite(model, files=None, large_files=None, fingerprints=dict.fromkeys(Part, "0"))
    (fault,) = doctor.examine(model).faults
    assert "is of an earlier version: no word head: captioner train-tags" in fault


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
