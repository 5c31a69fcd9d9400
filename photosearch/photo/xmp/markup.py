"""Markup: tolerant reading of XML in bounded memory, from text to tags and texts.

An XML parser must stop at the first mistake. This module reads on behind it, as ExifTool does, and
tells the mistake. It doesn't check that tags match, it knows no namespaces, and it never expands an
entity that a document declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.entities import html5
from typing import NamedTuple

from photosearch.photo.xmp.damage import Damage

MAX_VALUE = 1 << 16
"""Characters that are kept of a text or an attribute."""

_MAX_ATTRIBUTES = 1 << 20  # characters that are kept of all attributes of a tag
_ATTRIBUTE_COST = 100  # an attribute takes memory even without characters
_MAX_STEPS = 2_000_000  # tags and attributes that are read of a document
_LOOK_AHEAD = 1 << 10  # characters that any pattern here may need, names included
_OVERLAP = 1 << 8  # characters that an end may need

_NAME = r"[^\W\d][\w:.-]{0,200}"
_OPENING = re.compile("<")
_KIND = re.compile(
    rf"(?P<comment>!--)|(?P<data>!\[CDATA\[)|(?P<doctype>!DOCTYPE)|(?P<instruction>\?)|"
    rf"/\s*(?P<end>{_NAME})|(?P<start>{_NAME})"
)
_END_OF_COMMENT = re.compile("-->")
_END_OF_DATA = re.compile(r"\]\]>")
_END_OF_DOCTYPE = re.compile(r">|\[")
_END_OF_SUBSET = re.compile(r"\]\s{0,99}>")
_END_OF_TAG = re.compile(r">|(?=<)")  # a tag without an end stops at the next tag
_NO_SPACE = re.compile(r"(?=[^\s\0])")
_ATTRIBUTE = re.compile(
    rf"(?P<end>/?\s{{0,99}}>)|(?P<next>(?=<))|"
    rf"(?P<name>{_NAME})(?:\s{{0,99}}=\s{{0,99}}(?:(?P<quote>[\"'])|(?P<bare>[^\s\"'<>]{{1,99}})))?|"
    rf"(?P<junk>.)",
    re.DOTALL,
)
# If the quote at the end is missing, the value stops at the next tag. XMP's tags have prefixes.
_NEXT_TAG = r"(?=</?[A-Za-z][\w.-]{0,60}:[A-Za-z])"
_ENDS_OF_VALUE = {quote: re.compile(f"{quote}|{_NEXT_TAG}") for quote in "\"'"}
_REFERENCE = re.compile(r"&(?:#(\d{1,8})|#[xX]([0-9a-fA-F]{1,7})|([A-Za-z][A-Za-z0-9]{0,31}));")


class Start(NamedTuple):
    """The start of an element. If the element is empty, its end follows."""

    name: str
    attributes: dict[str, str]


class End(NamedTuple):
    """The end of an element."""

    name: str


class Text(NamedTuple):
    """Text between tags; an element's text may come in several parts."""

    text: str


Token = Start | End | Text | Damage


def tokens(pieces: Iterable[str | Damage]) -> Iterator[Token]:
    """Yield what a document consists of, in order.

    Of a text or an attribute, `MAX_VALUE` characters are kept. At most some million tags and
    attributes are read. Comments, instructions and document types are left out.

    Args:
        pieces: the document; damage among them is passed on.
    """
    source = _Source(pieces)
    while not source.is_over():
        text, opening = source.until(_OPENING, MAX_VALUE)
        yield from source.damage()
        if text:
            yield from _text(text)
        if opening is not None:
            yield from _markup(source)
    yield from source.damage()


class _Source:
    """A document that is read forward; only a few pieces of it are in memory."""

    def __init__(self, pieces: Iterable[str | Damage]) -> None:
        self._pieces = iter(pieces)
        self._buffer = ""
        self._at = 0  # what is before it was read
        self._steps = 0
        self._damage: list[Damage] = []

    def is_over(self) -> bool:
        """Return whether everything was read."""
        return self._at >= len(self._buffer) and not self._fill()

    def damage(self) -> list[Damage]:
        """Return the damage that was met since the last call."""
        found, self._damage = self._damage, []
        return found

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read what a pattern matches; if it doesn't match here, read nothing."""
        self._steps += 1
        if self._steps > _MAX_STEPS:
            self._damage.append(Damage.AMOUNT)
            self._pieces, self._buffer, self._at = iter(()), "", 0
        while len(self._buffer) - self._at < _LOOK_AHEAD and self._fill():
            pass
        found = pattern.match(self._buffer, self._at)
        if found:
            self._at = found.end()
        return found

    def until(self, end: re.Pattern[str], keep: int) -> tuple[str, str | None]:
        """Read as far as a pattern matches.

        Returns:
            The first `keep` characters before the match, and what matched; None if nothing did:
            then the document is over.
        """
        kept: list[str] = []
        while True:
            found = end.search(self._buffer, self._at)
            stop = found.start() if found else max(self._at, len(self._buffer) - _OVERLAP)
            kept.append(self._buffer[self._at : min(stop, self._at + keep)])
            keep -= len(kept[-1])
            self._at = stop
            if found:
                self._at = found.end()
                return "".join(kept), found[0]
            if not self._fill():
                kept.append(self._buffer[self._at :][:keep])
                self._at = len(self._buffer)
                return "".join(kept), None

    def _fill(self) -> bool:
        """Add the next piece to the buffer; return whether there was one."""
        for piece in self._pieces:
            if isinstance(piece, Damage):
                self._damage.append(piece)
            elif piece:
                self._buffer = self._buffer[self._at :] + piece
                self._at = 0
                return True
        return False


def _markup(source: _Source) -> Iterator[Token]:
    """Read what follows a `<`."""
    found = source.match(_KIND)
    match found and found.lastgroup:
        case "start":
            yield from _start(source, found["start"])  # type: ignore[index]
        case "end":
            _, end = source.until(_END_OF_TAG, 0)
            if not end:
                yield Damage.CUT_OFF if end is None else Damage.TAG
            yield End(found["end"])  # type: ignore[index]
        case "data":
            text, end = source.until(_END_OF_DATA, MAX_VALUE)
            yield Text(text)
            if end is None:
                yield Damage.CUT_OFF
        case "comment" | "instruction" | "doctype" as kind:
            if _skip(source, kind) is None:
                yield Damage.CUT_OFF
        case _:
            yield Damage.LESS
            yield Text("<")


def _skip(source: _Source, kind: str) -> str | None:
    """Read what holds no words; return what ended it, or None if nothing did."""
    if kind == "comment":
        return source.until(_END_OF_COMMENT, 0)[1]
    if kind == "instruction":
        return source.until(_END_OF_TAG, 0)[1]
    end = source.until(_END_OF_DOCTYPE, 0)[1]
    return source.until(_END_OF_SUBSET, 0)[1] if end == "[" else end


def _start(source: _Source, name: str) -> Iterator[Token]:
    """Read the attributes of a tag, and its end."""
    attributes: dict[str, str] = {}
    damage: list[Damage] = []
    room, is_empty = _MAX_ATTRIBUTES, False
    while True:
        source.until(_NO_SPACE, 0)
        found = source.match(_ATTRIBUTE)
        kind = found and found.lastgroup
        if found is None or kind in ("end", "next"):
            is_empty = found is not None and found[0].startswith("/")
            if kind != "end":
                damage.append(Damage.CUT_OFF if found is None else Damage.TAG)
            break
        if kind == "quote":
            value, end = source.until(_ENDS_OF_VALUE[found["quote"]], min(MAX_VALUE, max(room, 0)))
        else:  # a value without quotes, a name without a value, or junk
            value, end = found["bare"] or "", "bare"
            damage.append(Damage.TAG)
        if end is None:
            damage.append(Damage.CUT_OFF)
            break
        if end == "":  # the tag ended within the value
            value, is_empty = _without_tag_end(value)
            damage.append(Damage.TAG)
        if room <= 0:
            damage.append(Damage.AMOUNT)
        elif found["name"]:
            value, is_clean = _unescaped(value)
            attributes.setdefault(found["name"], value)
            room -= len(value) + len(found["name"]) + _ATTRIBUTE_COST
            damage += [] if is_clean else [Damage.AMPERSAND]
        if end == "":
            break
    yield from dict.fromkeys(damage)
    yield Start(name, attributes)
    if is_empty:
        yield End(name)


def _without_tag_end(value: str) -> tuple[str, bool]:
    """Cut a value without a closing quote where its tag ended; return whether it was empty."""
    value, _, _ = value.partition(">")
    return value.rstrip("/ \t\r\n"), value.endswith("/")


def _text(raw: str) -> Iterator[Token]:
    text, is_clean = _unescaped(raw)
    if not is_clean:
        yield Damage.AMPERSAND
    yield Text(text)


def _unescaped(raw: str) -> tuple[str, bool]:
    """Replace references by their characters; return whether every `&` began a known reference."""
    if "&" not in raw:
        return raw, True
    text = _REFERENCE.sub(_character, raw)
    if any("\ud800" <= char <= "\udfff" for char in text):  # some programs write halves of pairs
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    known = sum(_character(found) != found[0] for found in _REFERENCE.finditer(raw))
    return text, known == raw.count("&")


def _character(reference: re.Match[str]) -> str:
    """Return the character of a reference, or the reference itself if it is unknown."""
    decimal, hexadecimal, name = reference.groups()
    if name:
        return html5.get(f"{name};", reference[0])
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if 0 < code < 0x110000 else reference[0]
