"""Augmentation: random views of a batch of photos, made where the networks compute."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow's


@dataclass(frozen=True)
class AugmentConfig:
    """How far a view may differ from its photo."""

    least_area: float = 0.5  # share of the photo that a crop keeps, at least
    aspect: float = 0.25  # natural logarithm of a crop's width / height, at most
    mirrored: float = 0.5  # share of views that are mirrored
    colour: float = 0.3  # change of brightness, of contrast and of saturation, at most


@dataclass(frozen=True)
class Views:
    """A view of each photo of a batch: where it lies, and its colours."""

    places: Tensor  # maps the view's square [-1, 1] to the photo's, float32 (B, 2, 3)
    colours: Tensor  # factors of brightness, contrast and saturation, float32 (B, 3)


def draw(
    count: int, config: AugmentConfig, generator: torch.Generator, device: torch.device
) -> Views:
    """Draw a random view for each photo of a batch.

    Args:
        count: B, photos of the batch.
        config: how far the views may differ from the photos.
        generator: of `device`; the same state gives the same views.
        device: where the photos are.
    """
    chance = torch.rand(8, count, generator=generator, device=device)
    area = config.least_area + (1 - config.least_area) * chance[0]
    shape = ((2 * chance[1] - 1) * config.aspect).exp()
    width, height = (area * shape).sqrt().clamp(max=1), (area / shape).sqrt().clamp(max=1)
    left, top = (1 - width) * (2 * chance[2] - 1), (1 - height) * (2 * chance[3] - 1)
    side = torch.where(chance[4] < config.mirrored, -1.0, 1.0)
    nothing = torch.zeros_like(width)
    rows = [side * width, nothing, left, nothing, height, top]
    colours = 1 + (2 * chance[5:] - 1) * config.colour
    return Views(torch.stack(rows, -1).view(count, 2, 3), colours.T)


def plain(count: int, device: torch.device) -> Views:
    """Return the views that show a batch of photos as they are."""
    whole = torch.eye(2, 3, device=device).expand(count, 2, 3)
    return Views(whole, torch.ones(count, 3, device=device))


def show(pixels: Tensor, views: Views, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return views of photos as the encoder's network takes them.

    Places are computed in float32: in bfloat16 they would be wrong by a pixel.

    Args:
        pixels: uint8 RGB, (B, S, S, 3).
        views: one for each photo.
        dtype: of the result.

    Returns:
        (B, 3, S, S), channels last in memory, normalised to [-1, 1] as in
        `captioner.networks.encoder.Encoder`.
    """
    photos, side = len(pixels), pixels.shape[1]
    images = pixels.permute(0, 3, 1, 2).float() / 255  # (B, 3, S, S)
    grid = functional.affine_grid(
        views.places, [photos, 3, side, side], align_corners=False
    )  # (B, S, S, 2)
    images = functional.grid_sample(
        images, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    change, offset = _colour_change(images, views.colours)
    images = torch.baddbmm(offset, change, images.flatten(2)).clamp(0, 1) * 2 - 1
    images = images.view(photos, 3, side, side)
    return images.to(dtype=dtype, memory_format=torch.channels_last)


def _colour_change(images: Tensor, colours: Tensor) -> tuple[Tensor, Tensor]:
    """Return the matrices (B, 3, 3) and offsets (B, 3, 1) that change the colours of images.

    With Pillow's formulas (ImageEnhance): brightness multiplies; contrast blends with the mean grey
    of the brightened image; saturation blends with each pixel's own grey. All three are linear in
    the pixel, so one product computes them; colours out of range are cut once, at the end.
    """
    brightness, contrast, saturation = (part.view(-1, 1, 1) for part in colours.unbind(-1))
    weights = torch.tensor(_GREY, device=images.device)
    grey = weights.expand(3, 3)  # a pixel to its grey, in all channels
    same = torch.eye(3, device=images.device)
    mean = (images.mean((2, 3)) @ weights).view(-1, 1, 1) * brightness
    change = (saturation * same + (1 - saturation) * grey) * (brightness * contrast)
    return change, ((1 - contrast) * mean).expand(-1, 3, 1)
