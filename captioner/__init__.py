"""Describes photos in words, with a CNN-LSTM that this package also trains.

```python
from captioner import Captioner

captioner = Captioner.load()
captioner.caption([image])[0][0].text
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from captioner.describe.description import Caption
    from captioner.networks.captioner import Captioner

    __version__: str

__all__ = ["Caption", "Captioner", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("photosearch")  # which brings both packages
    # Torch takes a second to import: only who captions pays for it, not who
    # decodes pixels or counts words.
    if name in __all__:
        from captioner.describe import description
        from captioner.networks import captioner as model

        return getattr(description if name == "Caption" else model, name)
    raise AttributeError(f"module 'captioner' has no attribute {name!r}")
