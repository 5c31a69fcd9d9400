"""PNG's texts: what programs write into its chunks tEXt, zTXt and iTXt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from PIL.PngImagePlugin import iTXt

from photosearch.photo.dates import DateSource, iso_date
from photosearch.photo.encodings import decoded
from photosearch.photo.user_metadata import UserMetadata, cleaned


def read_png_texts(chunks: Mapping[Any, Any]) -> UserMetadata:
    """Read the texts of a PNG.

    Args:
        chunks: Pillow's `info` of the image: the texts by their keywords, see
            https://www.w3.org/TR/png-3/#11keywords. Other values are passed over.
    """
    texts = {
        _plain(name): _text(text)
        for name, text in chunks.items()
        if isinstance(name, str) and isinstance(text, str)
    }
    taken = iso_date(texts.get("creationtime", ""))
    return cleaned(
        UserMetadata(
            title=texts.get("title", ""),
            description=texts.get("description", ""),
            keywords=tuple(re.split(r"[;,]", texts.get("keywords", ""))),
            notes=tuple(texts.get(name, "") for name in ("subject", "comment")),
            dates={DateSource.CREATED: taken} if taken else {},
        )
    )


def _plain(name: str) -> str:
    """Return a keyword without capitals and blanks, which programs write in many ways."""
    return name.casefold().replace(" ", "")


def _text(text: str) -> str:
    """Return a chunk's text. Only iTXt is in UTF-8 by its format; many programs write it in all."""
    return text if isinstance(text, iTXt) else decoded(text.encode("latin-1", "replace"))
