"""Describes photos in words, with a CNN-LSTM that this package also trains.

```python
from captioner import Captioner

captioner = Captioner.load()
captioner.caption([image])[0][0].text
```
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from captioner.describe.description import Caption, Description, Part, Tag
    from captioner.errors import CaptionerError, DataError, EngineError, ModelError

    __version__: str

__all__ = [
    "Caption",
    "Captioner",
    "CaptionerError",
    "DataError",
    "Description",
    "EngineError",
    "ModelError",
    "Part",
    "Tag",
    "__version__",
]

_HOMES = {
    "captioner.captioner": ("Captioner",),
    "captioner.describe.description": ("Caption", "Description", "Part", "Tag"),
    "captioner.errors": ("CaptionerError", "DataError", "EngineError", "ModelError"),
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("photosearch")  # its distribution has both packages
    # Each name is imported at its first use: processes that decode photos import no engine.
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'captioner' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
