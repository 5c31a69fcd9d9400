"""The captioner in torch, with a small model of random weights."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from captioner.describe.config import CaptionerConfig
from captioner.describe.description import Caption
from captioner.describe.model_folder import list_files
from captioner.describe.quantise import dequantise
from captioner.describe.vocabulary import Vocabulary
from captioner.describe.words import BYTES
from captioner.errors import EngineError, ModelError
from captioner.networks.decoder import Decoder, DecoderConfig
from captioner.networks.embedding import EmbeddingConfig, JointEmbedding, PhotoTower
from captioner.networks.encoder import Encoder, EncoderConfig
from captioner.networks.networks import Networks
from captioner.networks.tagger import Tagger
from captioner.networks.torch_captioner import TorchCaptioner, find_device
from captioner.networks.word_head import WordHead

WORDS = "a dog cat runs sleeps on the grass red".split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A saved model of random weights."""
    torch.manual_seed(0)
    encoder = Encoder(EncoderConfig(image_size=64, regions=4)).eval()
    decoder = Decoder(DecoderConfig(len(WORDS) + 4, width=16, heads=2)).eval()
    networks = Networks(encoder, decoder)
    captioner = TorchCaptioner(networks, Vocabulary(WORDS), CaptionerConfig("toy"))
    captioner.save(tmp_path / "model")
    return tmp_path / "model"


def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)


def captions_of(captioner: TorchCaptioner) -> list[list[Caption]]:
    described = captioner.describe_pixels(pictures(), ["captions"])
    return [list(description.captions or ()) for description in described]


def test_a_loaded_model_captions_as_the_loaded_one_before(folder: Path, tmp_path: Path) -> None:
    first, second = TorchCaptioner.load(folder, "cpu"), TorchCaptioner.load(folder, "cpu")
    captions = captions_of(first)
    assert captions == captions_of(second)
    assert first.fingerprints == second.fingerprints and first.name == "toy"
    for photo in captions:
        assert len(photo) == 3
        for caption in photo:
            assert caption.confidence is None and caption.words == ()  # it has no word head
            assert caption.log_probability < 0
            assert set(caption.text.split()) <= set(WORDS)
            assert len(caption.text.split()) == caption.tokens - 1


def test_bfloat16_gives_nearly_the_same_grid(folder: Path) -> None:
    single, half = (
        TorchCaptioner.load(folder, "cpu", bf16=bf16).encode(pictures()) for bf16 in (False, True)
    )
    assert half.dtype == torch.float32 and not torch.equal(single, half)
    near = torch.nn.functional.cosine_similarity(single.flatten(1), half.flatten(1))
    assert (near > 0.99).all()


def test_settings_are_read_from_the_folder(folder: Path) -> None:
    settings = json.loads((folder / "config.json").read_text())
    settings["choice"]["captions"] = 2
    (folder / "config.json").write_text(json.dumps(settings))
    assert all(len(photo) == 2 for photo in captions_of(TorchCaptioner.load(folder, "cpu")))


def test_a_part_that_the_model_lacks_is_told(folder: Path) -> None:
    captioner = TorchCaptioner.load(folder, "cpu")
    pixels = np.zeros((1, 64, 64, 3), np.uint8)
    for part in ("tags", "vectors"):
        with pytest.raises(ModelError, match=f"toy makes no {part}"):
            captioner.describe_pixels(pixels, [part])


def with_all_parts(folder: Path) -> TorchCaptioner:
    """The saved model, with tags, words and vectors of random weights."""
    torch.manual_seed(1)
    captioner = TorchCaptioner.load(folder, "cpu")
    networks = captioner.networks
    assert captioner.labels is not None
    networks.tagger = Tagger(1280, 1000)
    networks.words = WordHead(1280, len(captioner.labels.words), 16)
    tower = PhotoTower(EmbeddingConfig(dimension=32), networks.encoder.config)
    said = torch.randint(-127, 128, (7, 32), dtype=torch.int8)
    networks.embedding = JointEmbedding(tower, said, 20.0).eval()
    return captioner


def test_a_description_holds_the_parts_asked_for(folder: Path) -> None:
    captioner = with_all_parts(folder)
    networks = captioner.networks
    assert networks.embedding is not None
    pixels = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    with torch.inference_mode():
        expected, hubness = networks.embedding(captioner.encode(pixels))
    whole = captioner.describe_pixels(pixels)
    for description, vector, near in zip(whole, expected.numpy(), hubness, strict=True):
        assert description.captions and description.tags is not None and description.vector
        assert description.words and len(description.words) == BYTES
        found = dequantise(np.frombuffer(description.vector, np.int8))
        assert found @ vector == pytest.approx(1, abs=0.002)
        assert description.hubness == pytest.approx(float(near))
    for only in ("captions", "tags", "vectors"):
        for all_, part in zip(whole, captioner.describe_pixels(pixels, [only]), strict=True):
            got = {"captions": part.captions, "tags": part.tags, "vectors": part.vector}
            full = {"captions": all_.captions, "tags": all_.tags, "vectors": all_.vector}
            assert part.words == (all_.words if only == "tags" else None)
            assert got == {name: full[name] if name == only else None for name in full}


def test_photos_are_described_as_on_a_graphics_processor(folder: Path) -> None:
    captioner = with_all_parts(folder)
    networks, vocabulary, config = captioner.networks, captioner.vocabulary, captioner.config
    plain, graphics = (
        TorchCaptioner(networks, vocabulary, config, labels=captioner.labels, graphics=is_graphics)
        for is_graphics in (False, True)
    )
    pixels = np.random.default_rng(0).integers(0, 256, (70, 64, 64, 3), np.uint8)
    assert (plain.batch_size, graphics.batch_size) == (64, 64)
    expected, found = plain.describe_pixels(pixels), graphics.describe_pixels(pixels)
    assert graphics.batch_size == 128  # two parts: 32 photos fitted
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.captions and theirs.captions
        assert [c.text for c in mine.captions] == [c.text for c in theirs.captions]
        for caption, other in zip(mine.captions, theirs.captions, strict=True):
            assert caption.log_probability == pytest.approx(other.log_probability, abs=1e-4)
        assert (mine.tags, mine.vector, mine.words) == (theirs.tags, theirs.vector, theirs.words)
    assert graphics.describe_pixels(pixels[:0]) == []


def test_no_pictures_no_captions(folder: Path) -> None:
    assert TorchCaptioner.load(folder, "cpu").describe_pixels(pictures()[:0], ["captions"]) == []


def test_broken_models_are_told_in_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model in"):
        TorchCaptioner.load(tmp_path / "nowhere")
    words = (folder / "vocabulary.txt").read_text()
    (folder / "vocabulary.txt").write_text(words + "more\n")
    with pytest.raises(ModelError, match=r"vocabulary\.txt in .* is damaged"):
        TorchCaptioner.load(folder)
    list_files(folder)
    with pytest.raises(ModelError, match="has 14 words, not 13"):
        TorchCaptioner.load(folder)
    (folder / "vocabulary.txt").write_text(words)
    list_files(folder)
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:1000])
    with pytest.raises(ModelError, match=r"model\.safetensors in .* is damaged"):
        TorchCaptioner.load(folder)
    list_files(folder)
    with pytest.raises(ModelError, match="can't be read") as caught:
        TorchCaptioner.load(folder)
    assert "\n" not in str(caught.value)


def test_devices() -> None:
    assert find_device("cpu").type == "cpu"
    assert find_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(EngineError, match="unknown device"):
        find_device("abacus")
    if not torch.cuda.is_available():
        with pytest.raises(EngineError, match="--device cpu"):
            find_device("cuda")
