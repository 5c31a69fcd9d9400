"""Sidecars: small files with metadata of the photos beside them, known by their names.

The sidecars of `photo.jpg` are `photo.jpg.xmp`, `photo.xmp`, and the JSON file that Google Takeout
wrote for it. If `photo.cr2` is one photo with `photo.jpg`, `photo.cr2.xmp` counts as well. Capitals
don't count, nor does the way in which accents are written, unless the folder has both names.
`photosearch.photo.sidecars` reads each format.
"""

from __future__ import annotations

import html
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from photosearch.files.file import Sidecar
from photosearch.files.names import SUFFIXES, is_photo_name
from photosearch.files.pairs import partner_suffixes
from photosearch.files.paths import mtime_ns_of
from photosearch.files.takeout_names import key_of, keys_for

_HEAD = 1 << 16  # bytes of an XMP file in which darktable names the photo

_DUPLICATE = re.compile(r"(?P<stem>.+)_\d\d", re.ASCII)
_DERIVED = re.compile(rb"""DerivedFrom\s*(?:=\s*["']|>)([^"'<]*)""")


class SidecarFormat(StrEnum):
    """The formats of sidecars: the endings of their names, in lower case, the preferred first."""

    XMP = ".xmp"
    TAKEOUT = ".json"


_ENDINGS = tuple(SidecarFormat)


@dataclass(frozen=True, slots=True)
class FolderSidecars:
    """The names in a folder that may be sidecars' names; false if there are none.

    Attributes:
        xmp: Names of XMP files, by the photo's name without its ending, folded.
        takeout: Names of JSON files, by `photosearch.files.takeout_names.key_of`.
        endings: The endings of the keys in `takeout`.
        names: All names in the folder, by the folded name.
    """

    xmp: dict[str, list[str]] = field(default_factory=dict)
    takeout: dict[str, list[str]] = field(default_factory=dict)
    endings: frozenset[str] = frozenset()
    names: dict[str, list[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.xmp or self.takeout)

    def of(self, name: str) -> Iterator[tuple[str, bool]]:
        """Yield the names of a photo's sidecars, the preferred first.

        Each comes with whether the name is that of one of darktable's duplicates: then only its
        content tells whether it belongs to the photo.
        """
        folded = _folded(name)
        stem, suffix = os.path.splitext(folded)
        found: dict[str, tuple[int, list[str]]] = {}  # by folded start: rank and names
        for xmp in self.xmp.get(stem, ()):
            start = _folded(xmp)[: -len(SidecarFormat.XMP)]
            rank = self._rank(start, stem, suffix)
            if rank is not None:
                found.setdefault(start, (rank, []))[1].append(xmp)
        for rank, names in sorted(found.values(), key=lambda pair: pair[0]):
            nearest = self._nearest(names, name)
            if nearest is not None:
                yield nearest, rank == _Rank.DUPLICATE
        if self.takeout:
            yield from ((json, False) for json in self._takeout_of(name, folded, stem))

    def _rank(self, start: str, stem: str, suffix: str) -> int | None:
        """Return how near an XMP file's name is to a photo's; None: it is another photo's."""
        if start == stem + suffix:
            return _Rank.OWN
        if start == stem:
            return _Rank.STEM
        head, ending = os.path.splitext(start)
        if ending != suffix and ending not in partner_suffixes(stem + suffix):
            return None
        if head == stem:
            return _Rank.PARTNER
        return None if start in self.names else _Rank.DUPLICATE

    def _takeout_of(self, name: str, folded: str, stem: str) -> Iterator[str]:
        """Yield the JSON file of a photo, and that of the other file of its pair."""
        own = next((key for key in keys_for(folded) if key in self.takeout), None)
        others = (f"{stem}{ending}" for ending in sorted(partner_suffixes(name) & self.endings))
        for key in (own, *others):
            nearest = None if key is None else self._nearest(self.takeout.get(key, ()), name)
            if nearest is not None:
                yield nearest

    def _nearest(self, names: Sequence[str], photo: str) -> str | None:
        """Return the name that is written most like a photo's; None: all are another photo's.

        Of several, it is the last by name.
        """
        rivals = self.names.get(_folded(photo), ())
        if len(names) == 1 and len(rivals) < 2:
            return names[0]
        near = [(_likeness(name, photo), name) for name in names]
        if len(rivals) > 1:
            near = [
                (likeness, name)
                for likeness, name in near
                if likeness >= max(_likeness(name, rival) for rival in rivals)
            ]
        return max(near)[1] if near else None


class _Rank:
    """How near an XMP file's name is to a photo's, the nearest first."""

    OWN, PARTNER, STEM, DUPLICATE = range(4)


def _folded(name: str) -> str:
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).lower()


def _likeness(name: str, photo: str) -> int:
    """Return how much a sidecar's name begins as a photo's.

    It is 3 for the whole name, 2 for the name without its ending, 1 if only accents are written in
    another way, else 0.
    """
    stem = os.path.splitext(photo)[0]
    if name.startswith(stem):
        return 3 if name.startswith(photo) else 2
    composed = unicodedata.normalize("NFC", name)
    return int(composed.startswith(unicodedata.normalize("NFC", stem)))


def is_sidecar_name(name: str) -> bool:
    """Return whether a file name or path ends like a sidecar's."""
    # The first condition is fast, and false for most names.
    return name[-5:].lower().endswith(_ENDINGS) and os.path.splitext(name)[1].lower() in _ENDINGS


def is_beside_photo(path: str) -> bool:
    """Return whether a path has a sidecar's name: an XMP file's, or a name that fits a photo there.

    Other programs write many JSON files, so the photos in the folder decide about them.
    """
    folder, name = os.path.split(path)
    if not is_sidecar_name(name) or format_of(name) is not SidecarFormat.TAKEOUT:
        return is_sidecar_name(name)
    # Most files of Takeout name a photo that is there. An export has thousands of them.
    named = key_of(name)
    if is_photo_name(named) and os.path.lexists(os.path.join(folder, named)):
        return True
    key = key_of(_folded(name))
    try:
        photos = [_folded(other) for other in os.listdir(folder) if is_photo_name(other)]
    except OSError:
        return False
    return any(key in keys_for(photo) for photo in photos)


def format_of(path: str) -> SidecarFormat:
    """Return the format of a sidecar, by its name.

    Raises:
        ValueError: the path is no sidecar's.
    """
    return SidecarFormat(os.path.splitext(path)[1].lower())


def sidecar_names(path: str) -> list[str]:
    """Return the paths that a photo's sidecar mostly has, the preferred path first."""
    stem = os.path.splitext(path)[0]
    return [f"{start}{ending}" for ending in _ENDINGS for start in (path, stem)]


def sidecars_among(names: Iterable[str]) -> FolderSidecars:
    """Return the sidecars among all names in a folder."""
    names = list(names)
    sidecars = sorted(name for name in names if is_sidecar_name(name))
    if not sidecars:
        return FolderSidecars()
    xmp: dict[str, list[str]] = {}
    takeout: dict[str, list[str]] = {}
    for name in sidecars:
        folded = _folded(name)
        if format_of(folded) is SidecarFormat.TAKEOUT:
            takeout.setdefault(key_of(folded), []).append(name)
            continue
        for stem in _stems(folded.removesuffix(SidecarFormat.XMP)):
            xmp.setdefault(stem, []).append(name)
    folded_names: dict[str, list[str]] = {}
    for name in names:
        folded_names.setdefault(_folded(name), []).append(name)
    endings = frozenset(os.path.splitext(key)[1] for key in takeout)
    return FolderSidecars(xmp, takeout, endings, folded_names)


def _stems(start: str) -> Iterator[str]:
    """Yield the names, without ending, that the photo of an XMP file may have."""
    yield start
    stem, suffix = os.path.splitext(start)
    if suffix in SUFFIXES:
        yield stem
        duplicate = _DUPLICATE.fullmatch(stem)
        if duplicate:
            yield duplicate["stem"]


def list_sidecars(folder: str) -> FolderSidecars:
    """Return the sidecars in a folder.

    Raises:
        OSError: the folder can't be opened.
    """
    return sidecars_among(os.listdir(folder))


def find_sidecars(path: str, among: FolderSidecars) -> tuple[Sidecar, ...]:
    """Find the sidecars of a photo, the preferred first. Only regular files count.

    Args:
        path: of the photo.
        among: the sidecars in the photo's folder, from `list_sidecars`.
    """
    folder, name = os.path.split(path)
    found = []
    for sidecar, is_duplicate in among.of(name):
        there = os.path.join(folder, sidecar)
        try:
            status = os.stat(there)
            if not stat.S_ISREG(status.st_mode):
                continue
            if is_duplicate and not _is_derived(there, name):
                continue
        except OSError:  # gone meanwhile, or a broken link
            continue
        found.append(Sidecar(there, mtime_ns_of(status)))
    return tuple(found)


def _is_derived(path: str, photo: str) -> bool:
    """Return whether an XMP file names a photo, or the other file of its pair, as its source.

    darktable does so in the files of duplicates (`photo_01.cr2.xmp`). Without it, such a file may
    belong to a photo of that name that is gone.

    Raises:
        OSError: the file can't be read.
    """
    with open(path, "rb") as file:
        found = _DERIVED.search(file.read(_HEAD))
    if found is None:
        return False
    source = _folded(html.unescape(found[1].decode("utf-8", "replace")))
    stem, suffix = os.path.splitext(_folded(photo))
    return source == stem + suffix or source in {stem + other for other in partner_suffixes(photo)}
