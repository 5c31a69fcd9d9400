"""ONNX Runtime, kept from calling home."""

from __future__ import annotations

import os
from typing import Any


def runtime() -> Any:
    """Import ONNX Runtime with its telemetry off.

    From 1.29 on it tells its makers about the process, the model and each session unless
    the variable is set before it is first imported; on Windows the call does that. Nothing
    that photosearch does goes over a network.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime
