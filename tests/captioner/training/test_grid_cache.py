from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from captioner.describe.square import to_square
from captioner.networks.encoder import Encoder, EncoderConfig
from captioner.training.grid_cache import encode_files
from captioner.training.pixels import MIRRORED


def encode(encoder: Encoder, image: Image.Image) -> np.ndarray:
    with torch.inference_mode():
        grid: np.ndarray = encoder(torch.from_numpy(to_square(image, 64))[None])[0].numpy()
    return grid


@pytest.mark.slow
def test_the_cache_holds_what_the_encoder_gives_and_goes_on_after_a_kill(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = Encoder(EncoderConfig(image_size=64, regions=4)).eval()
    generator = np.random.default_rng(0)
    files = []
    for number in range(5):
        pixels = generator.integers(0, 256, (64, 64, 3), np.uint8)
        files.append(tmp_path / f"{number}.png")
        Image.fromarray(pixels).save(files[-1])
    done: list[int] = []

    class Killed(Exception):
        pass

    def kill(count: int, total: int) -> None:
        done.append(count)
        if count == 4:
            raise Killed

    cache = tmp_path / "cache"
    with pytest.raises(Killed):
        encode_files(files, encoder, cache, batch_size=2, progress=kill)
    grids = encode_files(files, encoder, cache, batch_size=2, progress=lambda n, _: done.append(n))
    assert done == [2, 4, 5]
    for file, grid in zip(files, grids, strict=True):
        np.testing.assert_allclose(grid, encode(encoder, Image.open(file)), atol=2e-2, rtol=2e-2)

    mirrored = encode_files(files, encoder, cache, view=MIRRORED)
    expected = encode(encoder, Image.open(files[0]).transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    np.testing.assert_allclose(mirrored[0], expected, atol=2e-2, rtol=2e-2)
