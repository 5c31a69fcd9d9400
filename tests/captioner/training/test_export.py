"""Graphs of a model's networks, run by the engines, against torch."""

import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from captioner.describe.beam import BeamConfig
from captioner.describe.config import CaptionerConfig
from captioner.describe.engines import is_installed
from captioner.describe.graphs import has_graphs, read_graphs
from captioner.describe.labels import TagLabels
from captioner.describe.model_folder import (
    NAMES,
    PHOTO,
    STEP,
    read_weights,
    shipped_model,
    write_part,
)
from captioner.describe.network import OPEN
from captioner.describe.onnx_captioner import OnnxCaptioner
from captioner.describe.vocabulary import Vocabulary
from captioner.describe.words import unpack
from captioner.errors import ModelError
from captioner.networks.decoder import Decoder, DecoderConfig
from captioner.networks.embedding import EmbeddingConfig, JointEmbedding, PhotoTower
from captioner.networks.encoder import Encoder, EncoderConfig
from captioner.networks.networks import Networks, named_weights
from captioner.networks.tagger import Tagger
from captioner.networks.torch_captioner import TorchCaptioner
from captioner.networks.word_head import WordHead
from captioner.training.export import add_graphs, write_graphs

pytest.importorskip("onnxscript", reason="needs the extra train")

LABELS = TagLabels.load(shipped_model())
WORDS = "a dog cat runs sleeps on the grass red".split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights with all parts, of other sizes than the shipped one's."""
    torch.manual_seed(0)
    encoder = Encoder(EncoderConfig(image_size=64, regions=4))
    for _ in range(3):  # its batch norms see something
        encoder.train()(torch.randint(0, 256, (8, 64, 64, 3), dtype=torch.uint8))
    networks = Networks(encoder.eval(), Decoder(DecoderConfig(len(WORDS) + 4, width=16, heads=2)))
    networks.tagger = Tagger(1280, 1000)
    networks.words = WordHead(1280, len(LABELS.words), 16)
    config = CaptionerConfig("toy", BeamConfig(beam=2, max_words=7))
    folder = tmp_path_factory.mktemp("toy")
    TorchCaptioner(networks, Vocabulary(WORDS), config).save(folder)
    add_graphs(folder)
    assert not has_graphs(folder)  # there is no embedding yet
    with pytest.raises(ModelError, match="without vectors"):
        write_graphs(folder)
    shape = EmbeddingConfig(dimension=32)
    sentences = torch.randint(-127, 128, (7, 32), dtype=torch.int8)
    embedding = JointEmbedding(PhotoTower(shape, encoder.config), sentences, 20.0)
    write_part(folder, named_weights({"embedding": embedding}), {"embedding": asdict(shape)})
    add_graphs(folder)
    return folder


def test_no_weight_is_in_a_graph(folder: Path) -> None:
    assert sum((folder / name).stat().st_size for name in (PHOTO, STEP, NAMES)) < 2e5
    photo, step = read_graphs(folder)
    for graph in (photo, step):
        assert all(weight.dtype in (np.float32, np.int8) for weight in graph.weights.values())
    taken = {*photo.weights, *step.weights}
    left = {name for name in read_weights(folder) if not name.endswith("num_batches_tracked")}
    assert taken == left


@pytest.mark.parametrize("engine", [name for name in OPEN if is_installed(name)])
def test_engines_say_what_torch_says(folder: Path, engine: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), np.uint8)
    expected = TorchCaptioner.load(folder, "cpu").describe_pixels(pixels)
    model = OnnxCaptioner.load(folder, next(e for e in OPEN if e == engine), threads=2)
    assert model.image_size == 64
    for ours, theirs in zip(model.describe_pixels(pixels), expected, strict=True):
        assert ours.captions and theirs.captions and ours.tags and theirs.tags
        assert [c.text for c in ours.captions] == [c.text for c in theirs.captions]
        assert len(ours.captions) == 3 and ours.captions[0].confidence is not None
        # Of hundreds of words, some are as likely as the next, or as the threshold.
        own, other = ({tag.text: tag.probability for tag in d.tags or ()} for d in (ours, theirs))
        assert len(own.keys() ^ other.keys()) <= 2
        assert own == pytest.approx(
            {**own, **{t: p for t, p in other.items() if t in own}}, abs=1e-3
        )
        ids, codes = unpack([ours.words or b"", theirs.words or b""])
        assert len({*ids[0]} & {*ids[1]}) >= 38  # the last ones may be as likely as the next
        assert np.abs(np.diff(codes.astype(int), axis=0)).max() <= 1
        assert ours.hubness == pytest.approx(theirs.hubness, abs=1e-4)


def test_other_weights_need_no_other_graph(folder: Path, tmp_path: Path) -> None:
    """A graph holds shapes only: it serves a model that was trained further."""
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    changed = {
        name: (weight + np.float16(0.01)).astype(np.float16)
        for name, weight in read_weights(other).items()
        if name.startswith("decoder.")
    }
    write_part(other, changed, {})
    pixels = np.random.default_rng(1).integers(0, 256, (3, 64, 64, 3), np.uint8)
    ours = OnnxCaptioner.load(other, next(iter(OPEN)), threads=1).describe_pixels(pixels)
    theirs = TorchCaptioner.load(other, "cpu").describe_pixels(pixels)
    assert [d.captions and d.captions[0].text for d in ours] == [
        d.captions and d.captions[0].text for d in theirs
    ]


def test_a_beam_of_another_width_needs_another_graph(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    write_part(other, {}, {"beam": asdict(BeamConfig(beam=3))})
    with pytest.raises(ModelError, match=f"captioner export {other}"):
        OnnxCaptioner.load(other, next(iter(OPEN)))


@pytest.mark.slow
def test_another_export_serves_a_beam_of_another_width(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    write_part(other, {}, {"beam": asdict(BeamConfig(beam=3))})
    write_graphs(other)
    OnnxCaptioner.load(other, next(iter(OPEN)))


@pytest.mark.slow
def test_the_shipped_graphs_are_what_is_exported_today(tmp_path: Path) -> None:
    """As far as what they compute goes: another exporter may write it in another way."""
    other = Path(shutil.copytree(shipped_model(), tmp_path / "model"))
    write_graphs(other)
    assert (other / NAMES).read_text() == (shipped_model() / NAMES).read_text()
    pixels = np.random.default_rng(0).integers(0, 256, (4, 224, 224, 3), np.uint8)
    engine = next(iter(OPEN))
    ours, theirs = (
        OnnxCaptioner.load(model, engine).describe_pixels(pixels)
        for model in (other, shipped_model())
    )
    assert [d.captions and d.captions[0].text for d in ours] == [
        d.captions and d.captions[0].text for d in theirs
    ]
