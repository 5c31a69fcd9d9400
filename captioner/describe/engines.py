"""Engines: what runs an exported network on the processor without torch."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

# Takes a network's inputs and gives its outputs, both in the order of its file. Several
# threads may call it at once; each call computes in one thread.
Network = Callable[[Sequence[np.ndarray]], list[np.ndarray]]
Open = Callable[[Path, int, bool], Network]


def open_onnx(file: Path, threads: int, bf16: bool) -> Network:
    """Open a network with ONNX Runtime, for so many threads that call it at once.

    Raises:
        ValueError: bfloat16 is asked for.
    """
    if bf16:
        raise ValueError("ONNX Runtime has no bfloat16 on processors")
    from captioner.describe.onnx import runtime

    onnxruntime = runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]

    def run(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        outputs: list[np.ndarray] = session.run(None, dict(zip(names, inputs, strict=True)))
        return outputs

    return run


def open_openvino(file: Path, threads: int, bf16: bool) -> Network:
    """Open a network with OpenVINO, for so many threads that call it at once.

    Raises:
        ValueError: bfloat16 is asked for, and the processor lacks it.
    """
    # Or importing it would tell its makers so over the network, with a number for this user. It
    # does without the package; a program that imported OpenVINO itself has decided already.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    core = openvino.Core()
    if bf16 and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise ValueError("this processor has no bfloat16")
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": threads,  # one thread each
        # Never left to itself: it takes bf16 where the processor has it.
        "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
        "ENABLE_CPU_PINNING": False,  # the decoding processes need the processors too
    }
    model = core.compile_model(str(file), "CPU", settings)
    own = threading.local()

    def run(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        if not hasattr(own, "request"):
            own.request = model.create_infer_request()
        # Not shared outputs: the next call of this thread would overwrite them.
        found: Any = own.request.infer(list(inputs), share_inputs=True, share_outputs=False)
        return [found[output] for output in model.outputs]

    return run


# What opens a network, by engine, the fastest first (docs/performance.md).
ENGINES: dict[str, Open] = {"onnx": open_onnx, "openvino": open_openvino}
_PACKAGES = {"openvino": ("openvino", "onnx", "onnxscript"), "onnx": ("onnx", "onnxscript")}


def is_installed(engine: str) -> bool:
    """Tell whether an engine, and what exports networks for it, is installed."""
    return all(find_spec(package) for package in _PACKAGES[engine])
