import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from captioner import Captioner
from captioner.describe.config import CaptionerConfig
from captioner.describe.model_folder import fingerprint, read_settings, read_weights, shipped_model
from captioner.describe.quantise import dequantise
from captioner.describe.sentence_encoder import SentenceEncoder
from captioner.describe.square import to_square
from captioner.describe.tags import WORDS as WORDS_FILE
from captioner.describe.tags import read_labels
from captioner.describe.vocabulary import Vocabulary
from captioner.networks.captioner import Tagger, find_device
from captioner.networks.decoder import Decoder, DecoderConfig
from captioner.networks.embedding import EmbeddingConfig, JointEmbedding, PhotoTower
from captioner.networks.encoder import Encoder, EncoderConfig

WORDS = "a dog cat runs sleeps on the grass red".split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A saved model of random weights."""
    torch.manual_seed(0)
    encoder = Encoder(EncoderConfig(image_size=64, regions=4)).eval()
    decoder = Decoder(DecoderConfig(len(WORDS) + 4, width=16, heads=2)).eval()
    captioner = Captioner(encoder, decoder, Vocabulary(WORDS), CaptionerConfig("toy"))
    captioner.save(tmp_path / "model")
    return tmp_path / "model"


def pictures(count: int = 3) -> list[Image.Image]:
    generator = np.random.default_rng(0)
    shapes = [(40, 70), (64, 64), (90, 30)]
    return [
        Image.fromarray(generator.integers(0, 256, (*shapes[k % 3], 3), np.uint8))
        for k in range(count)
    ]


def test_a_loaded_model_captions_as_the_loaded_one_before(folder: Path, tmp_path: Path) -> None:
    first, second = Captioner.load(folder, "cpu"), Captioner.load(folder, "cpu")
    captions = first.caption(pictures())
    assert captions == second.caption(pictures())
    assert first.fingerprints == second.fingerprints and first.name == "toy"
    for photo in captions:
        assert len(photo) == 3
        for caption in photo:
            assert 0 < caption.confidence <= 1
            assert caption.confidence == pytest.approx(
                np.exp(caption.log_probability / caption.tokens)
            )
            assert set(caption.text.split()) <= set(WORDS)
            assert len(caption.text.split()) == caption.tokens - 1


def test_bfloat16_gives_nearly_the_same_grid(folder: Path) -> None:
    pixels = np.stack([to_square(picture, 64) for picture in pictures()])
    single, half = (
        Captioner.load(folder, "cpu", bf16=bf16).encode(pixels) for bf16 in (False, True)
    )
    assert half.dtype == torch.float32 and not torch.equal(single, half)
    near = torch.nn.functional.cosine_similarity(single.flatten(1), half.flatten(1))
    assert (near > 0.99).all()


def test_settings_are_read_from_the_folder(folder: Path) -> None:
    settings = json.loads((folder / "config.json").read_text())
    settings["beam"]["beam"] = 2
    (folder / "config.json").write_text(json.dumps(settings))
    after = Captioner.load(folder, "cpu")
    assert all(len(photo) == 2 for photo in after.caption(pictures()))


def test_a_part_that_the_model_lacks_is_told(folder: Path) -> None:
    captioner = Captioner.load(folder, "cpu")
    pixels = np.zeros((1, 64, 64, 3), np.uint8)
    for part in ("tags", "vectors"):
        with pytest.raises(ValueError, match=f"toy makes no {part}"):
            captioner.describe_pixels(pixels, [part])


def test_a_description_holds_the_parts_asked_for(folder: Path) -> None:
    torch.manual_seed(1)
    captioner = Captioner.load(folder, "cpu")
    captioner.tagger = Tagger(1280, 1000, len(read_labels(WORDS_FILE)))
    tower = PhotoTower(EmbeddingConfig(dimension=32), captioner.encoder.config)
    said = torch.randint(-127, 128, (7, 32), dtype=torch.int8)
    captioner.embedding = JointEmbedding(tower, said, 20.0).eval()
    pixels = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    with torch.inference_mode():
        expected, hubness = captioner.embedding(captioner.encode(pixels))
    whole = captioner.describe_pixels(pixels)
    for description, vector, near in zip(whole, expected.numpy(), hubness, strict=True):
        assert description.captions and description.tags is not None and description.vector
        found = dequantise(np.frombuffer(description.vector, np.int8))
        assert found @ vector == pytest.approx(1, abs=0.002)
        assert description.hubness == pytest.approx(float(near))
    for only in ("captions", "tags", "vectors"):
        for all_, part in zip(whole, captioner.describe_pixels(pixels, [only]), strict=True):
            got = {"captions": part.captions, "tags": part.tags, "vectors": part.vector}
            full = {"captions": all_.captions, "tags": all_.tags, "vectors": all_.vector}
            assert got == {name: full[name] if name == only else None for name in full}


def test_no_pictures_no_captions(folder: Path) -> None:
    assert Captioner.load(folder, "cpu").caption([]) == []


def test_broken_models_are_told_in_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no model in"):
        Captioner.load(tmp_path / "nowhere")
    words = (folder / "vocabulary.txt").read_text()
    (folder / "vocabulary.txt").write_text(words + "more\n")
    with pytest.raises(ValueError, match="has 14 words, not 13"):
        Captioner.load(folder)
    (folder / "vocabulary.txt").write_text(words)
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:1000])
    with pytest.raises(ValueError, match="can't be read") as caught:
        Captioner.load(folder)
    assert "\n" not in str(caught.value)


def test_devices() -> None:
    assert find_device("cpu").type == "cpu"
    assert find_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(ValueError, match="unknown device"):
        find_device("abacus")
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="--device cpu"):
            find_device("cuda")


class TestShipped:
    """The model that comes with the package."""

    def test_its_folder_is_whole_and_small(self) -> None:
        files = {file.name: file.stat().st_size for file in shipped_model().iterdir()}
        expected = {
            "config.json", "model.safetensors", "vocabulary.txt", "MODEL_CARD.md",
            "sentences.onnx", "tokenizer.json", "background.npz",
        }  # fmt: skip
        assert files.keys() == expected
        assert sum(files.values()) < 60e6

    def test_its_fingerprints_are_those_of_its_files(self) -> None:
        folder = shipped_model()
        settings, weights = read_settings(folder), read_weights(folder)
        for part, stored in settings["fingerprints"].items():
            assert fingerprint(folder, part, weights, settings) == stored

    def test_sentences_are_near_the_photos_that_they_describe(self) -> None:
        data = pytest.importorskip("skimage.data")
        captioner, sentences = Captioner.load(device="cpu"), SentenceEncoder.load()
        texts = {"chelsea": "a cat looks at the camera", "coffee": "a cup of coffee on a table"}
        pixels = [to_square(Image.fromarray(getattr(data, name)()), 224) for name in texts]
        described = captioner.describe_pixels(np.stack(pixels), ["vectors"])
        photos = np.stack([np.frombuffer(one.vector or b"", np.int8) for one in described])
        cosines = sentences.encode(list(texts.values())) @ dequantise(photos).T
        assert cosines[0, 0] > cosines[0, 1] and cosines[1, 1] > cosines[1, 0]

    def test_it_tags_a_cat(self) -> None:
        data = pytest.importorskip("skimage.data")
        pixels = to_square(Image.fromarray(data.chelsea()), 224)[None]
        (description,) = Captioner.load(device="cpu").describe_pixels(pixels, ["tags"])
        tags = {tag.text: tag for tag in description.tags or ()}
        assert tags["cat"].probability > 0.5 or any("cat" in t.synonyms for t in tags.values())

    def test_the_card_names_data_and_terms(self) -> None:
        card = (shipped_model() / "MODEL_CARD.md").read_text(encoding="utf-8")
        for word in ("Flickr8k", "COCO", "CC BY 4.0", "CIDEr", "ImageNet", "identifiable"):
            assert word in card

    def test_it_says_what_is_in_photos(self) -> None:
        """Loose on purpose: the right noun stands in one of the captions."""
        data = pytest.importorskip("skimage.data")
        captioner = Captioner.load(device="cpu")
        photos = {"chelsea": ("cat",), "motorcycle": ("motorcycle", "bike")}
        files = {"chelsea": "chelsea.png", "motorcycle": "motorcycle_left.png"}
        folder = os.path.dirname(data.__file__)
        for name, words in photos.items():
            with Image.open(os.path.join(folder, files[name])) as image:
                captions = captioner.caption([image])[0]
            text = " ".join(caption.text for caption in captions)
            assert any(word in text for word in words), text

    def test_a_batch_captions_as_one_by_one(self) -> None:
        data = pytest.importorskip("skimage.data")
        captioner = Captioner.load(device="cpu")
        images = [Image.fromarray(getattr(data, name)()) for name in ("chelsea", "coffee")]
        together = captioner.caption(images)
        alone = [captioner.caption([image])[0] for image in images]
        texts = [[caption.text for caption in photo] for photo in together]
        assert texts == [[caption.text for caption in photo] for photo in alone]
