"""Graphs opened by engines."""

import numpy as np
import pytest

from captioner.describe.engines import is_installed
from captioner.describe.graphs import SLICE, read_graphs
from captioner.describe.model_folder import read_settings, shipped_model
from captioner.describe.network import OPEN, filled, open_onnx
from captioner.describe.onnx import open_session
from captioner.describe.words import Words


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (SLICE, 224, 224, 3), np.uint8)


def test_a_graph_with_its_weights_filled_in_computes_the_same(pixels: np.ndarray) -> None:
    pytest.importorskip("onnx", reason="needs the extra openvino")
    photo, _ = read_graphs(shipped_model())
    whole = open_session(filled(photo))
    (name,) = (value.name for value in whole.get_inputs())
    for ours, theirs in zip(
        open_onnx(photo, 1, False)([pixels]), whole.run(None, {name: pixels}), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("engine", [name for name in OPEN if is_installed(name)])
def test_the_outputs_of_a_photo(engine: str, pixels: np.ndarray) -> None:
    """Keys, values, h, c, logits of classes and words, vectors and hubness."""
    photo, _ = read_graphs(shipped_model())
    settings, words = read_settings(shipped_model()), len(Words.load(shipped_model()))
    state = (settings["beam"]["beam"], settings["decoder"]["width"])  # each hypothesis starts so
    outputs = OPEN[next(name for name in OPEN if name == engine)](photo, 1, False)([pixels])
    assert [output.shape[1:] for output in outputs] == [
        (8, 49, 64), (8, 49, 64), state, state, (1000,), (words,), (256,), (),
    ]  # fmt: skip
    assert all(len(output) == SLICE and output.dtype == np.float32 for output in outputs)
    np.testing.assert_allclose(np.linalg.norm(outputs[6], axis=1), 1, rtol=1e-5)
    assert outputs[6].std(0).max() > 1e-4  # photos differ
