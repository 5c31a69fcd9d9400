"""Questions: photos with words, a query, and the photos that it must find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.metadata.packets import alt, bag, packet, simple


@dataclass(frozen=True)
class Asked:
    """A photo with a person's words and the model's caption."""

    seen: str = "a grey wall"
    title: str = ""
    description: str = ""
    keywords: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    city: str = ""

    def xmp(self) -> bytes:
        """Return the packet with a person's words."""
        inner = [
            alt("dc:title", self.title) if self.title else "",
            alt("dc:description", self.description) if self.description else "",
            bag("dc:subject", *self.keywords) if self.keywords else "",
            bag("Iptc4xmpExt:PersonInImage", *self.people) if self.people else "",
            simple("photoshop:City", self.city) if self.city else "",
        ]
        return packet("".join(inner)).encode()


# In every library: captions with many stop words.
OTHERS = {
    "z1.png": Asked("a man and a dog in a park"),
    "z2.png": Asked("this is her hat on the table with us"),
    "z3.png": Asked("what he does in the water will be all for you"),
    "z4.png": Asked("a red bicycle leaning against a fence"),
}


@dataclass(frozen=True)
class Question:
    """A query with the right answer; a field that is None isn't asked."""

    name: str
    query: str
    photos: Mapping[str, Asked]  # by path below the library's folder
    first: str | None  # of the results
    only: frozenset[str] | None  # all results
    found: frozenset[str]  # among the results
    missing: frozenset[str]  # not among the results
    unsure: frozenset[str]  # not among the sure results
    fields: tuple[str, ...] | None = None  # in which words are looked for; None: all

    def __str__(self) -> str:
        return self.name


def question(
    name: str,
    query: str,
    photos: Mapping[str, Asked],
    *,
    first: str | None = None,
    only: Sequence[str] | None = None,
    found: Sequence[str] = (),
    missing: Sequence[str] = (),
    unsure: Sequence[str] = (),
) -> Question:
    """Make a question about some photos and those of `OTHERS`."""
    all_of = None if only is None else frozenset(only)
    return Question(
        name, query, {**photos, **OTHERS}, first, all_of, frozenset(found), frozenset(missing),
        frozenset(unsure),
    )  # fmt: skip
