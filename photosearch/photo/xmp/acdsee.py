"""Categories of ACDSee: a tree of names, as markup in the text of one property."""

from __future__ import annotations

from collections.abc import Iterator

from photosearch.photo.xmp.markup import End, Start, Text, tokens

_MAX_DEPTH = 20


def assigned_categories(text: str) -> Iterator[list[str]]:
    """Yield the categories that a photo has, each as its names from the top.

    Args:
        text: `<Categories><Category Assigned="0">Places<Category Assigned="1">Rome</Category>...`.
    """
    names: list[str] = []
    is_assigned = False
    for token in tokens([text]):
        if isinstance(token, Start) and token.name == "Category" and len(names) < _MAX_DEPTH:
            names.append("")
            is_assigned = token.attributes.get("Assigned") == "1"
        elif isinstance(token, Text) and names and not names[-1]:
            names[-1] = token.text.strip()
            if is_assigned:
                yield list(names)
        elif isinstance(token, End) and token.name == "Category" and names:
            names.pop()
