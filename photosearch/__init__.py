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

from photosearch.database import LibraryError
from photosearch.library import Library
from photosearch.search import Result

__all__ = ["Library", "LibraryError", "Result"]
