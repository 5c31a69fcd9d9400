"""Networks: graphs that an engine has opened on the processor, without torch."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from captioner.describe.engines import Engine
from captioner.describe.graphs import Graph
from captioner.describe.onnx import open_session
from captioner.errors import EngineError

# Takes a network's inputs and returns its outputs, both in the order of the graph. Several
# threads may call a network at once; each call computes in one thread.
Network = Callable[[Sequence[np.ndarray]], list[np.ndarray]]
Open = Callable[[Graph, int, bool], Network]


def open_onnx(graph: Graph, threads: int, bf16: bool) -> Network:
    """Open a graph with ONNX Runtime, for a number of threads that call it at once.

    Raises:
        EngineError: bfloat16 is asked for.
    """
    if bf16:
        raise EngineError("ONNX Runtime has no bfloat16 on processors")
    session = open_session(graph.network, weights=graph.weights)
    names = [value.name for value in session.get_inputs()]

    def run(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        outputs: list[np.ndarray] = session.run(None, dict(zip(names, inputs, strict=True)))
        return outputs

    return run


def open_openvino(graph: Graph, threads: int, bf16: bool) -> Network:
    """Open a graph with OpenVINO, for a number of threads that call it at once.

    Raises:
        EngineError: bfloat16 is asked for, and the processor lacks it.
    """
    # Without this line, the import would report itself to OpenVINO's makers over the network, with
    # a number for this user. OpenVINO works without its telemetry package. If the program has
    # imported OpenVINO before, nothing changes.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    core = openvino.Core()
    if bf16 and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise EngineError("this processor has no bfloat16")
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": threads,  # one thread each
        # Always set: by itself OpenVINO takes bf16 if the processor has it.
        "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
        "ENABLE_CPU_PINNING": False,  # the decoding processes need the processors too
    }
    model = core.compile_model(core.read_model(io.BytesIO(filled(graph))), "CPU", settings)
    own = threading.local()

    def run(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        if not hasattr(own, "request"):
            own.request = model.create_infer_request()
        # Not shared outputs: the next call of this thread would overwrite them.
        found: Any = own.request.infer(list(inputs), share_inputs=True, share_outputs=False)
        return [found[output] for output in model.outputs]

    return run


def filled(graph: Graph) -> bytes:
    """Return a graph's network as ONNX that contains the weights."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load_model_from_string(graph.network)
    for initializer in model.graph.initializer:
        if initializer.name in graph.weights:
            weight = graph.weights[initializer.name]
            initializer.CopyFrom(numpy_helper.from_array(weight, initializer.name))
    network: bytes = model.SerializeToString()
    return network


OPEN: dict[Engine, Open] = {Engine.ONNX: open_onnx, Engine.OPENVINO: open_openvino}
