"""Pairs: a RAW file and the JPEG or HEIC of the same name beside it are one photo.

The JPEG or HEIC is shown; the RAW file is its twin, which isn't listed. If the JPEG can't be
decoded, the twin stands in: it is shown instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence

from photosearch.files.file import File
from photosearch.files.names import CAMERA_SUFFIXES, RAW_SUFFIXES


def pairs_among(names: Sequence[str], counts: Callable[[str], bool]) -> dict[str, list[str]]:
    """Find the pairs among the names in a folder; the case of letters doesn't count.

    Args:
        names: sorted. Of several JPEGs or HEICs with one stem, the first is the pair's.
        counts: returns whether a file is to be listed; called only for files that may be in a pair.

    Returns:
        The RAW files by the name of the JPEG or HEIC that is shown.
    """
    parts = [os.path.splitext(name.lower()) for name in names]
    raws: dict[str, list[str]] = {}
    for name, (stem, suffix) in zip(names, parts, strict=True):
        if suffix in RAW_SUFFIXES and counts(name):
            raws.setdefault(stem, []).append(name)
    if not raws:
        return {}
    return {
        name: raws.pop(stem)
        for name, (stem, suffix) in zip(names, parts, strict=True)
        if stem in raws and suffix in CAMERA_SUFFIXES and counts(name)
    }


def partner_suffixes(name: str) -> frozenset[str]:
    """Return the endings that the other file of a pair may have, in lower case.

    If no file of that name can be in a pair, there are none.
    """
    suffix = os.path.splitext(name)[1].lower()
    if suffix in RAW_SUFFIXES:
        return CAMERA_SUFFIXES
    return RAW_SUFFIXES if suffix in CAMERA_SUFFIXES else frozenset()


def stand_in(file: File, undecoded: Collection[str]) -> File | None:
    """Return the twin that is shown instead of a file, or None.

    Args:
        file: the file that was to be decoded.
        undecoded: paths of the files that can't be decoded.
    """
    return file.twin if file.path in undecoded else None


def hidden_twin(file: File, undecoded: Collection[str]) -> File | None:
    """Return the twin that is hidden because `file` is shown, or None.

    The arguments are those of `stand_in`.
    """
    return None if file.path in undecoded else file.twin


def stands_in_already(failed: bool, tried_again: bool, twin_known: bool) -> bool:
    """Return whether to compare a twin like a listed file before its JPEG is decoded.

    Args:
        failed: the JPEG couldn't be decoded in an earlier run.
        tried_again: the JPEG is decoded again in this run.
        twin_known: the library knows the twin. The twin stands in until the JPEG is decoded.
    """
    return failed and (twin_known or not tried_again)


def is_same_raw(twin: File, path: str, mtime_ns: int | None) -> bool:
    """Return whether a twin is a known RAW file that was moved from another path.

    They are the same if name and time are: no two RAW files of one size share both.

    Args:
        twin: the RAW file as it is found now.
        path: where a RAW file of the same size was.
        mtime_ns: time of that file's last change.
    """
    same_name = os.path.basename(path) == os.path.basename(twin.path)
    return same_name and mtime_ns == twin.mtime_ns and path != twin.path
