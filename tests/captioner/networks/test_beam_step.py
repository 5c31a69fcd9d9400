import itertools

import numpy as np
import pytest
import torch

from captioner.describe.beam import BeamConfig, Hypothesis
from captioner.describe.vocabulary import BOS, EOS, PAD, UNK
from captioner.networks.beam_step import beam_search
from captioner.networks.decoder import Decoder, DecoderConfig

WORDS = range(4, 9)
NO_KIN = np.full((9, 1), PAD)  # every word may come again


@pytest.fixture(params=range(4))
def decoder(request: pytest.FixtureRequest) -> Decoder:
    """A tiny decoder of random weights, sharp enough that captions differ."""
    torch.manual_seed(request.param)
    decoder = Decoder(DecoderConfig(9, channels=6, width=8, heads=2, dropout=0.0)).eval()
    with torch.no_grad():
        decoder.embedding.weight.mul_(4)
        decoder.bias.normal_()
    return decoder


def grids(photos: int) -> torch.Tensor:
    return torch.randn(photos, 4, 6, generator=torch.Generator().manual_seed(5))


def log_probability(decoder: Decoder, grid: torch.Tensor, words: tuple[int, ...]) -> float:
    """Of a whole caption, by the decoder run once over it."""
    sequence = torch.tensor([BOS, *words, EOS])
    memory, state = decoder.remember(grid[None])
    logits, _ = decoder(memory, state, sequence[None, None, :-1])
    steps = logits[0, 0].log_softmax(-1)
    return float(steps.gather(1, sequence[1:, None]).sum())


def every_caption(longest: int) -> list[tuple[int, ...]]:
    captions = []
    for length in range(1, longest + 1):
        for words in itertools.product(WORDS, repeat=length):
            if all(a != b for a, b in itertools.pairwise(words)):
                captions.append(words)
    return captions


@torch.no_grad()
@pytest.mark.parametrize("exponent", [0.0, 0.7, 1.0])
def test_a_wide_beam_finds_what_brute_force_finds(decoder: Decoder, exponent: float) -> None:
    found = beam_search(decoder, grids(2), BeamConfig(100, 3, exponent, kept=100), NO_KIN)
    for grid, hypotheses in zip(grids(2), found, strict=True):
        scored = sorted(
            (
                (log_probability(decoder, grid, words) / (len(words) + 1) ** exponent, words)
                for words in every_caption(3)
            ),
            reverse=True,
        )
        assert [tuple(h.words) for h in hypotheses[:20]] == [words for _, words in scored[:20]]
        for hypothesis, (score, _) in zip(hypotheses[:20], scored, strict=False):
            assert hypothesis.score == pytest.approx(score, abs=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("beam", [1, 3])
def test_what_comes_out(decoder: Decoder, beam: int) -> None:
    found = beam_search(decoder, grids(7), BeamConfig(beam, kept=2 * beam), NO_KIN)
    for grid, hypotheses in zip(grids(7), found, strict=True):
        assert len(hypotheses) == 2 * beam
        assert len({tuple(h.words) for h in hypotheses}) == 2 * beam
        scores = [h.score for h in hypotheses]
        assert scores == sorted(scores, reverse=True)
        for hypothesis in hypotheses:
            assert 1 <= len(hypothesis.words) <= 20
            assert not {PAD, BOS, EOS, UNK} & set(hypothesis.words)
            assert all(a != b for a, b in itertools.pairwise(hypothesis.words))
            expected = log_probability(decoder, grid, tuple(hypothesis.words))
            assert hypothesis.log_probability == pytest.approx(expected, abs=1e-4)


@torch.no_grad()
def test_a_photo_gets_the_same_captions_in_any_batch(decoder: Decoder) -> None:
    config = BeamConfig(3, 8)

    def words(found: list[list[Hypothesis]]) -> list[list[list[int]]]:
        return [[h.words for h in hypotheses] for hypotheses in found]

    together = beam_search(decoder, grids(6), config, NO_KIN)
    alone = [beam_search(decoder, grid[None], config, NO_KIN)[0] for grid in grids(6)]
    assert words(together) == words(alone)


@torch.no_grad()
def test_a_wider_beam_is_not_worse(decoder: Decoder) -> None:
    best = [
        [h[0].score for h in beam_search(decoder, grids(20), BeamConfig(beam), NO_KIN)]
        for beam in (1, 5, 25)
    ]
    assert sum(best[0]) <= sum(best[1]) + 1e-4 <= sum(best[2]) + 2e-4


def test_no_photos_no_captions(decoder: Decoder) -> None:
    assert beam_search(decoder, grids(0), BeamConfig(), NO_KIN) == []


@torch.no_grad()
def test_no_caption_says_a_word_and_its_kin(decoder: Decoder) -> None:
    kin = np.full((9, 2), PAD)
    kin[4:9, 0] = range(4, 9)
    kin[4], kin[5] = (4, 5), (5, 4)
    found = beam_search(decoder, grids(5), BeamConfig(40, 3, kept=40), kin)
    for grid, hypotheses in zip(grids(5), found, strict=True):
        scored = sorted(
            (
                (log_probability(decoder, grid, words) / (len(words) + 1) ** 0.7, words)
                for words in every_caption(3)
                if len({4 if word == 5 else word for word in words}) == len(words)
            ),
            reverse=True,
        )
        assert [tuple(h.words) for h in hypotheses[:10]] == [words for _, words in scored[:10]]


@torch.no_grad()
def test_only_the_first_words_of_the_vocabulary_are_said(decoder: Decoder) -> None:
    found = beam_search(decoder, grids(5), BeamConfig(5, vocabulary=7), NO_KIN[:7])
    assert {word for photo in found for h in photo for word in h.words} <= {4, 5, 6}
