"""The captioner as people use it, with the shipped model on the engine that suits this machine."""

import io
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captioner import Captioner, EngineError, ModelError
from captioner.describe.description import Part
from captioner.describe.model_folder import (
    fingerprint,
    read_settings,
    read_weights,
    shipped_model,
)
from captioner.describe.quantise import dequantise
from captioner.describe.sentence_encoder import SentenceEncoder
from captioner.describe.square import to_square


@pytest.fixture(scope="module")
def captioner() -> Captioner:
    return Captioner.load(device="cpu")


def demo(*names: str) -> list[Image.Image]:
    data = pytest.importorskip("skimage.data", reason="needs the extra demo")
    return [Image.fromarray(getattr(data, name)()) for name in names]


def test_it_says_what_is_in_photos(captioner: Captioner) -> None:
    """Loose on purpose: the right noun stands in one of the captions."""
    photos = {"chelsea": ("cat",), "coffee": ("coffee", "cup")}
    for captions, words in zip(captioner.caption(demo(*photos)), photos.values(), strict=True):
        text = " ".join(caption.text for caption in captions)
        assert any(word in text for word in words), text
        assert len(captions) == 3
        for caption in captions:
            assert caption.confidence is not None and 0 < caption.confidence < 1
            assert caption.words and all(0 < sure < 1 for _, sure in caption.words)
            assert {word for word, _ in caption.words} <= set(caption.text.split())


def test_a_batch_captions_as_one_by_one(captioner: Captioner) -> None:
    images = demo("chelsea", "coffee")
    alone = [captioner.caption([image])[0] for image in images]
    texts = [[caption.text for caption in photo] for photo in captioner.caption(images)]
    assert texts == [[caption.text for caption in photo] for photo in alone]
    assert captioner.caption([]) == []


def test_a_picture_is_seen_as_indexing_sees_it(captioner: Captioner) -> None:
    """Transparent on white, and a large JPEG decoded small."""
    (chelsea,) = demo("chelsea")
    file = io.BytesIO()
    chelsea.resize((1800, 1200)).save(file, "JPEG")
    clear = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    pixels = [np.full((224, 224, 3), 255, np.uint8), to_square(Image.open(file), 224)]
    described = captioner.describe_pixels(np.stack(pixels), (Part.CAPTIONS,))
    said = captioner.caption([clear, Image.open(file)])
    assert said == [list(description.captions or ()) for description in described]


def test_it_tags_a_cat(captioner: Captioner) -> None:
    pixels = np.stack([to_square(image, 224) for image in demo("chelsea")])
    (description,) = captioner.describe_pixels(pixels, ["tags"])
    tags = {tag.text: tag for tag in description.tags or ()}
    assert tags["cat"].probability > 0.5 or any("cat" in tag.synonyms for tag in tags.values())


def test_sentences_are_near_the_photos_that_they_describe(captioner: Captioner) -> None:
    texts = {"chelsea": "a cat looks at the camera", "coffee": "a cup of coffee on a table"}
    pixels = np.stack([to_square(image, 224) for image in demo(*texts)])
    described = captioner.describe_pixels(pixels, ["vectors"])
    photos = np.stack([np.frombuffer(one.vector or b"", np.int8) for one in described])
    cosines = SentenceEncoder.load().encode(list(texts.values())) @ dequantise(photos).T
    assert cosines[0, 0] > cosines[0, 1] and cosines[1, 1] > cosines[1, 0]


def test_what_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model in"):
        Captioner.load(tmp_path)
    with pytest.raises(EngineError, match="unknown engine"):
        Captioner.load(engine="abacus")


def test_torch_is_neither_needed_nor_imported() -> None:
    """In a process in which it can't be imported at all."""
    script = """
        import sys
        for name in ("torch", "torchvision", "timm", "onnx", "onnxscript", "transformers"):
            sys.modules[name] = None
        import numpy as np
        from PIL import Image
        from captioner import Captioner
        captioner = Captioner.load(engine="onnx")
        assert captioner.caption([Image.new("RGB", (80, 60), "red")])[0][0].text
        assert len(captioner.describe_pixels(np.zeros((2, 224, 224, 3), np.uint8))) == 2
        print("fine")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr


class TestShipped:
    """The folder of the model that comes with the package."""

    def test_it_is_whole_and_small(self) -> None:
        files = {file.name: file.stat().st_size for file in shipped_model().iterdir()}
        expected = {
            "config.json", "model.safetensors", "vocabulary.txt", "labels.tsv", "words.tsv",
            "photo.onnx", "step.onnx", "graphs.json",
            "sentences.ort", "tokenizer.json", "background.npz", "self_test.json",
            "MODEL_CARD.md",
        }  # fmt: skip
        assert files.keys() == expected
        assert sum(files.values()) < 65e6
        assert files["photo.onnx"] + files["step.onnx"] < 1e5  # no weights are in them

    def test_its_fingerprints_are_those_of_its_files(self) -> None:
        folder = shipped_model()
        settings, weights = read_settings(folder), read_weights(folder)
        for part in Part:
            assert fingerprint(folder, part, weights, settings) == settings["fingerprints"][part]

    def test_its_fingerprints_are_pinned(self) -> None:
        """An accidental change of code or files would describe every library anew."""
        assert read_settings(shipped_model())["fingerprints"] == {
            "captions": "fd8e2a6a27dd65f5",
            "tags": "35a424d670e735ac",
            "vectors": "c2a6119cd0e3df80",
        }

    def test_the_card_names_data_and_terms(self) -> None:
        card = (shipped_model() / "MODEL_CARD.md").read_text(encoding="utf-8")
        for word in ("Flickr8k", "COCO", "CC BY 4.0", "CIDEr", "ImageNet", "identifiable"):
            assert word in card
