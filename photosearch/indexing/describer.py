"""The describer: the shipped model, on the engine that suits the machine."""

from __future__ import annotations

from collections.abc import Callable

from captioner.captioner import Captioner
from captioner.describe.engines import check

__all__ = ["check", "load"]


def load(
    engine: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    notify: Callable[[str], None] = lambda text: None,
    bf16: bool = False,
) -> Captioner:
    """Load the shipped model; see `captioner.captioner.Captioner.load`."""
    return Captioner.load(None, engine, device, threads, bf16, notify)
