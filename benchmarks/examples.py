"""Ten queries, each with a contact sheet of the first five photos that `find` shows.

python benchmarks/examples.py LIBRARY docs/measured/examples

LIBRARY holds the Flickr8k dev photos. The queries were written down before any result was
seen, to be of many kinds: single words, sentences, something done, a colour, a feeling, a
breed that no caption names, something that isn't there.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from photosearch import Library
from photosearch.search.results import Result

QUERIES = (
    "dog on beach",
    "children playing in a fountain",
    "somebody jumps off a high rock into the water",
    "red car",
    "snow",
    "labrador",
    "two people kissing",
    "a lonely person at sunset",
    "football match at night",
    "giraffe",
)
SIDE, TEXT, COUNT = 220, 48, 5


def sheet(query: str, results: Sequence[Result]) -> Image.Image:
    """Draw the first photos of a query side by side, each with score, group and caption."""
    font = ImageFont.load_default(13)
    page = Image.new("RGB", (COUNT * SIDE, SIDE + TEXT + 24), "white")
    draw = ImageDraw.Draw(page)
    draw.text((6, 4), f'find "{query}"', "black", ImageFont.load_default(15))
    if not results:
        draw.text((6, SIDE // 2), "no photos match", "black", font)
    for place, result in enumerate(results):
        left = place * SIDE
        with Image.open(result.path) as photo:
            page.paste(photo.convert("RGB").resize((SIDE - 4, SIDE - 4)), (left + 2, 24))
        group = "" if result.sure else "perhaps: "
        words, lines = f"{result.score:.2f} {group}{result.caption}".split(), [""]
        for word in words:
            if draw.textlength(f"{lines[-1]} {word}", font) > SIDE - 8:
                lines.append("")
            lines[-1] = f"{lines[-1]} {word}".strip()
        draw.text((left + 4, SIDE + 22), "\n".join(lines[:3]), "black", font)
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("library", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with Library(options.library) as library:
        for query in QUERIES:
            results = library.find(query, COUNT)
            file = options.folder / f"{query.replace(' ', '-')}.jpg"
            sheet(query, results).save(file, quality=80)
            names = ", ".join(os.path.basename(result.path) for result in results)
            print(f"{query}: {names or 'nothing'}")


if __name__ == "__main__":
    main()
