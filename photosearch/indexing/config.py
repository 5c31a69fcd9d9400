"""Options of indexing and watching, for Python and the command line alike."""

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
        batch_size: Photos described together and written in one transaction; None: as many as
            what describes them asks for.
        workers: Decoding processes; 0 decodes in this one, without `file_timeout`. By default
            one for each processor: they wait while the captioner is the slower one.
        force: Describe known and unchanged photos as well, whole.
        upgrade: Make anew what another model made of known and unchanged photos.
        retry: Try again what couldn't be read, though it is unchanged.
        exclude: What to ignore in this run: patterns as in .gitignore, seen from each folder.
        file_timeout: Seconds that a photo may take to decode.
        max_pixels: Of a photo; a larger one counts as unreadable.

    Raises:
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
    upgrade: Annotated[bool, Option("Make anew what an older model made.")] = False
    retry: Annotated[bool, Option("Try again what couldn't be read.")] = False
    exclude: Annotated[
        Sequence[str], Option("Ignore it in this run, as .gitignore would.", "PATTERN")
    ] = ()
    file_timeout: Annotated[
        float,
        Option(
            "What a photo may take. Tries again what couldn't be read.",
            "SECONDS",
            least=0.1,
            most=1e6,
            implies="retry",
        ),
    ] = FILE_TIMEOUT
    max_pixels: Annotated[
        int,
        Option(
            "Refuse larger photos. Tries again what couldn't be read.",
            "MEGAPIXELS",
            least=0.1,
            most=1e6,
            unit=_MEGAPIXEL,
            implies="retry",
        ),
    ] = MAX_PIXELS

    def __post_init__(self) -> None:
        check_limits(self)


@dataclass(frozen=True)
class DescribeOptions:
    """What the shipped model runs on.

    Attributes:
        engine: One of `captioner.describe.engines.Engine`.
        device: Of torch: one of `captioner.describe.engines.Device`.
        threads: Processor threads; None: one for each processor.
        bf16: Look at photos in bfloat16; refused where that isn't faster.

    Raises:
        UsageError: A number is beyond its limits.
    """

    engine: Annotated[str, Option(f"What runs the model: {', '.join(Engine)}.", "NAME")] = "auto"
    device: Annotated[str, Option(f"Of torch: {', '.join(Device)}.", "NAME")] = "auto"
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
        quiet: Without a change, until what changed is indexed.
        longest: That a change waits while others go on.
        retry: Between two tries while another process is indexing.
        poll: Look at all files again and again: for network drives.
    """

    quiet: float = 2.0
    longest: float = 60.0
    retry: float = 10.0
    poll: Annotated[bool, Option("Look at all files now and then, for network drives.")] = False
