"""The sentence encoder: what ONNX Runtime makes of the same file, for each sentence alone."""

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

from captioner.describe.model_folder import shipped_model
from captioner.describe.onnx_weights import OnnxWeights
from captioner.describe.sentence_encoder import SentenceEncoder

SENTENCES = [
    "dog", "a dog on a beach", "two people in a red boat", "snow", "", "?!", "日本 🐶",
    "children playing in a fountain while a man in a hat takes a picture of them " * 6,
]  # fmt: skip


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder.load()


def by_onnx_runtime(encoder: SentenceEncoder, sentences: list[str]) -> np.ndarray:
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(
        str(shipped_model() / "sentences.onnx"), providers=["CPUExecutionProvider"]
    )
    vectors = []
    for sentence in sentences:
        ids = np.array([encoder.tokenizer.encode(sentence)], np.int64)
        vectors.append(session.run(None, {"ids": ids, "mask": np.ones_like(ids)})[0][0])
    return np.stack(vectors)


def test_vectors_are_those_of_onnx_runtime(encoder: SentenceEncoder) -> None:
    vectors, expected = encoder.encode(SENTENCES), by_onnx_runtime(encoder, SENTENCES)
    assert vectors.dtype == np.float32 and vectors.shape == expected.shape
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    # Where a float is rounded to the neighbouring int8 number, the two part a little. So do the
    # vectors of ONNX Runtime at two of its levels of optimisation: 0.995 at the least.
    assert (vectors * expected).sum(1).min() > 0.99


def test_captions_by_people_have_the_vectors_of_onnx_runtime(
    encoder: SentenceEncoder, data_dir: Path
) -> None:
    with gzip.open(data_dir / "text" / "coco.tsv.gz", "rt", encoding="utf-8") as lines:
        captions = [
            line.rstrip("\n").partition("\t")[2] for line, _ in zip(lines, range(300), strict=False)
        ]
    cosines = (encoder.encode(captions) * by_onnx_runtime(encoder, captions)).sum(1)
    assert cosines.min() > 0.99 and np.median(cosines) > 0.9999


def test_a_sentence_has_one_vector_whatever_stands_beside_it(encoder: SentenceEncoder) -> None:
    together = encoder.encode(SENTENCES)
    for sentence, vector in zip(SENTENCES, together, strict=True):
        np.testing.assert_array_equal(encoder.encode([sentence])[0], vector)


def test_weights_are_those_that_the_package_onnx_reads() -> None:
    onnx = pytest.importorskip("onnx")
    file = shipped_model() / "sentences.onnx"
    weights, graph = OnnxWeights(file), onnx.load(str(file)).graph
    for tensor in graph.initializer:
        if tensor.data_type == onnx.TensorProto.BOOL:  # of masks, which one sentence needs not
            continue
        expected = onnx.numpy_helper.to_array(tensor)
        np.testing.assert_array_equal(weights[tensor.name], expected)
        assert weights[tensor.name].dtype == expected.dtype
    nodes = [(node.op_type, [*node.input], [*node.output]) for node in graph.node]
    assert weights.nodes == nodes
    with pytest.raises(ValueError, match="no such"):
        weights["such"]


@pytest.mark.parametrize("name", ["sentences.onnx", "tokenizer.json", "background.npz"])
@pytest.mark.parametrize("left", [0, 1000])
def test_a_damaged_file_is_told_in_a_line(tmp_path: Path, name: str, left: int) -> None:
    for file in ("config.json", "sentences.onnx", "tokenizer.json", "background.npz"):
        shutil.copy(shipped_model() / file, tmp_path / file)
    content = (tmp_path / name).read_bytes()[:left]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match="can't be read") as caught:
        SentenceEncoder.load(tmp_path)
    assert len(str(caught.value).splitlines()) == 1
