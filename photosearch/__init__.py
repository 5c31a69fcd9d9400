"""Finds your own photos by a sentence, on your own computer.

```python
from photosearch import Library

if __name__ == "__main__":  # indexing starts processes, which import your script
    library = Library("photosearch.db")
    library.index(["Pictures"])
    for result in library.find("dog on beach"):
        print(result.score, result.caption, result.path)
```
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photosearch.errors import LibraryError
    from photosearch.library import Library
    from photosearch.search.results import Hits, Result

__all__ = ["Hits", "Library", "LibraryError", "Result"]

_MODULES = {
    "Hits": "search.results",
    "Library": "library",
    "LibraryError": "errors",
    "Result": "search.results",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: processes that decode photos need none of it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
