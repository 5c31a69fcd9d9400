"""The search on a device against the search of all engines; here the device is the processor."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.describe.beam import BeamConfig
from captioner.describe.vocabulary import BOS, EOS, PAD, UNK
from captioner.networks.beam_step import beam_search
from captioner.networks.decoder import Decoder, DecoderConfig
from captioner.networks.device_search import DeviceSearch, hypotheses
from captioner.networks.transfer import Download

SIZE = 30  # words of the vocabulary
CPU = torch.device("cpu")


def sharp_decoder(seed: int) -> Decoder:
    """A tiny decoder of random weights, sharp enough that captions differ."""
    torch.manual_seed(seed)
    decoder = Decoder(DecoderConfig(SIZE, channels=6, width=8, heads=2, dropout=0.0)).eval()
    with torch.no_grad():
        decoder.embedding.weight.mul_(4)
        decoder.bias.normal_()
    return decoder


def kin_of(seed: int, spoken: int) -> np.ndarray:
    """Every other word bars itself and a neighbour, as content words do; the others bar nothing."""
    numbers = np.arange(spoken)
    kin = np.stack([numbers, (numbers + seed) % spoken], 1)
    kin[(numbers < 4) | (numbers % 2 == 0)] = PAD
    return kin.astype(np.int64)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    photos=st.integers(1, 5),
    beam=st.integers(1, 6),
    longest=st.integers(1, 7),
    kept=st.integers(1, 15),
    exponent=st.sampled_from([0.0, 0.7, 1.0]),
    spoken=st.integers(8, SIZE),
)
def test_the_search_on_a_device_finds_what_the_other_search_finds(
    seed: int, photos: int, beam: int, longest: int, kept: int, exponent: float, spoken: int
) -> None:
    decoder, kin = sharp_decoder(seed), kin_of(seed, spoken)
    config = BeamConfig(beam, longest, exponent, kept, spoken)
    grid = torch.randn(photos, 4, 6)
    expected = beam_search(decoder, grid, config, kin)
    finished = DeviceSearch(decoder, config, kin, CPU)(grid)
    found = hypotheses(Download(finished._asdict()).arrays())
    assert len(found) == len(expected) == photos
    for mine, theirs in zip(found, expected, strict=True):
        assert [h.score for h in mine] == pytest.approx([h.score for h in theirs], abs=1e-5)
        by_words = {tuple(h.words): h for h in theirs}
        assert {tuple(h.words) for h in mine} == by_words.keys()
        for hypothesis in mine:
            other = by_words[tuple(hypothesis.words)]
            assert hypothesis.log_probability == pytest.approx(other.log_probability, abs=1e-5)
            assert not {PAD, BOS, EOS, UNK} & set(hypothesis.words)
