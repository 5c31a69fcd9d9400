"""The summary of an indexing run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, fields


@dataclass
class Stages:
    """Seconds that the indexing process spent in each stage, waiting included."""

    walk: float = 0.0
    decode: float = 0.0  # waiting for the decoding processes
    describe: float = 0.0  # encoder, decoder, tags and vectors
    write: float = 0.0

    def __add__(self, other: Stages) -> Stages:
        """Return the sums of the seconds of both."""
        return Stages(
            *(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True))
        )


@dataclass
class Summary:
    """The counts of an indexing run; the name of each says which photos it counts."""

    captioned: int = 0
    reread: int = 0  # only metadata was read again, because a sidecar changed
    moved: int = 0  # known photos whose files have another path now
    copied: int = 0  # files with the content of a known photo
    unchanged: int = 0
    failed: int = 0  # files and folders that can't be read, newly found
    failed_before: int = 0  # known to be unreadable, and not changed since
    hidden: int = 0  # photos whose files are gone
    ignored: int = 0  # photos whose files exist; they are hidden because of a rule
    returned: int = 0  # hidden photos that were found again
    outdated: int = 0  # unchanged photos that another model described, in part or whole
    reached: int = 0  # roots that could be opened
    unreachable: dict[str, str] = field(default_factory=dict)  # reasons, by root that couldn't
    passed_over: Mapping[str, int] = field(default_factory=dict)  # files by kind, not readable
    passed_over_changed: bool = False  # since the last run
    stages: Stages = field(default_factory=Stages)

    def __add__(self, other: Summary) -> Summary:
        """Return the summary of two steps of a run together."""
        counts = {
            entry.name: getattr(self, entry.name) + getattr(other, entry.name)
            for entry in fields(self)
            if entry.name not in ("unreachable", "passed_over", "passed_over_changed")
        }
        passed_over = Counter(self.passed_over) + Counter(other.passed_over)
        return Summary(
            **counts, unreachable=self.unreachable | other.unreachable, passed_over=passed_over,
            passed_over_changed=self.passed_over_changed or other.passed_over_changed,
        )  # fmt: skip

    @property
    def changed(self) -> bool:
        """Whether the run changed anything that a search finds, or found a new failure."""
        return any(
            (self.captioned, self.reread, self.moved, self.copied, self.failed, self.hidden,
             self.ignored, self.returned)
        )  # fmt: skip
