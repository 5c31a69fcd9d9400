"""IPTC-IIM: the texts that news agencies and older photo programs write into photo files.

https://www.iptc.org/std/IIM/4.2/specification/IIMV4.2.pdf
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from unicodedata import normalize

from photosearch.photo.dates import DateSource, iso_date
from photosearch.photo.encodings import decoded
from photosearch.photo.user_metadata import UserMetadata, cleaned

_MARK = 0x1C  # before each data set
_CODED = (1, 90)
_TITLE, _HEADLINE, _CAPTION, _KEYWORD = (2, 5), (2, 105), (2, 120), (2, 25)
_INSTRUCTIONS, _CATEGORY = (2, 40), (2, 20)
_PLACES = ((2, 27), (2, 92), (2, 90), (2, 95), (2, 101))  # location, part, city, state, country
_DATES = (
    (DateSource.CREATED, (2, 55), (2, 60)),
    (DateSource.DIGITISED, (2, 62), (2, 63)),
)

# The data set 1:90 announces an encoding by an escape sequence of ISO 2022.
_ENCODINGS = {
    b"\x1b%G": "utf-8", b"\x1b%/G": "utf-8", b"\x1b%/H": "utf-8", b"\x1b%/I": "utf-8",
    b"\x1b-A": "cp1252", b"\x1b.A": "cp1252", b"\x1b-B": "iso8859-2", b"\x1b-C": "iso8859-3",
    b"\x1b-D": "iso8859-4", b"\x1b-L": "iso8859-5", b"\x1b-G": "iso8859-6",
    b"\x1b-F": "iso8859-7", b"\x1b-H": "iso8859-8", b"\x1b-M": "iso8859-9",
    b"\x1b-V": "iso8859-10", b"\x1b-b": "iso8859-15",
}  # fmt: skip

# The longest texts that IIM allows, in bytes: of categories, cities and states; of titles, keywords
# and countries; of headlines and instructions; of captions.
_LIMITS = (32, 64, 256, 2000)
_CUT = 3  # a character in UTF-8 has up to 4 bytes: a cut text may be shorter by 3


def read_iptc(block: bytes) -> UserMetadata:
    """Read a block of IPTC-IIM. After damage nothing is read, and nothing is raised."""
    sets: dict[tuple[int, int], list[bytes]] = {}
    for name, value in _data_sets(block):
        sets.setdefault(name, []).append(value)
    encoding = _ENCODINGS.get(sets.get(_CODED, [b""])[0].strip())

    def texts(*names: tuple[int, int]) -> Iterator[str]:
        return (decoded(value, encoding) for name in names for value in sets.get(name, ()))

    dates = {
        source: date
        for source, day, time in _DATES
        if (date := _date("".join([*texts(day)][:1]), "".join([*texts(time)][:1])))
    }
    titles, captions = [*texts(_TITLE)], [*texts(_CAPTION)]
    return cleaned(
        UserMetadata(
            title="".join(titles[:1]),
            description="".join(captions[:1]),
            keywords=tuple(texts(_KEYWORD)),
            places=tuple(texts(*_PLACES)),
            notes=(*texts(_HEADLINE, _INSTRUCTIONS, _CATEGORY), *titles[1:], *captions[1:]),
            dates=dates,
        )
    )


def without_cut(said: UserMetadata, whole: UserMetadata) -> UserMetadata:
    """Return IPTC's metadata without the texts that IIM's limits cut and `whole` has in full."""
    others = (whole.title, whole.description, *whole.notes, *whole.keywords, *whole.places)

    def kept(*texts: str) -> tuple[str, ...]:
        return tuple(text for text in texts if not (_is_at_limit(text) and _begins(text, others)))

    return replace(
        said,
        title="".join(kept(said.title)),
        description="".join(kept(said.description)),
        keywords=kept(*said.keywords),
        places=kept(*said.places),
        notes=kept(*said.notes),
    )


def _is_at_limit(text: str) -> bool:
    """Return whether a text is as long as a limit allows, in some encoding of Unicode or Latin."""
    sizes = {len(text), len(text.encode()), len(normalize("NFD", text).encode())}
    return any(limit - _CUT <= size <= limit for size in sizes for limit in _LIMITS)


def _begins(text: str, others: Iterable[str]) -> bool:
    """Return whether a text is the beginning of another; it may end between letter and accent."""
    text = normalize("NFD", text)
    wholes = (normalize("NFD", other) for other in others)
    return any(len(whole) > len(text) and whole.startswith(text) for whole in wholes)


def _data_sets(block: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Yield record and number of each data set, with its value."""
    start = 0
    while len(block) >= start + 5 and block[start] == _MARK:
        name = block[start + 1], block[start + 2]
        size = int.from_bytes(block[start + 3 : start + 5])
        start += 5
        if size & 0x8000:  # an extended data set: so many bytes tell its size
            length = size & 0x7FFF
            size = int.from_bytes(block[start : start + length]) if length <= 4 else len(block)
            start += length
        yield name, block[start : start + size]
        start += size


def _date(day: str, time: str) -> str | None:
    return iso_date(f"{day.strip()}T{time.strip()}" if time.strip() else day)
