"""The text tower computed by NumPy: MiniLM and a projection, with int8 weights.

It computes what `sentences.onnx` does in ONNX Runtime, operator by operator, up to the last
bits of a float. For a query that is as fast, and nothing has to be imported and prepared first.
"""

from __future__ import annotations

import math

import numkong
import numpy as np

from captioner.describe.onnx_weights import OnnxWeights

LAYERS, HEADS = 6, 12  # of all-MiniLM-L6-v2, which `captioner.networks.text_tower` starts from
EPSILON = 1e-12  # of its layer normalisation
EMBEDDINGS = ("word_embeddings", "token_type_embeddings", "position_embeddings")


class _Linear:
    """A linear layer with int8 weights, of floats that are quantised for it."""

    def __init__(self, weights: OnnxWeights, name: str, bias: str) -> None:
        matrix = weights[name]  # int8 (K, N)
        # Products are fastest where both vectors lie in one piece.
        self._matrix = np.ascontiguousarray(matrix.T)  # (N, K)
        self._sums = _products(np.ones((1, len(matrix)), np.int8), self._matrix)[0]  # (N,)
        stem = name.removesuffix("_quantized")
        self._scale = weights[f"{stem}_scale"]  # float32 (N,)
        self._bias = weights[bias]  # float32 (N,)
        if weights[f"{stem}_zero_point"].any():
            raise ValueError(f"{name} isn't symmetrical")

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return float32 (T, N) for float32 (T, K).

        The values are quantised as https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html
        says. 128 is taken from them, to fit into int8, and its products are given back.
        """
        low, high = min(values.min(), 0.0), max(values.max(), 0.0)
        scale = np.float32((high - low) / np.float32(255)) or np.float32(1)
        zero = np.rint(-low / scale)
        quantised = np.minimum(np.rint(values / scale) + zero, 255) - 128  # (T, K)
        sums = _products(quantised.astype(np.int8), self._matrix)  # (T, N)
        sums += np.int32(128 - zero) * self._sums
        return np.asarray(sums * (scale * self._scale) + self._bias, np.float32)


class _Norm:
    """Layer normalisation."""

    def __init__(self, weights: OnnxWeights, name: str) -> None:
        self._weight, self._bias = weights[f"{name}.weight"], weights[f"{name}.bias"]

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return float32 (T, N) for float32 (T, N)."""
        centred = values - values.mean(-1, keepdims=True)
        variance = (centred * centred).mean(-1, keepdims=True)
        return np.asarray(centred / np.sqrt(variance + np.float32(EPSILON)) * self._weight
                          + self._bias)  # fmt: skip


class TextNetwork:
    """Turns a sentence's tokens into a vector."""

    def __init__(self, weights: OnnxWeights) -> None:
        """Take the layers out of a file.

        Raises:
            ValueError: the file holds another network.
        """
        names = _linear_names(weights)

        def linear(layer: str) -> _Linear:
            bias = f"{layer}.bias"
            if bias not in names:
                raise ValueError(f"no {layer} in the network")
            return _Linear(weights, names[bias], bias)

        self._tables = [_table(weights, f"bert.embeddings.{name}.weight") for name in EMBEDDINGS]
        self._norm = _Norm(weights, "bert.embeddings.LayerNorm")
        self._layers = []
        for layer in range(LAYERS):
            at = f"bert.encoder.layer.{layer}"
            linears = [
                linear(f"{at}.{name}")
                for name in (
                    "attention.self.query", "attention.self.key", "attention.self.value",
                    "attention.output.dense", "intermediate.dense", "output.dense",
                )
            ]  # fmt: skip
            norms = [_Norm(weights, f"{at}.{name}.LayerNorm")
                     for name in ("attention.output", "output")]  # fmt: skip
            self._layers.append((linears, norms))
        self._skip, self._first, self._second = linear("skip"), linear("mlp.0"), linear("mlp.3")

    def __call__(self, tokens: list[int]) -> np.ndarray:
        """Return the unit vector of one sentence, float32 (D,), for its tokens."""
        ids = np.array(tokens)
        rows = (ids, np.zeros_like(ids), np.arange(len(ids)))
        word, kind, position = (
            (table[row].astype(np.float32) - zero) * scale
            for (table, scale, zero), row in zip(self._tables, rows, strict=True)
        )
        hidden = self._norm(word + kind + position)  # (T, W)
        for (query, key, value, output, widen, narrow), (after, last) in self._layers:
            context = _attention(query(hidden), key(hidden), value(hidden))  # (T, W)
            hidden = after(output(context) + hidden)
            hidden = last(narrow(_gelu(widen(hidden))) + hidden)
        mean = hidden.mean(0, keepdims=True)  # (1, W)
        width = mean.shape[1]
        mean = mean / np.linalg.norm(mean) * np.float32(math.sqrt(width) / 4)
        vector = self._skip(mean) + self._second(_gelu(self._first(mean)))
        return np.asarray((vector / np.linalg.norm(vector))[0])


def _products(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the products of int8 vectors, (T, K) and (N, K), exact, int32 (T, N)."""
    return np.array(numkong.cdist(rows, columns, metric="dot"), np.int32)


def _linear_names(weights: OnnxWeights) -> dict[str, str]:
    """Return the name of each quantised matrix by that of the bias added to its products."""
    following = {name: node for node in weights.nodes for name in node[1]}
    names = {}
    for kind, inputs, outputs in weights.nodes:
        if kind == "MatMulInteger":
            at = outputs[0]
            while at in following and following[at][0] in ("Cast", "Mul"):
                at = following[at][2][0]
            if at in following and following[at][0] == "Add":
                (bias,) = [name for name in following[at][1] if name != at]
                names[bias] = inputs[1]
    return names


def _table(weights: OnnxWeights, name: str) -> tuple[np.ndarray, np.float32, np.float32]:
    """Return an embedding's rows, uint8 (n, W), with scale and zero point."""
    scale, zero = weights[f"{name}_scale"], weights[f"{name}_zero_point"]
    return weights[f"{name}_quantized"], np.float32(scale.item()), np.float32(zero.item())


def _attention(query: np.ndarray, key: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return what each token takes from all, (T, W) for (T, W) each.

    https://arxiv.org/abs/1706.03762, equation 1, in each head.
    """
    length, width = query.shape
    queries, keys, values = (
        part.reshape(length, HEADS, -1).transpose(1, 0, 2) for part in (query, key, value)
    )  # (H, T, W / H)
    root = np.float32((width / HEADS) ** -0.25)
    scores = (queries * root) @ (keys * root).transpose(0, 2, 1)  # (H, T, T)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return np.asarray((weights @ values).transpose(1, 0, 2).reshape(length, width))


def _gelu(values: np.ndarray) -> np.ndarray:
    """Return x * Phi(x); erf to 1.5e-7 by Abramowitz and Stegun 7.1.26."""
    scaled = np.abs(values, dtype=np.float64) * math.sqrt(0.5)
    t = 1 / (1 + 0.3275911 * scaled)
    terms = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
    series = np.zeros_like(t)
    for term in terms:
        series = (series + term) * t
    erf = np.copysign(1 - series * np.exp(-scaled * scaled), values)
    return np.asarray(0.5 * values * (1 + erf), np.float32)
