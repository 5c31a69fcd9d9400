"""Names: which files are photos, by the endings of their names."""

from __future__ import annotations

import os

CAMERA_SUFFIXES: frozenset[str] = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".heic", ".heif", ".hif"}
)
"""Endings, in lower case, of the files that cameras write instead of a RAW file or beside it."""

# What LibRaw 0.22 reads, which is in rawpy 0.28. All but .cr3, .x3f and .gpr are formats of dcraw,
# so older versions of LibRaw read them, too. A LibRaw built without X3FTOOLS (`rawpy.flags`)
# doesn't read .x3f. GoPro's decoder isn't built in: of .gpr the preview is read. `.raw` is left
# out, because most such files are no photos.
RAW_SUFFIXES: frozenset[str] = frozenset(
    {".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".srf", ".dng", ".raf", ".orf"}
    | {".ori", ".rw2", ".rwl", ".pef", ".srw", ".3fr", ".fff", ".iiq", ".cap", ".erf", ".mrw"}
    | {".x3f", ".kdc", ".dcr", ".dcs", ".k25", ".mos", ".mef", ".gpr", ".bay", ".qtk", ".sti"}
)
"""Endings of RAW files, in lower case."""

SUFFIXES: frozenset[str] = (
    frozenset({".png", ".apng", ".webp", ".tif", ".tiff", ".bmp", ".dib", ".gif"})
    | {".avif", ".avifs", ".heics", ".heifs", ".mpo", ".jps", ".insp", ".jif", ".jfi", ".pjp"}
    | {".pjpeg"}
    | {".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc", ".ppm", ".pgm", ".pbm", ".pnm"}
    | CAMERA_SUFFIXES
    | RAW_SUFFIXES
)
"""Endings of photos, in lower case."""

VIDEO = "video"
"""The kind of all videos; the kind of a picture is its ending."""

# Pictures that nothing here reads. Pillow shows a .psd only if it was saved with a flat copy of 8
# bits a colour, and without the words in it.
_PICTURES = frozenset(
    {".psd", ".psb", ".xcf", ".kra", ".ora", ".pdn", ".cpt", ".pspimage", ".afphoto", ".ai", ".eps"}
    | {".cdr", ".svg", ".svgz", ".jxl", ".jxr", ".wdp", ".hdp", ".exr", ".hdr", ".tga", ".pcx"}
    | {".pcd", ".qoi", ".bpg", ".flif", ".raw", ".eip", ".lfp", ".lfr", ".ari"}
)
_VIDEOS = frozenset(
    {".mp4", ".m4v", ".mov", ".qt", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".m2v", ".mts"}
    | {".m2ts", ".3gp", ".3g2", ".wmv", ".asf", ".flv", ".f4v", ".vob", ".ogv", ".divx", ".dv"}
    | {".mod", ".tod", ".mxf", ".lrv", ".insv", ".braw", ".r3d", ".mp"}
)
_UNREAD: dict[str, str] = {**dict.fromkeys(_VIDEOS, VIDEO), **{name: name for name in _PICTURES}}


def is_photo_name(name: str) -> bool:
    """Return whether a file name or path ends like a photo's."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def is_raw_name(name: str) -> bool:
    """Return whether a file name or path ends like a RAW file's."""
    return os.path.splitext(name)[1].lower() in RAW_SUFFIXES


def unread_kind(name: str) -> str | None:
    """Return the kind of a picture or video that can't be read, by its name; None: it is neither.

    The kind of a picture is its ending in lower case, with the dot. The kind of a video is `VIDEO`.
    """
    return _UNREAD.get(os.path.splitext(name)[1].lower())
