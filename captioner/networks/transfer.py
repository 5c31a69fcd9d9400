"""The transfer of arrays to a device and back; on CUDA, nobody waits for it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor


def upload(array: np.ndarray, device: torch.device) -> Tensor:
    """Return an array as a tensor on a device."""
    tensor = torch.from_numpy(array)
    if device.type != "cuda":
        return tensor.to(device)
    # Only from pinned memory does CUDA copy while this thread goes on.
    return tensor.pin_memory().to(device, non_blocking=True)


class Download:
    """Tensors that come back from a device."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        """Begin to copy tensors, all on one device."""
        self._tensors = dict(tensors)
        self._done: torch.cuda.Event | None = None
        if any(tensor.is_cuda for tensor in tensors.values()):
            # torch takes pinned memory for this. Elsewhere a copy that doesn't wait isn't safe.
            for name, tensor in tensors.items():
                self._tensors[name] = tensor.to("cpu", non_blocking=True)
            self._done = torch.cuda.current_stream().record_event()

    def arrays(self) -> dict[str, np.ndarray]:
        """Wait until the device is done, and return the tensors as arrays, by name."""
        if self._done is not None:
            self._done.synchronize()
        return {name: tensor.cpu().numpy() for name, tensor in self._tensors.items()}
