"""Options of indexing and watching, for Python and for the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from captioner.describe.config import BATCH
from captioner.describe.engines import Device, Engine, processors
from photosearch.options import Option, check_limits
from photosearch.photo.decode import MAX_PIXELS

FILE_TIMEOUT = 60.0
"""Seconds that a photo may take to decode."""

_EACH_PROCESSOR = "one for each processor"
_MEGAPIXEL = 1_000_000  # pixels


@dataclass(frozen=True)
class IndexOptions:
    """How to index.

    Attributes:
        batch_size: Photos described together and written in one transaction; None: the describer's
            batch size.
        workers: Decoding processes; 0: this process decodes, without `file_timeout`. By default
            one for each processor: if the captioner is slower, they wait.
        force: Describe known and unchanged photos again, in all parts.
        upgrade: For known and unchanged photos, make the parts again that another model made.
        retry: Try unchanged files again that couldn't be read.
        metadata: Read the metadata of all known photos and their sidecars again, but no pixels.
        exclude: Patterns of files to ignore in this run, as in .gitignore, relative to each folder.
        file_timeout: Seconds that a photo may take to decode.
        max_pixels: The most pixels of a photo; a larger photo counts as unreadable.

    Raises:
        TypeError: `exclude` is a single pattern, whose letters would be taken for patterns.
        UsageError: A number is beyond its limits.
    """

    batch_size: Annotated[
        int | None,
        Option(
            "Photos described and written together.",
            "N",
            least=1,
            default=f"{BATCH}, or what a graphics processor takes",
        ),
    ] = None
    workers: Annotated[
        int, Option("Decoding processes.", "N", least=0, default=_EACH_PROCESSOR)
    ] = field(default_factory=processors)
    force: Annotated[bool, Option("Describe known photos again.")] = False
    upgrade: Annotated[bool, Option("Replace what another model made.")] = False
    retry: Annotated[bool, Option("Try unreadable files again.")] = False
    metadata: Annotated[bool, Option("Read the metadata of known photos again, no pixels.")] = False
    exclude: Annotated[
        Sequence[str], Option("Files to ignore in this run, as in .gitignore.", "PATTERN")
    ] = ()
    file_timeout: Annotated[
        float,
        Option(
            "Longest time to decode a photo. Tries unreadable files again.",
            "SECONDS",
            least=0.1,
            most=1e6,
            implies="retry",
        ),
    ] = FILE_TIMEOUT
    max_pixels: Annotated[
        int,
        Option(
            "Refuse larger photos. Tries unreadable files again.",
            "MEGAPIXELS",
            least=0.1,
            most=1e6,
            unit=_MEGAPIXEL,
            implies="retry",
        ),
    ] = MAX_PIXELS

    def __post_init__(self) -> None:
        if isinstance(self.exclude, str | bytes):
            raise TypeError(f"a list of patterns is wanted: exclude=[{self.exclude!r}]")
        check_limits(self)


@dataclass(frozen=True)
class DescribeOptions:
    """How the model is run.

    Attributes:
        engine: One of `captioner.describe.engines.Engine`.
        device: For the engine torch: one of `captioner.describe.engines.Device`.
        threads: Processor threads; None: one for each processor.
        bf16: Encode photos in bfloat16; refused if that isn't faster.

    Raises:
        UsageError: A number is beyond its limits.
    """

    engine: Annotated[str, Option(f"What runs the model: {', '.join(Engine)}.", "NAME")] = "auto"
    device: Annotated[str, Option(f"For torch: {', '.join(Device)}.", "NAME")] = "auto"
    threads: Annotated[
        int | None,
        Option("Processor threads of the captioner.", "N", least=1, default=_EACH_PROCESSOR),
    ] = None
    bf16: Annotated[bool, Option("Faster on new processors; some captions differ.")] = False

    def __post_init__(self) -> None:
        check_limits(self)


@dataclass(frozen=True)
class WatchOptions:
    """How to watch; times in seconds.

    Attributes:
        quiet: Time without a change after which changes are indexed.
        longest: The longest time that a change waits while other changes go on.
        retry: Time between two tries while another process is indexing.
        poll: Check all files every few seconds: for network drives.
    """

    quiet: float = 2.0
    longest: float = 60.0
    retry: float = 10.0
    poll: Annotated[bool, Option("Check all files every few seconds, for network drives.")] = False
