"""ONNX Runtime, set up in one way and without telemetry."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

ORT = ".ort"
"""The ending of files in ONNX Runtime's own format: they open in a third of the time."""

# The weights stay in the file, as they are: nothing is copied or arranged anew.
_MAPPED = (
    "session.use_memory_mapped_ort_model",
    "session.use_ort_model_bytes_for_initializers",
    "session.disable_prepacking",
)


def runtime() -> Any:
    """Import ONNX Runtime with its telemetry off.

    From 1.29 on, ONNX Runtime reports the process, the model and each session to its makers. It
    doesn't if the variable is set before the first import; on Windows the call switches it off.
    photosearch sends nothing over a network.
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
        model: a file, or the content of a file. A file with the ending `ORT` is mapped into memory.
        threads: the number of threads that compute one product together.
        optimise: how far to simplify the network first: "ALL", "BASIC" (simplifications for
            every processor) or "DISABLE_ALL".
        optimised: a file to write the simplified network to; its ending tells the format.
        weights: the weights that the network names but doesn't hold.

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
        if optimised.suffix == ORT:
            options.add_session_config_entry("session.save_model_format", "ORT")
    if isinstance(model, Path) and model.suffix == ORT:
        for name in _MAPPED:
            options.add_session_config_entry(name, "1")
    if weights:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(weight) for weight in weights.values()]
        options.add_external_initializers(list(weights), values)
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
