"""ONNX Runtime, set up in one way, and kept from calling home."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


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


def open_session(
    model: Path | bytes,
    *,
    threads: int = 1,
    optimise: str = "ALL",
    optimised: Path | None = None,
    weights: Mapping[str, np.ndarray] | None = None,
) -> Any:
    """Open a network on the processor.

    Args:
        model: a file, or what it holds.
        threads: that compute one product together.
        optimise: how far to simplify the network first: "ALL", "BASIC" (what holds on every
            processor) or "DISABLE_ALL".
        optimised: a file to write the simplified network to.
        weights: those that the network names and doesn't hold.

    Raises:
        Exception: of ONNX Runtime's own kinds, if the network can't be used.
    """
    onnxruntime = runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    level = optimise if optimise.startswith("DISABLE") else f"ENABLE_{optimise}"
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, f"ORT_{level}")
    if optimised is not None:
        options.optimized_model_filepath = str(optimised)
    if weights:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(weight) for weight in weights.values()]
        options.add_external_initializers(list(weights), values)
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
