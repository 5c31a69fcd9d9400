"""Exporting a model's networks as ONNX, for engines other than torch."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from captioner.describe.exported import PHOTO, SLICE, STEP
from captioner.networks.beam_step import BeamStart, BeamStep
from captioner.networks.captioner import Captioner


class PhotoNetwork(nn.Module):
    """All that a model computes of a photo before the first word."""

    def __init__(self, captioner: Captioner) -> None:
        """Take the networks of a model.

        Raises:
            ValueError: it lacks tags or vectors.
        """
        super().__init__()
        if captioner.tagger is None or captioner.embedding is None:
            raise ValueError(f"the model {captioner.name} lacks tags or vectors")
        self.encoder = captioner.encoder
        self.start = BeamStart(captioner.decoder, captioner.config.beam.beam)
        self.tagger = captioner.tagger
        self.embedding = captioner.embedding

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Return what search starts from, tag logits, vectors and hubness.

        Args:
            pixels: uint8 RGB, (B, S, S, 3).

        Returns:
            Keys, values, h and c of `captioner.networks.beam_step.BeamStart`; logits of classes and
            words, (B, K) and (B, W); vectors (B, D) and hubness (B,).
        """
        images = self.encoder.normalise(pixels.permute(0, 3, 1, 2))  # (B, 3, S, S)
        grid = self.encoder.network(images).flatten(2).transpose(1, 2)  # (B, R, C)
        return (*self.start(grid), *self.tagger(grid), *self.embedding(grid))


def export(captioner: Captioner, folder: Path) -> None:
    """Write a model's networks into a folder; it appears whole or not at all.

    Args:
        captioner: on the processor, see `Captioner.load`.
        folder: is made; what another process put there meanwhile is kept.

    Raises:
        ModuleNotFoundError: onnx or onnxscript isn't installed.
        OSError: the folder can't be written.
        ValueError: the model lacks tags or vectors.
    """
    size = captioner.image_size
    photo, step = PhotoNetwork(captioner).eval(), BeamStep(captioner.decoder).eval()
    pixels = torch.zeros(SLICE, size, size, 3, dtype=torch.uint8)
    with torch.no_grad():
        keys, values, h, c, *_ = photo(pixels)
    words = torch.ones(h.shape[:2], dtype=torch.long)
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        # Always so many photos: the exporter takes half the time where nothing varies.
        _write(photo, (pixels,), None, new / PHOTO)
        inputs = (keys, values, h, c, words, torch.zeros(words.shape))
        _write(step, inputs, tuple({0: "photos"} for _ in inputs), new / STEP)
        with contextlib.suppress(OSError):  # another process was faster
            os.rename(new, folder)
        if not (folder / STEP).exists():
            raise OSError(f"can't write {folder}")
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _write(
    network: nn.Module,
    inputs: tuple[Tensor, ...],
    varying: tuple[dict[int, str], ...] | None,
    file: Path,
) -> None:
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        # The exporter tells its progress on stdout, and warns of its own code.
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                inputs,
                file,
                dynamic_shapes=varying,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    finally:
        logger.setLevel(level)
