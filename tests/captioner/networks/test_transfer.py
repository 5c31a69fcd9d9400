"""The way to a device and back; here the device is the processor."""

import numpy as np
import torch

from captioner.networks.transfer import Download, upload


def test_what_goes_up_comes_down() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3), np.uint8)
    there = upload(pixels, torch.device("cpu"))
    assert (there.dtype, tuple(there.shape)) == (torch.uint8, pixels.shape)
    back = Download({"pixels": there, "sums": there.sum((1, 2, 3))}).arrays()
    np.testing.assert_array_equal(back["pixels"], pixels)
    np.testing.assert_array_equal(back["sums"], pixels.sum((1, 2, 3)))


def test_nothing_comes_from_nothing() -> None:
    assert Download({}).arrays() == {}
