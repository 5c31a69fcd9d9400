import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from torch import Tensor

from captioner.networks.encoder import Encoder, EncoderConfig
from captioner.training.augment import AugmentConfig, Views, draw, plain, show

CPU = torch.device("cpu")


def random_photos(count: int, side: int = 24) -> Tensor:
    """Smooth random pictures: neighbouring pixels are alike, as in photos."""
    chance = np.random.default_rng(count)
    small = chance.integers(40, 216, (count, 6, 6, 3), dtype=np.uint8)
    large = [Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC) for one in small]
    return torch.from_numpy(np.stack([np.asarray(one) for one in large]))


def view(places: list[list[float]], colours: tuple[float, float, float]) -> Views:
    return Views(torch.tensor([places]).float(), torch.tensor([colours]).float())


def to_bytes(shown: Tensor) -> np.ndarray:
    return np.asarray(((shown + 1) * 127.5).permute(0, 2, 3, 1).numpy())


def test_plain_views_are_the_encoders_own_pixels() -> None:
    photos = random_photos(3)
    shown = show(photos, plain(3, CPU))
    expected = Encoder(EncoderConfig()).normalise(photos.permute(0, 3, 1, 2))
    torch.testing.assert_close(shown, expected, rtol=0, atol=1e-5)
    assert shown.is_contiguous(memory_format=torch.channels_last)
    half = show(photos, plain(3, CPU), torch.bfloat16)
    assert half.dtype == torch.bfloat16
    assert half.is_contiguous(memory_format=torch.channels_last)


def test_crops_are_pillows() -> None:
    photos = random_photos(1, 48)
    # The middle half, mirrored: from 12 to 36.
    shown = show(photos, view([[-0.5, 0, 0], [0, 0.5, 0]], (1, 1, 1)))
    picture = Image.fromarray(photos[0].numpy())
    part = picture.resize((48, 48), Image.Resampling.BILINEAR, box=(12, 12, 36, 36))
    naive = np.asarray(ImageOps.mirror(part), float)
    inner = np.s_[2:-2, 2:-2]  # at the edge Pillow sees only the box
    assert np.abs(to_bytes(shown)[0][inner] - naive[inner]).max() < 1.5


@pytest.mark.parametrize(
    "colours",
    [(0.7, 1, 1), (1, 0.7, 1), (1, 1.2, 1), (1, 1, 0.7), (1.1, 0.9, 1.2)],
)
def test_colours_are_pillows(colours: tuple[float, float, float]) -> None:
    photos = random_photos(1)
    shown = show(photos, view([[1, 0, 0], [0, 1, 0]], colours))
    picture = Image.fromarray(photos[0].numpy())
    for change, factor in zip(
        (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color), colours, strict=True
    ):
        picture = change(picture).enhance(factor)
    assert np.abs(to_bytes(shown)[0] - np.asarray(picture, float)).max() < 4  # it rounds each time


def test_views_stay_within_the_photo_and_the_limits() -> None:
    config = AugmentConfig(least_area=0.4, aspect=0.3, colour=0.2)
    views = draw(5000, config, torch.Generator().manual_seed(1), CPU)
    width, height = views.places[:, 0, 0].abs(), views.places[:, 1, 1]
    left, top = views.places[:, 0, 2], views.places[:, 1, 2]
    assert (width + left.abs()).max() <= 1 + 1e-6 and (height + top.abs()).max() <= 1 + 1e-6
    uncut = (width < 1) & (height < 1)
    assert (width * height)[uncut].min() >= 0.4 - 1e-6
    assert (width / height).log().abs().max() <= 0.3 + 1e-6
    assert 0.8 <= views.colours.min() < 0.81 and 1.19 < views.colours.max() <= 1.2
    assert 0.45 < (views.places[:, 0, 0] < 0).float().mean() < 0.55


def test_the_same_seed_gives_the_same_views() -> None:
    first, again, other = (
        draw(4, AugmentConfig(), torch.Generator().manual_seed(seed), CPU) for seed in (1, 1, 2)
    )
    assert torch.equal(first.places, again.places) and torch.equal(first.colours, again.colours)
    assert not torch.equal(first.places, other.places)
