"""Ignore rules: which photos are left out."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from photosearch.errors import UsageError

NAME = ".photosearchignore"
"""Name of a file of rules, in the syntax of gitignore."""

CACHE_TAG = "CACHEDIR.TAG"
"""Name of the file by which programs mark their cache folders."""

# Files by which photo servers mark their folders, and the names of the marked folders that hold no
# originals; empty: all of them. https://docs.immich.app/administration/system-integrity,
# https://github.com/photoprism/photoprism/blob/develop/pkg/fs/const.go
_MARKS: dict[str, frozenset[str]] = {
    ".immich": frozenset({"thumbs", "encoded-video", "profile", "backups"}),
    ".ppstorage": frozenset(),
}

MARKS = (CACHE_TAG, *_MARKS)
"""Names of files by which programs mark folders; `is_cache` looks at what they mark."""

MAX_BYTES = 1 << 20
"""Longer files of rules are refused."""

_LONGEST = 4096  # characters of a line: the longest path on Linux

_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"  # https://bford.info/cachedir/

PASSED_OVER: frozenset[str] = frozenset(
    {"@eadir", "#recycle", "#snapshot", "@__thumb", "@recycle", "@recently-snapshot"}
    | {"$recycle.bin", "recycler", "system volume information", "lost+found", "__macosx"}
    | {"node_modules", "__pycache__", "ipod photo cache"}
)
"""Names, in lower case, of folders that hold thumbnails, waste or code rather than photos."""

# Previews, old versions and deleted files in a data folder of Nextcloud.
_NEXTCLOUD = re.compile(r"appdata_oc[0-9a-z]{10}|files_versions|files_trashbin")

_PREVIEWS = (".lrdata",)  # how the names of Lightroom's folders of previews end
_LIBRARIES = (".photoslibrary", ".photolibrary", ".migratedphotolibrary", ".aplibrary")
_OF_LIBRARIES = ("resources", "database", "private", "scopes", "previews", "thumbnails", "faces")
# People may give these names to their own folders. They are waste only inside a folder whose name
# ends as given here.
_PASSED_OVER_IN: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*_OF_LIBRARIES, "caches", "data", "data.noindex"), _LIBRARIES),
    "cache": (os.sep + "captureone", ".cocatalog"),
}

# POSIX's character classes. Git knows them within brackets, pathspec doesn't. No class has the
# slash, because no pattern may match a slash.
_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": " \t", "cntrl": "\0-\x1f\x7f",
    "digit": "0-9", "graph": r'"-.0-~!', "lower": "a-z", "print": " -.0-~",
    "punct": r'"-.:-@[-`{-~!', "space": " \t\n\r\v\f", "upper": "A-Z", "xdigit": "0-9a-fA-F",
}  # fmt: skip
_CLASS = re.compile(rf"\[:({'|'.join(_CLASSES)}):\]")
_BRACKETS = re.compile(rf"(?<!\\)\[[!^]?\]?(?:[^]\[]|\[(?!:)|{_CLASS.pattern})*\]")

# Parts of the expressions that pathspec makes: any letters of a name, or any folders. Each part
# reaches to the next part of the same kind.
_STAR = re.compile(r"\[\^/\]\*(?P<rest>(?:\[\^/\](?!\*)|[^/])*?)(?=\[\^/\]\*)")
_DEEP = re.compile(r"(?P<deep>\(\?:/?\.\+/?\)\?)(?P<rest>(?:(?!\(\?:/\.).)+)(?=\(\?:/\.)")


class RulesError(OSError):
    """A file of rules can't be used; its `strerror` says why."""

    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(errno.EINVAL, f"its {NAME} can't be used: {reason}", folder)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of rules."""

    compiled: re.Pattern[str]
    folders_only: bool
    ignores: bool  # False after an exclamation mark: an earlier line doesn't hold for the path

    def matches(self, name: str) -> bool:
        """Return whether the path itself matches, not only a folder above it."""
        found = self.compiled.search(name)
        # The expression's only group is a slash with anything after it: a match of a folder above.
        return found is not None and found.lastgroup is None


@dataclass(frozen=True, slots=True)
class Level:
    """The patterns of one folder, in the order in which they are tried: the last line first."""

    prefix: str  # of the paths that the patterns are for: the folder and a separator
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force in a folder; false if there are none."""

    excluded: tuple[Level, ...] = ()  # from the command line; they are tried first
    files: tuple[Level, ...] = ()  # from files of rules, the deepest folder first

    def __bool__(self) -> bool:
        return bool(self.excluded or self.files)

    def ignores(self, path: str, is_folder: bool) -> bool:
        """Return whether a path is ignored. No folder above it may be ignored."""
        for level in self.excluded + self.files:
            name = path[len(level.prefix) :].replace(os.sep, "/")
            for pattern in level.patterns:
                if (is_folder or not pattern.folders_only) and pattern.matches(name):
                    return pattern.ignores
        return False

    def within(self, folder: str) -> Rules:
        """Return the rules in a folder: these rules, and the rules of the file in the folder.

        Raises:
            RulesError: the folder has a file of rules that can't be used.
        """
        lines = _read(folder)
        if lines is None:
            return self
        patterns = []
        for number, line in enumerate(lines, 1):
            try:
                pattern = _compile(line)
            except ValueError as error:
                raise RulesError(folder, f"line {number} is no pattern") from error
            if pattern is not None:
                patterns.append(pattern)
        level = Level(_prefix(folder), tuple(reversed(patterns)))
        return Rules(self.excluded, (level, *self.files)) if patterns else self

    def excluding(self, folder: str, patterns: Sequence[str]) -> Rules:
        """Return these rules and patterns from the command line, which hold below a folder.

        Raises:
            UsageError: a text is no pattern, or ignores nothing.
        """
        compiled = []
        for text in patterns:
            try:
                pattern = _compile(text)
            except ValueError as error:
                raise UsageError(f"{text!r} is no pattern to exclude") from error
            if pattern is None:
                raise UsageError(
                    f"{text!r} excludes nothing: write \\# for a name that starts with #"
                )
            compiled.append(pattern)
        if not compiled:
            return self
        return Rules((Level(_prefix(folder), tuple(reversed(compiled))),), self.files)


def reach(top: str, path: str, rules: Rules | None = None) -> Rules | None:
    """Follow a walk from a folder down to a path.

    Args:
        top: a folder that is walked.
        path: a folder or file below `top`, written as the walk would list it.
        rules: in force above `top`.

    Returns:
        The rules in force in the folder of `path`; None if the walk doesn't come to `path`.

    Raises:
        RulesError: a file of rules on the way can't be used.
    """
    names = path[len(_prefix(top)) :].split(os.sep)
    here, rules = top, rules or Rules()
    for name in names:
        rules, above = rules.within(here), here
        here = os.path.join(above, name)
        if is_passed_over(name, above) or is_cache(here):
            return None
        if rules and rules.ignores(here, os.path.isdir(here)):
            return None
    return rules


def is_passed_over(name: str, folder: str) -> bool:
    """Return whether a name in a folder is left out without any rule."""
    if name.startswith("."):
        return True
    lowered = name.lower()
    if lowered in PASSED_OVER or lowered.endswith(_PREVIEWS) or _NEXTCLOUD.fullmatch(lowered):
        return True
    return lowered in _PASSED_OVER_IN and folder.lower().endswith(_PASSED_OVER_IN[lowered])


def is_cache(folder: str) -> bool:
    """Return whether a folder is marked as one that holds no originals.

    The mark is a tag file with the standard signature of caches, or a photo server's file.
    """
    for mark, names in _MARKS.items():
        if not names or os.path.basename(folder).lower() in names:
            with contextlib.suppress(OSError, ValueError):
                os.lstat(os.path.join(folder, mark))
                return True
    try:
        path = os.path.join(folder, CACHE_TAG)
        if not stat.S_ISREG(os.lstat(path).st_mode):  # reading a pipe would never end
            return False
        with open(path, "rb") as file:
            return file.read(len(_SIGNATURE)) == _SIGNATURE
    except (OSError, ValueError):
        return False


def _prefix(folder: str) -> str:
    return os.path.join(folder, "")


def _read(folder: str) -> list[str] | None:
    """Return the lines of a folder's file of rules; None if it has no such file."""
    path = os.path.join(folder, NAME)
    try:
        if not os.path.lexists(path):
            return None
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise RulesError(folder, "not a regular file")
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise RulesError(folder, "it has more than a megabyte")
        text = raw.decode("utf-8-sig")  # Windows puts a byte-order mark at the start
    except RulesError:
        raise
    except UnicodeDecodeError as error:
        raise RulesError(folder, "it isn't utf-8") from error
    except OSError as error:
        raise RulesError(folder, (error.strerror or str(error)).lower()) from error
    return [line.removesuffix("\r") for line in text.split("\n")]


def _compile(line: str) -> Pattern | None:
    """Return the pattern of a line, or None for a comment or an empty line.

    Raises:
        ValueError: the line is no pattern.
    """
    # Imported here, because most walks meet no rule.
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    text = line if line.endswith("\\ ") else line.rstrip(" ")
    # pathspec's pattern for a folder also matches the entries in the folder. The walk never comes
    # to these. So the slash at the end is cut off, and a flag says that only folders match.
    folders_only = text.endswith("/")
    if folders_only:
        text = text[:-1]
    if text in ("", "!") and (folders_only or not text):
        return None
    if len(text) > _LONGEST:
        raise ValueError("longer than any path")
    if "[:" in text:
        text = _BRACKETS.sub(lambda found: "[" + _CLASS.sub(_characters, found[0][1:]), text)
    expression, ignores = GitIgnoreSpecPattern.pattern_to_regex(text)
    if expression is None or ignores is None:
        return None
    try:
        with warnings.catch_warnings():  # Python warns of [[ and --
            warnings.simplefilter("ignore", FutureWarning)
            return Pattern(re.compile(_linear(expression)), folders_only, ignores)
    except re.error as error:  # [z-a]: pathspec doesn't check it
        raise ValueError(f"no pattern: {text!r}") from error


def _characters(found: re.Match[str]) -> str:
    return _CLASSES[found[1]]


def _linear(expression: str) -> str:
    """Return an expression of pathspec's in a form that needs linear time.

    Without it, a long name and a pattern of many stars take for ever: each star tries every
    length for every length of the stars before it. If any length matches, then the shortest length
    at which the next part fits matches too. So only that length is tried, as in Python's fnmatch.
    """
    expression = _STAR.sub(r"(?>[^/]*?\g<rest>)", expression)
    expression = _DEEP.sub(_shortest, expression)
    return re.sub(r"(?<!\\)\[\^(\]?)(?!/)", r"[^\1/", expression)  # [!a] matches no slash


def _shortest(found: re.Match[str]) -> str:
    return f"(?>{found['deep'].replace('.+', '.+?')}?{found['rest']}(?=/))"
