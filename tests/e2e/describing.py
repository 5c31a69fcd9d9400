"""Index a folder as the command does, with a describer that needs no model: FOLDER LIBRARY."""

import sys
import time
from collections.abc import Collection

import numpy as np

from captioner.describe.description import PARTS, Caption, Description, Tag
from photosearch.library import Library

BATCH = 4


class Teller:
    """Tells how bright a photo is."""

    name = "teller"
    fingerprints = {part: f"teller {part}" for part in PARTS}  # noqa: RUF012
    image_size = 8
    batch_size = BATCH

    def describe_pixels(
        self, pixels: np.ndarray, parts: Collection[str] = PARTS
    ) -> list[Description]:
        time.sleep(0.01)
        return [
            Description(
                [Caption(f"a photo {int(one.mean())} {rank}", -1.0 - rank, 4) for rank in range(2)],
                [Tag("photo", 0.5, True)],
                bytes([int(one.mean())] * 16),
            )
            for one in pixels
        ]


if __name__ == "__main__":
    summary = Library(sys.argv[2]).index([sys.argv[1]], load=Teller, workers=0, batch_size=BATCH)
    print(summary.captioned)
