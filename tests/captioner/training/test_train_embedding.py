"""Training the joint embedding: what goes into a step, and what comes out of a run."""

import itertools
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, load_model
from torch import Tensor, nn

from captioner.errors import DataError
from captioner.networks.embedding import EmbeddingConfig, PhotoTower
from captioner.networks.encoder import EncoderConfig
from captioner.networks.networks import Networks
from captioner.networks.text_tower import WIDTH, TextTower, pretrained_text_tower
from captioner.training.data import read_captions
from captioner.training.retrieval import pad, recalls, sentence_vectors
from captioner.training.train_embedding import (
    EmbeddingRecipe,
    Towers,
    draw,
    rate,
    sentences_of_all_kinds,
    step_loss,
    train_embedding,
)

RECIPE = EmbeddingRecipe(photos=4, views=2, label_smoothing=0.0)


class Bag(nn.Module):
    """A sentence encoder whose tokens know nothing of each other."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, WIDTH)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> "Bag":
        self.last_hidden_state = self.embedding(input_ids)
        return self


def towers(dropout: float = 0.0) -> Towers:
    torch.manual_seed(0)
    shape = EmbeddingConfig(dimension=16, queries=2, dropout=dropout)
    text = TextTower(Bag(), 16)
    for module in text.modules():
        if isinstance(module, nn.Dropout):
            module.p = dropout
    return Towers(PhotoTower(shape, EncoderConfig(regions=9, channels=8)), text, 20.0)


def test_an_epoch_sees_each_photo_once_with_a_caption_of_its_own() -> None:
    counts = (5, 3)  # photos in two folders
    views = [
        [np.full((count, 1, 1), 100 * view + 10 * folder) + np.arange(count)[:, None, None]
         for view in range(2)]
        for folder, count in enumerate(counts)
    ]  # fmt: skip
    places = [(folder, place) for folder, count in enumerate(counts) for place in range(count)]
    tokens = [[[10 * folder + place] * n for n in (3, 1)] for folder, place in places]
    batches = list(draw(views, tokens, RECIPE, 1))
    seen, used, lengths = [], set(), set()
    for grid, captions in batches:
        for one, caption in zip(grid[:, 0, 0].int().tolist(), captions, strict=True):
            assert caption[0] == one % 100
            seen.append(one % 100)
            used.add(one // 100)
            lengths.add(len(caption))
        assert [len(caption) for caption in captions] == sorted(map(len, captions))
    assert sorted(seen) == sorted(10 * folder + place for folder, place in places)
    assert (used, lengths) == ({0, 1}, {1, 3})
    again = list(draw(views, tokens, RECIPE, 1))
    assert all(torch.equal(a[0], b[0]) for a, b in zip(batches, again, strict=True))
    other = list(draw(views, tokens, RECIPE, 2))
    assert any(not torch.equal(a[0], b[0]) for a, b in zip(batches, other, strict=True))


def test_the_loss_is_infonce_both_ways() -> None:
    both = towers()
    grid, captions = torch.randn(4, 9, 8), [[1], [2, 3], [4, 5, 6], [7, 8, 9, 1]]
    loss = step_loss(both, grid, captions, RECIPE)
    photos = both.photos(grid)
    sentences = torch.cat([both.sentences(*pad([caption])) for caption in captions])
    scores = (20 * photos @ sentences.T).double()
    naive = torch.tensor(0.0, dtype=torch.double)
    for own in range(4):
        naive -= torch.log(scores[own, own].exp() / scores[own].exp().sum()) / 8
        naive -= torch.log(scores[own, own].exp() / scores[:, own].exp().sum()) / 8
    torch.testing.assert_close(loss.double(), naive, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_eight_photos_are_learned_by_heart() -> None:
    both = towers()
    grid, captions = torch.randn(8, 9, 8), [[n + 1, 20] for n in range(8)]
    optimizer = torch.optim.Adam(both.parameters(), 3e-3)
    for _ in range(60):
        loss = step_loss(both, grid, captions, RECIPE)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.inference_mode():
        photos = both.eval().photos(grid).numpy()
    found = recalls(photos, sentence_vectors(both.sentences, captions), np.arange(8))
    assert found["R@1"] == 1.0


@given(seed=st.integers(0, 2**32), photos=st.integers(1, 30), sentences=st.integers(1, 30))
def test_recalls_count_ranks(seed: int, photos: int, sentences: int) -> None:
    chance = np.random.default_rng(seed)
    pictures, said = chance.normal(size=(photos, 5)), chance.normal(size=(sentences, 5))
    owners = chance.integers(0, photos, sentences)
    ranks = [
        sorted(-pictures @ vector).index(-(pictures @ vector)[own])
        for vector, own in zip(said, owners, strict=True)
    ]
    for k in (1, 5, 10):
        share = sum(rank < k for rank in ranks) / sentences
        assert recalls(pictures, said, owners)[f"R@{k}"] == pytest.approx(share, abs=1e-4)


def test_sentences_come_back_in_their_order_and_padding_changes_nothing() -> None:
    text = towers().sentences
    tokens = [[n % 29 + 1] * (n * 7 % 11 + 1) for n in range(150)]
    alone = np.concatenate([sentence_vectors(text, [one]) for one in tokens])
    np.testing.assert_allclose(sentence_vectors(text, tokens), alone, atol=1e-5)


def test_two_in_five_sentences_are_as_short_as_people_type() -> None:
    captions = [f"photo {n} of a long and winding road at noon" for n in range(200)]
    chosen = sentences_of_all_kinds(captions, replace(RECIPE, sentences=100))
    assert len(chosen) == 100
    lengths = Counter(len(sentence.split()) for sentence in chosen)
    assert lengths[10] == 60
    assert lengths[1] + lengths[2] + lengths[3] == 40 and min(lengths[n] for n in (1, 2, 3)) > 3
    assert all(any(sentence in caption for caption in captions) for sentence in chosen)
    assert len(sentences_of_all_kinds(captions, RECIPE)) == 200
    assert sentences_of_all_kinds(["dog"] * 10, RECIPE) == ["dog"] * 10


def test_the_rate_warms_up_and_falls_to_nothing() -> None:
    rates = [rate(step, 100, RECIPE) for step in range(100)]
    assert rates[:9] == sorted(rates[:9]) and rates[10:] == sorted(rates[10:], reverse=True)
    assert 0.9 < max(rates) <= 1
    assert 0 < rates[-1] < 0.01


@pytest.mark.slow
def test_a_run_that_is_cut_off_goes_on_to_the_same_model(toy_data: Path, tmp_path: Path) -> None:
    """And the model that comes out is whole: its sentences find their photos without torch."""
    for name in ("all_minilm_l6_v2", "transformers", "onnxscript"):
        pytest.importorskip(name)
    from captioner.describe.sentence_encoder import SentenceEncoder

    class CutOff(Exception):
        pass

    def cut_off(record: dict[str, float]) -> None:
        raise CutOff

    recipe = EmbeddingRecipe(epochs=2, photos=4, views=2, learning_rate=2e-3, sentences=10)
    cache = tmp_path / "features"
    best = train_embedding([toy_data], tmp_path / "whole", recipe, cache=cache)
    with pytest.raises(CutOff):
        train_embedding([toy_data], tmp_path / "cut", recipe, cache=cache, report=cut_off)
    train_embedding([toy_data], tmp_path / "cut", recipe, cache=cache)
    ends = [load_file(tmp_path / run / "resume.safetensors") for run in ("whole", "cut")]
    for name, value in ends[0].items():
        torch.testing.assert_close(value, ends[1][name], msg=name)
    log = [json.loads(line) for line in (tmp_path / "cut" / "log.jsonl").open()]
    assert [record["epoch"] for record in log] == [1, 2]
    with pytest.raises(DataError, match="8 training photos are fewer than a step's 9"):
        train_embedding([toy_data], tmp_path / "few", replace(recipe, photos=9), cache=cache)
    with pytest.raises(DataError, match="another recipe"):
        train_embedding([toy_data], tmp_path / "cut", EmbeddingRecipe(), cache=cache)

    assert (best / "sentences.ort").is_file() and not (best / "sentences.onnx").exists()
    networks, encoder = Networks.read(best), SentenceEncoder.load(best)
    assert networks.embedding is not None
    assert encoder.background.shape == (8, 256) and encoder.background_hubness.shape == (8,)
    captions = list(itertools.chain(*read_captions(toy_data / "captions.tsv").values()))
    vectors = encoder.encode(captions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    text, tokenizer = pretrained_text_tower(256)
    trained = Towers(networks.embedding.photos, text, 20.0)
    load_model(trained, tmp_path / "whole" / "best.safetensors")
    exact = sentence_vectors(text, [tokenizer.encode(caption).ids for caption in captions])
    assert (vectors * exact).sum(1).min() > 0.97  # the weights are rounded to int8
    assert encoder.fingerprint != SentenceEncoder.load().fingerprint
