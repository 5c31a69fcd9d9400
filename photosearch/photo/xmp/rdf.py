"""RDF: the properties in the markup of XMP, whichever way they are written (ISO 16684-1, 7).

A property is an attribute or an element. Its value is a text, a list (`rdf:Bag`, `rdf:Seq`,
`rdf:Alt`) or a structure with fields (`rdf:Description`, `rdf:parseType="Resource"`). Elements
stand in turn for resources and for their properties.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from photosearch.photo.xmp.damage import Damage
from photosearch.photo.xmp.markup import MAX_VALUE, Start, Text, Token
from photosearch.photo.xmp.namespaces import NO_NAMESPACES, declarations, usual_name

_MAX_DEPTH = 100
_MAX_CHARACTERS = 1 << 21  # of all values together
_VALUE_COST = 100  # a value takes memory even without characters

_WRAPPERS = ("x:xmpmeta", "x:xapmeta", "rdf:RDF")
_CONTROL = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f]")
_PADDING = "\0\ufeff \t\r\n"
_HALF_A_WORD = re.compile(r"\S*\Z")


class Value(NamedTuple):
    """A text value of a property.

    Attributes:
        path: The names from the property to the field, joined by `/`, with usual prefixes.
        text: As it was written.
        language: By `xml:lang`; empty: not told.
        owner: The number of the resource or structure that it is a property of; 0: the photo.
    """

    path: str
    text: str
    language: str = ""
    owner: int = 0


@dataclass(slots=True)
class _Element:
    """An element that was opened.

    Attributes:
        tag: The name as it is written.
        name: The name with the usual prefix.
        path: Of the property that it belongs to; empty: to none yet; None: of no interest.
        has_properties: Whether its children are properties, not resources.
        is_value: Whether its text is a value.
        number: Of the resource or structure that its children are properties of.
        owner: Of the resource that it is a property of.
        declared: The usual prefix by each prefix that is known within.
    """

    tag: str = ""
    name: str = ""
    path: str | None = ""
    has_properties: bool = False
    is_value: bool = False
    number: int = 0
    owner: int = 0
    language: str = ""
    declared: Mapping[str, str] = field(default_factory=lambda: NO_NAMESPACES)
    text: list[str] = field(default_factory=list)
    room: int = MAX_VALUE  # characters that still fit into `text`


def values(tokens: Iterable[Token], wanted: Collection[str]) -> Iterator[Value | Damage]:
    """Yield the values of properties, with the damage that was met, in order.

    Missing and unknown wrappers (`rdf:RDF`, `x:xmpmeta`), missing ends and undeclared prefixes are
    tolerated. Qualifiers are left out. Of a text that is cut off, the last word is left out.

    Args:
        tokens: what the packet consists of.
        wanted: the paths of the properties; others are passed over.
    """
    reader = _Reader(wanted)
    room = _MAX_CHARACTERS
    for found in reader.read(tokens):
        if isinstance(found, Damage):
            yield found
            continue
        room -= len(found.text) + len(found.path) + _VALUE_COST
        if room < 0:
            yield Damage.AMOUNT
            return
        if _CONTROL.search(found.text):
            yield Damage.CONTROL
        if len(found.text) >= MAX_VALUE:
            yield Damage.LENGTH
        yield found


class _Reader:
    """The state of reading: which elements are open."""

    def __init__(self, wanted: Collection[str]) -> None:
        self._wanted = frozenset(wanted)
        self._known = {
            "/".join(names[:count])
            for names in (path.split("/") for path in wanted)
            for count in range(1, len(names) + 1)
        }
        self._open = [_Element()]  # the first stands for the document
        self._too_deep = 0  # elements that are open, but not in the list
        self._is_xmp = False  # whether anything of XMP was met
        self._is_behind = False  # whether a packet has ended
        self._number = 0

    def read(self, tokens: Iterable[Token]) -> Iterator[Value | Damage]:
        """Yield values and damage; see `values`."""
        for token in tokens:
            if isinstance(token, Damage):
                yield token
            elif isinstance(token, Text):
                yield from self._text(token.text)
            elif isinstance(token, Start):
                yield from self._start(token)
            else:
                yield from self._end(token.name)
        if not self._is_xmp:
            yield Damage.NO_XMP
        if len(self._open) > 1:
            yield Damage.CUT_OFF
            innermost = self._open[-1].text
            innermost[:] = [_HALF_A_WORD.sub("", "".join(innermost))]
            yield from self._close(1)

    def _text(self, text: str) -> Iterator[Damage]:
        element = self._open[-1]
        if element.path:
            element.text.append(text[: element.room])
            element.room -= len(element.text[-1])
        elif len(self._open) == 1 and text.strip(_PADDING):
            yield Damage.BEHIND if self._is_behind else Damage.BEFORE

    def _start(self, tag: Start) -> Iterator[Value | Damage]:
        """Open an element; its attributes may be properties."""
        if len(self._open) > _MAX_DEPTH:
            self._too_deep += 1
            yield Damage.DEPTH
            return
        declared = self._open[-1].declared
        if any(name.startswith("xmlns") for name in tag.attributes):
            declared = {**declared, **declarations(tag.attributes)}
        name = usual_name(tag.name, declared)
        if self._is_unclosed_before(name):
            yield Damage.NESTING
            yield from self._close(self._resource())
        if len(self._open) == 1 and self._is_behind:
            yield Damage.SECOND if name in _WRAPPERS else Damage.BEHIND
        attributes = {usual_name(each, declared): text for each, text in tag.attributes.items()}
        element = self._element(tag.name, name, attributes, declared)
        self._open.append(element)
        self._is_xmp |= name.startswith("rdf:") or name in _WRAPPERS or bool(element.path)
        if element.path is not None:
            if element.path and not _is_declared(tag.name, declared):
                yield Damage.PREFIX
            yield from self._attributes(element, attributes)

    def _element(
        self, tag: str, name: str, attributes: Mapping[str, str], declared: Mapping[str, str]
    ) -> _Element:
        """Return an element to open within the innermost one."""
        parent = self._open[-1]
        path: str | None = f"{parent.path}/{name}" if parent.path else name
        is_resource = attributes.get("rdf:parseType") == "Resource"
        if self._is_leftover(name) or parent.path is None:
            is_field, inherited = False, None
        else:
            is_field, inherited = path in self._known, parent.path
        if is_field:
            is_node, is_item = is_resource, False
        elif name.startswith("rdf:"):
            is_item = name == "rdf:li" or name.startswith("rdf:_")
            is_node, path = is_resource or name == "rdf:Description", inherited
        elif parent.has_properties:  # a property that nobody asked for
            is_node, is_item, path = is_resource, False, None
        else:  # a resource with a type of its own, or a wrapper
            is_item, path = False, inherited
            is_node = parent.path != "" or parent.name == "rdf:RDF"
        if is_field or is_item or path is None:
            self._number += 1
        return _Element(
            tag,
            name,
            path,
            has_properties=is_node,
            is_value=(is_field or is_item) and path in self._wanted,
            number=self._number if is_field or is_item else parent.number,
            owner=parent.number if is_field else parent.owner,
            language=attributes.get("xml:lang", parent.language),
            declared=declared,
        )

    def _attributes(
        self, element: _Element, attributes: Mapping[str, str]
    ) -> Iterator[Value | Damage]:
        """Yield the properties among an element's attributes."""
        for name, text in attributes.items():
            path = f"{element.path}/{name}" if element.path else name
            if name == "rdf:value":
                element.text.append(text)
            elif path in self._wanted:
                yield Value(path, text, element.language, element.number)

    def _end(self, written: str) -> Iterator[Value | Damage]:
        """Close an element, and those within that have no end."""
        if self._too_deep:
            self._too_deep -= 1
            return
        for at in range(len(self._open) - 1, 0, -1):
            if self._open[at].tag == written:
                if at < len(self._open) - 1:
                    yield Damage.NESTING
                yield from self._close(at)
                return
        yield Damage.BEHIND if len(self._open) == 1 and self._is_behind else Damage.NESTING

    def _close(self, first: int) -> Iterator[Value]:
        """Close the elements from the innermost one to the element at an index."""
        while len(self._open) > first:
            element = self._open.pop()
            text = "".join(element.text)
            if element.is_value:
                if text.strip(_PADDING):
                    yield Value(element.path or "", text, element.language, element.owner)
            elif element.path and text:  # a list, a structure or a tag of HTML
                parent = self._open[-1]
                parent.text.append(f" {text} "[: parent.room])
                parent.room -= len(parent.text[-1])
        self._is_behind |= len(self._open) == 1

    def _resource(self) -> int:
        """Return the index behind the innermost resource that may be the photo."""
        return next(
            at + 1 for at in range(len(self._open) - 1, -1, -1) if self._open[at].path == ""
        )

    def _is_unclosed_before(self, name: str) -> bool:
        """Return whether a property of the photo begins where only a resource can: in a property.

        Then the ends of the elements before it are missing.
        """
        parent = self._open[-1]
        if parent.path == "" or parent.has_properties or name not in self._known:
            return False
        return parent.path is None or f"{parent.path}/{name}" not in self._known

    def _is_leftover(self, name: str) -> bool:
        """Return whether an element behind the packet is no packet: what a shorter one left."""
        return len(self._open) == 1 and self._is_behind and name not in _WRAPPERS


def _is_declared(name: str, declared: Mapping[str, str]) -> bool:
    prefix, colon, _ = name.rpartition(":")
    return prefix in declared or not colon
