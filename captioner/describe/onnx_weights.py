"""The weights in an ONNX file, mapped into memory without ONNX Runtime.

Importing ONNX Runtime and opening a session takes longer than a search. The file's layout:
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto in https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

# Numbers of fields.
_GRAPH, _NODE, _INITIALIZER = 7, 1, 5
_NODE_INPUT, _NODE_OUTPUT, _NODE_TYPE = 1, 2, 4
_DIMENSION, _FLOATS, _INTEGERS, _NAME, _RAW = 1, 4, 5, 8, 9
_TYPE = 2
_TYPES: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 2: np.dtype("u1"), 3: np.dtype("i1"), 7: np.dtype("<i8")}

Node = tuple[str, list[str], list[str]]  # its type, inputs and outputs
Span = tuple[int, int]


class OnnxWeights:
    """The constants of a network, by name, and what its nodes are connected to."""

    def __init__(self, file: Path) -> None:
        """Map a file.

        Raises:
            OSError: it can't be read.
            ValueError: it isn't an ONNX file.
        """
        with open(file, "rb") as opened:
            self._data = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        self.nodes: list[Node] = []
        self._spans: dict[str, Span] = {}
        for field, graph in _fields(self._data, (0, len(self._data))):
            if field != _GRAPH:
                continue
            for kind, span in _fields(self._data, graph):
                if kind == _NODE:
                    self.nodes.append(self._node(span))
                elif kind == _INITIALIZER:
                    self._spans[self._name(span)] = span

    def __getitem__(self, name: str) -> np.ndarray:
        """Return a constant. Large ones stay on disk until they are used.

        Raises:
            ValueError: there is none of the name, or it is of an unknown type.
        """
        if name not in self._spans:
            raise ValueError(f"no {name} in the network")
        shape: list[int] = []
        kind, raw, integers = 0, (0, 0), None
        for field, value in _fields(self._data, self._spans[name]):
            if field == _DIMENSION:
                shape += self._varints(value)
            elif field == _TYPE:
                (kind,) = self._varints(value)
            elif field in (_FLOATS, _RAW):
                raw = value
            elif field == _INTEGERS:
                integers = self._varints(value)
        if kind not in _TYPES:
            raise ValueError(f"{name} is of an unknown type")
        if integers is not None:
            return np.array(integers).astype(_TYPES[kind]).reshape(shape)
        count = (raw[1] - raw[0]) // _TYPES[kind].itemsize
        return np.frombuffer(self._data, _TYPES[kind], count, raw[0]).reshape(shape)

    def _name(self, tensor: Span) -> str:
        return next(self._text(span) for field, span in _fields(self._data, tensor)
                    if field == _NAME)  # fmt: skip

    def _node(self, node: Span) -> Node:
        kind, inputs, outputs = "", [], []
        for field, span in _fields(self._data, node):
            if field == _NODE_TYPE:
                kind = self._text(span)
            elif field == _NODE_INPUT:
                inputs.append(self._text(span))
            elif field == _NODE_OUTPUT:
                outputs.append(self._text(span))
        return kind, inputs, outputs

    def _text(self, span: Span) -> str:
        return self._data[span[0] : span[1]].decode()

    def _varints(self, span: Span) -> list[int]:
        numbers, at = [], span[0]
        while at < span[1]:
            number, at = _varint(self._data, at)
            numbers.append(number)
        return numbers


def _fields(data: mmap.mmap, message: Span) -> Iterator[tuple[int, Span]]:
    """Yield number and place of each field of a protobuf message."""
    at, end = message
    while at < end:
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            start = at
            _, at = _varint(data, at)
        elif wire == 2:
            length, start = _varint(data, at)
            at = start + length
        elif wire in (1, 5):
            start, at = at, at + (8 if wire == 1 else 4)
        else:
            raise ValueError("not an ONNX file")
        if at > end:
            raise ValueError("the ONNX file is cut off")
        yield key >> 3, (start, at)


def _varint(data: mmap.mmap, at: int) -> tuple[int, int]:
    """Return the variable-length integer at a place, and where it ends."""
    number = data[at]
    at += 1
    if number < 0x80:
        return number, at
    number &= 0x7F
    for shift in range(7, 70, 7):
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise ValueError("not an ONNX file")
