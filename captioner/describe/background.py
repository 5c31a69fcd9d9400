"""Values that are computed in a thread while the caller goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Background(Generic[Value]):
    """A value that a thread computes from now on; called, it waits for the value."""

    def __init__(self, compute: Callable[[], Value]) -> None:
        """Start computing."""
        self._compute = compute
        self._values: list[Value] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._values.append(self._compute())
        except BaseException as error:  # raised again where the value is asked for
            self._error = error

    def __call__(self) -> Value:
        """Return the value, once it is there.

        Raises:
            BaseException: what the computation raised.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._values[0]
