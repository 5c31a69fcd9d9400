"""Dates: which source is believed."""

from __future__ import annotations

from tests.metadata.row import ALL, FILES, row

ROWS = [
    row(
        "exif-original",
        "-ExifIFD:DateTimeOriginal=2000:01:02 03:04:05",
        taken_at="2000-01-02T03:04:05",
        taken_from="exif",
    ),
    row("title", "-XMP-dc:Title=Hö", formats=ALL, title="Hö", found=("Hö",)),
]
