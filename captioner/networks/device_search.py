"""Beam search that stays on a device: no word waits for the processor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from captioner.describe.beam import BeamConfig, Hypothesis, normalised
from captioner.describe.vocabulary import BOS, PAD
from captioner.networks.beam_step import BeamStep, begin
from captioner.networks.decoder import Decoder


class Finished(NamedTuple):
    """The best finished captions of photos, up to N of each, the best first."""

    words: Tensor  # without BOS and EOS, filled up with PAD, int32 (B, N, L)
    tokens: Tensor  # EOS included, int32 (B, N)
    log_probability: Tensor  # -inf: there is no such caption, float32 (B, N)
    score: Tensor  # as in `captioner.describe.beam.Hypothesis`, float32 (B, N)


class DeviceSearch:
    """Finds what `captioner.describe.beam.search` finds, up to rounding.

    That search leaves out photos that are done, which spares a processor work. This search takes
    all steps with all photos: to know which photos are done, it would have to wait for the device.
    A photo that is done gets no other captions by further steps.
    """

    def __init__(
        self, decoder: Decoder, config: BeamConfig, kin: np.ndarray, device: torch.device
    ) -> None:
        """Put what a search needs on a device.

        Args:
            decoder: in evaluation mode, on the device.
            config: width, length, and how many captions are kept.
            kin: by word, the words that may not come after it in a caption, int64 (V, F).
            device: where to search.
        """
        self._decoder = decoder
        self._config = config
        self._advance = BeamStep(decoder, config.vocabulary).to(device)
        self._kin = torch.from_numpy(kin).to(device)

    @torch.inference_mode()
    def __call__(self, grid: Tensor) -> Finished:
        """Find the most probable captions of photos, region features (B, R, C).

        Where the device works by itself, the result isn't computed yet on return.
        """
        config, each = self._config, self._kin.shape[1]
        keys, values, h, c = begin(self._decoder, grid, config.beam)
        shape = (len(grid), config.beam)
        words = self._kin.new_full((*shape, config.max_words), PAD)
        # First the last word, then the kin of each word so far.
        barred = self._kin.new_full((*shape, 1 + each * config.max_words), PAD)
        barred[:, :, 0] = BOS
        # All beams start alike: only the first may be continued at the first step.
        total = h.new_full(shape, -torch.inf)
        total[:, 0] = 0.0
        best = self._nothing(len(grid), grid.device)
        for length in range(config.max_words + 1):
            ends, total, parents, last, h, c = self._advance(keys, values, h, c, barred, total)
            if length:
                best = self._collect(best, words, ends, length)
            if length == config.max_words:
                break
            take = parents.unsqueeze(-1)
            words, barred = (x.gather(1, take.expand(-1, -1, x.shape[2])) for x in (words, barred))
            words[:, :, length] = last
            barred[:, :, 0] = last
            barred[:, :, 1 + each * length : 1 + each * (length + 1)] = self._kin[last]
        return best

    def _nothing(self, photos: int, device: torch.device) -> Finished:
        shape, longest = (photos, self._config.kept), self._config.max_words
        return Finished(
            torch.full((*shape, longest), PAD, dtype=torch.int32, device=device),
            torch.ones(shape, dtype=torch.int32, device=device),
            torch.full(shape, -torch.inf, device=device),
            torch.full(shape, -torch.inf, device=device),
        )

    def _collect(self, best: Finished, words: Tensor, ends: Tensor, length: int) -> Finished:
        """Return the best captions so far, with those that could end here, (B, K)."""
        share = normalised(1.0, length + 1, self._config.length_exponent)
        scores = torch.cat([best.score, share * ends], 1)  # (B, N + K)
        score, places = scores.topk(self._config.kept)  # (B, N)
        here = best.tokens.new_full(ends.shape, length + 1)
        wide = places.unsqueeze(-1).expand(-1, -1, words.shape[2])
        return Finished(
            torch.cat([best.words, words.to(torch.int32)], 1).gather(1, wide),
            torch.cat([best.tokens, here], 1).gather(1, places),
            torch.cat([best.log_probability, ends], 1).gather(1, places),
            score,
        )


def hypotheses(found: Mapping[str, np.ndarray]) -> list[list[Hypothesis]]:
    """Return the captions of photos, from the fields of `Finished` as arrays by name."""
    columns = (found[name].tolist() for name in Finished._fields)
    return [
        [
            Hypothesis(words[: tokens - 1], log_probability, score)
            for words, tokens, log_probability, score in zip(*photo, strict=True)
            if score > -np.inf
        ]
        for photo in zip(*columns, strict=True)
    ]
