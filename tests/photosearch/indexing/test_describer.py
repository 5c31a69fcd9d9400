"""Which engine is taken."""

from pathlib import Path

import pytest

from captioner.describe.engines import ENGINES, is_installed
from photosearch.indexing import describer
from photosearch.library import Library

INSTALLED = [name for name in ("onnx", "openvino") if is_installed(name)]


@pytest.mark.parametrize(
    ("engine", "device", "accelerated", "expected"),
    [
        ("auto", "auto", False, INSTALLED),
        ("auto", "auto", True, []),  # torch on the graphics processor
        ("auto", "cpu", True, INSTALLED),
        ("auto", "cuda", False, []),
        ("auto", "mps", False, []),
        ("torch", "auto", False, []),
        ("onnx", "auto", True, ["onnx"]),
        ("openvino", "cpu", True, ["openvino"]),
    ],
)
def test_the_fastest_engine_is_taken(
    engine: str, device: str, accelerated: bool, expected: list[str]
) -> None:
    assert describer.choose(engine, device, accelerated) == expected


@pytest.mark.parametrize(
    ("engine", "device", "words"),
    [
        ("tensorflow", "auto", "choose auto, torch, onnx, openvino"),
        ("onnx", "cuda", "runs on the processor"),
        ("auto", "tpu", "unknown device"),
    ],
)
def test_a_wrong_choice_is_a_value_error(
    tmp_path: Path, engine: str, device: str, words: str
) -> None:
    """Even where there is no photo to describe."""
    with pytest.raises(ValueError, match=words):
        describer.load(engine, device)
    library = Library(tmp_path / "library.db")
    for work in (library.index, library.watch):
        with pytest.raises(ValueError, match=words):
            work([tmp_path], engine=engine, device=device)
    assert list(tmp_path.iterdir()) == []


def test_bfloat16_is_refused_where_an_engine_has_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ONNX Runtime has no bfloat16"):
        ENGINES["onnx"](tmp_path / "none.onnx", 1, True)


def test_processors_are_counted() -> None:
    assert describer.processors() >= 1


@pytest.mark.slow
@pytest.mark.skipif("onnx" not in INSTALLED, reason="needs the extra onnx")
def test_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    notes: list[str] = []
    for damage in (b"there is no file yet", b"", b"nonsense"):
        for file in tmp_path.rglob("photo.onnx"):
            file.write_bytes(damage)
        model = describer.load("onnx", "cpu", threads=1, notify=notes.append, cache=tmp_path)
        assert model.batch_size > 0
    assert len(notes) == 3
