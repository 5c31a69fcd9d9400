"""Which engine describes, as the library hands it on."""

from pathlib import Path

import pytest

from captioner import EngineError
from photosearch.errors import UsageError
from photosearch.indexing import describer
from photosearch.library import Library


@pytest.mark.parametrize(
    ("engine", "device", "words"),
    [
        ("tensorflow", "auto", "choose auto, torch, onnx, openvino"),
        ("onnx", "cuda", "runs on the processor"),
        ("auto", "tpu", "unknown device"),
    ],
)
def test_a_wrong_choice_is_told_even_where_there_is_no_photo_to_describe(
    tmp_path: Path, engine: str, device: str, words: str
) -> None:
    with pytest.raises(EngineError, match=words):
        describer.load(engine, device)
    library = Library(tmp_path / "library.db")
    for work in (library.index, library.watch):
        with pytest.raises(UsageError, match=words):
            work([tmp_path], engine=engine, device=device)
    assert list(tmp_path.iterdir()) == []


def test_the_shipped_model_is_loaded_with_the_threads_asked_for() -> None:
    model = describer.load("onnx", "cpu", threads=1)
    assert (model.image_size, model.name) == (224, "lite0-lstm512-3")
