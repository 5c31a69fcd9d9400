"""Which engine is taken."""

import pytest

from captioner.describe.engines import (
    Device,
    Engine,
    advice,
    candidates,
    check,
    is_installed,
    processors,
)
from captioner.errors import EngineError

ALL = ("torch", "onnx", "openvino")


@pytest.mark.parametrize(
    ("engine", "device", "accelerated", "installed", "expected"),
    [
        ("auto", "auto", False, ALL, ["onnx", "openvino", "torch"]),
        ("auto", "auto", False, ["onnx"], ["onnx"]),
        ("auto", "auto", True, ALL, ["torch", "onnx", "openvino"]),
        ("auto", "auto", True, ["onnx"], ["onnx"]),  # a graphics processor, and no torch
        ("auto", "cpu", True, ALL, ["onnx", "openvino", "torch"]),
        ("auto", "cuda", False, ALL, ["torch"]),
        ("auto", "mps", False, ALL, ["torch"]),
        ("torch", "auto", False, ALL, ["torch"]),
        ("onnx", "auto", True, ALL, ["onnx"]),
        ("openvino", "cpu", True, ALL, ["openvino"]),
    ],
)
def test_the_fastest_engine_comes_first(
    engine: str, device: str, accelerated: bool, installed: list[str], expected: list[str]
) -> None:
    found = candidates(
        engine, device, accelerated=accelerated, installed=lambda name: name in installed
    )
    assert found == expected


def test_a_graphics_processor_without_torch_is_told() -> None:
    def told(engine: str, device: str, accelerated: bool, installed: bool) -> str:
        return advice(engine, device, accelerated=accelerated, installed=lambda name: installed)

    assert told("auto", "auto", True, False).startswith("pip install 'photosearch[gpu]' would")
    assert told("auto", "auto", True, True) == ""
    assert told("auto", "auto", False, False) == ""
    assert told("auto", "cpu", True, False) == told("onnx", "auto", True, False) == ""


@pytest.mark.parametrize(
    ("engine", "device", "words"),
    [
        ("tensorflow", "auto", "unknown engine tensorflow: choose auto, torch, onnx, openvino"),
        ("auto", "tpu", "unknown device tpu: choose auto, cpu, cuda, mps"),
        ("onnx", "cuda", "runs on the processor: leave out --device cuda"),
    ],
)
def test_a_wrong_choice_is_told(engine: str, device: str, words: str) -> None:
    with pytest.raises(EngineError, match=words) as caught:
        check(engine, device)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("engine", "extra"), [("torch", "gpu"), ("openvino", "openvino")])
def test_what_is_not_installed_is_told_with_the_command(engine: str, extra: str) -> None:
    if is_installed(engine):
        check(engine, "auto")
        return
    with pytest.raises(EngineError, match=f"pip install 'photosearch\\[{extra}\\]'"):
        check(engine, "auto")


def test_the_processor_always_has_an_engine() -> None:
    assert is_installed(Engine.ONNX)
    check("onnx", Device.CPU)
    assert processors() >= 1
