"""The sentence encoder: unit vectors, and files that can't be read are told in a line."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from captioner.describe.model_folder import list_files, shipped_model
from captioner.describe.sentence_encoder import MAX_TOKENS, SentenceEncoder
from captioner.errors import ModelError

SENTENCES = [
    "dog", "a dog on a beach", "two people in a red boat", "snow", "", "?!", "日本 🐶",
    "children playing in a fountain while a man in a hat takes a picture of them " * 6,
]  # fmt: skip


def test_sentences_become_unit_vectors() -> None:
    vectors = SentenceEncoder.load().encode(SENTENCES)
    assert vectors.dtype == np.float32 and vectors.shape == (len(SENTENCES), 256)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    beach, boat = vectors[1], vectors[2]
    assert vectors[0] @ beach > vectors[0] @ boat


def test_vectors_are_those_of_the_tokens_of_the_package_tokenizers() -> None:
    tokenizers = pytest.importorskip("tokenizers")
    encoder = SentenceEncoder.load()
    theirs = tokenizers.Tokenizer.from_file(str(shipped_model() / "tokenizer.json"))
    theirs.enable_truncation(MAX_TOKENS)
    theirs.enable_padding()
    tokens = theirs.encode_batch(SENTENCES)
    inputs = {
        "ids": np.array([each.ids for each in tokens], np.int64),
        "mask": np.array([each.attention_mask for each in tokens], np.int64),
    }
    expected = encoder.session().run(None, inputs)[0]
    np.testing.assert_array_equal(encoder.encode(SENTENCES), expected)


@pytest.mark.parametrize("name", ["sentences.ort", "tokenizer.json", "background.npz"])
@pytest.mark.parametrize("left", [0, 1000, -1000])
def test_a_damaged_file_is_told_in_a_line(tmp_path: Path, name: str, left: int) -> None:
    for file in ("config.json", "sentences.ort", "tokenizer.json", "background.npz"):
        shutil.copy(shipped_model() / file, tmp_path / file)
    content = (tmp_path / name).read_bytes()[:left]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name} in {tmp_path} (can't|is)") as caught:
        SentenceEncoder.load(tmp_path).encode(["dog"])
    assert str(caught.value).endswith(": put back the file that the model came with")
    assert len(str(caught.value).splitlines()) == 1


def test_a_model_of_an_earlier_version_has_its_network_as_onnx(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs the extra train")
    helper, kinds = onnx.helper, onnx.TensorProto
    for file in ("config.json", "tokenizer.json", "background.npz"):
        shutil.copy(shipped_model() / file, tmp_path / file)
    graph = helper.make_graph(
        [helper.make_node("Cast", ["mask"], ["vectors"], to=kinds.FLOAT)],
        "tower",
        [helper.make_tensor_value_info(name, kinds.INT64, ["B", "T"]) for name in ("ids", "mask")],
        [helper.make_tensor_value_info("vectors", kinds.FLOAT, ["B", "T"])],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    (tmp_path / "sentences.onnx").write_bytes(model.SerializeToString())
    assert SentenceEncoder.load(tmp_path).encode(["dog"]).tolist() == [[1.0, 1.0, 1.0]]
    (tmp_path / "sentences.onnx").unlink()
    with pytest.raises(ModelError, match=r"sentences\.ort is missing"):
        SentenceEncoder.load(tmp_path)


def test_a_background_that_does_not_fit_is_told(tmp_path: Path) -> None:
    shutil.copytree(shipped_model(), tmp_path / "model")
    file = tmp_path / "model" / "background.npz"
    arrays = dict(np.load(file))
    hubness = arrays["hubness"].copy()
    hubness[3] = np.nan
    for damage in (
        {"vectors": arrays["vectors"][:, :128]},
        {"vectors": arrays["vectors"][:9]},
        {"hubness": hubness},
    ):
        np.savez(file, **{**arrays, **damage})
        list_files(tmp_path / "model")  # else the file's hash would tell
        with pytest.raises(ModelError, match=r"background\.npz in .* is damaged: put back"):
            SentenceEncoder.load(tmp_path / "model")


def test_the_words_of_the_models_lists_are_read_when_asked_for(tmp_path: Path) -> None:
    listed = SentenceEncoder.load().listed()
    assert {"dog", "tench", "shark", "toddler", "skateboarding"} <= listed
    assert not {"", "0", "0.75", "<unk>"} & listed
    for name in ("config.json", "sentences.ort", "tokenizer.json", "background.npz"):
        shutil.copy(shipped_model() / name, tmp_path)
    (tmp_path / "words.tsv").write_text("couch\t\tsofa, settee\t.8\t1\tcouches\n", encoding="utf-8")
    encoder = SentenceEncoder.load(tmp_path)
    with pytest.raises(ModelError, match=r"vocabulary\.txt|words\.tsv"):
        encoder.listed()  # config.json lists files of other content
