"""Ignore rules: what git would list is listed, and a rule that can't be read loses nothing."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from photosearch.files.file import File, Skipped
from photosearch.files.ignore import CACHE_TAG, NAME, PASSED_OVER, Rules, RulesError, reach
from photosearch.files.walk import walk

AsNobody = Callable[[], contextlib.AbstractContextManager[None]]
SUFFIXES = (".jpg", ".png")
SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55"


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def rule(folder: Path, *lines: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def listed(root: Path, exclude: Sequence[str] = (), inner: Sequence[Path] = ()) -> list[str]:
    """Paths of the photos found, relative to the root; fails when anything was skipped."""
    rules = Rules().excluding(str(root), exclude)
    found = list(walk(str(root), rules, [str(path) for path in inner]))
    assert [item for item in found if isinstance(item, Skipped)] == []
    return [os.path.relpath(item.path, root) for item in found]


def test_rules_hold_in_the_folder_and_below(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "a.png", "b/a.png", "b/raw/c.jpg", "d/raw/e.jpg", "d/draft.jpg")
    rule(tmp_path, "# comments, empty lines and Windows' line ends\r", "\r", "*.png\r")
    rule(tmp_path / "b", "raw/")
    assert listed(tmp_path) == ["a.jpg", "d/draft.jpg", "d/raw/e.jpg"]


def test_deeper_rules_beat_higher_ones_and_later_lines_earlier_ones(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "keep.png", "b/a.png", "b/c.png")
    rule(tmp_path, "*.png", "!keep.png")
    rule(tmp_path / "b", "!*.png", "c.*")
    assert listed(tmp_path) == ["b/a.png", "keep.png"]


def test_a_slash_anchors_a_pattern_and_one_at_its_end_means_folders(tmp_path: Path) -> None:
    make(
        tmp_path,
        "top.jpg",
        "a/top.jpg",
        "album.jpg/1.jpg",
        "b/album.jpg",
        "x/y/1.jpg",
        "z/x/y/1.jpg",
    )
    rule(tmp_path, "/top.jpg", "album.jpg/", "x/y")
    assert listed(tmp_path) == ["a/top.jpg", "b/album.jpg", "z/x/y/1.jpg"]


def test_an_ignored_folder_is_not_opened(public_folder: Path, as_nobody: AsNobody) -> None:
    make(public_folder, "a.jpg", "locked/b.jpg")
    rule(public_folder, "locked/")
    (public_folder / "locked").chmod(0)
    with as_nobody():
        assert listed(public_folder) == ["a.jpg"]


def test_a_root_is_never_ignored_nor_judged_by_what_lies_above(tmp_path: Path) -> None:
    make(tmp_path, "node_modules/a.jpg", "b/a.jpg")
    rule(tmp_path, "*")
    (tmp_path / "b" / CACHE_TAG).write_text(SIGNATURE)
    assert listed(tmp_path) == []
    assert listed(tmp_path / "node_modules") == ["a.jpg"]
    assert listed(tmp_path / "b") == ["a.jpg"]
    assert listed(tmp_path / "b" / "a.jpg") == ["."]


def test_exclusions_are_seen_from_the_root_and_asked_first(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b/a.jpg", "b/c.png", "raw/d.jpg", "b/raw/e.jpg")
    rule(tmp_path / "b", "!c.png")
    assert listed(tmp_path, ["/raw", "*.png"]) == ["a.jpg", "b/a.jpg", "b/raw/e.jpg"]
    assert listed(tmp_path, ["*", "!a.jpg"]) == ["a.jpg"]


@pytest.mark.parametrize("pattern", ["", "# x", "a\\", "!", "/", "[z-a]", "a" * 5000])
def test_a_bad_exclusion_is_a_value_error(pattern: str) -> None:
    with pytest.raises(ValueError, match="exclude"):
        Rules().excluding("/", [pattern])


# Rules that can't be used


def unreadable(folder: Path) -> None:
    rule(folder, "*.png").chmod(0)


SPOILERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "closed": (unreadable, "permission denied"),
    "utf-16": (lambda f: (f / NAME).write_text("*.png", "utf-16"), "it isn't utf-8"),
    "folder": (lambda f: (f / NAME).mkdir(), "not a regular file"),
    "pipe": (lambda f: os.mkfifo(f / NAME), "not a regular file"),
    "link": (lambda f: (f / NAME).symlink_to("nowhere"), "no such file or directory"),
    "nonsense": (lambda f: rule(f, "*.png", "a\\"), "line 2 is no pattern"),
}


@pytest.mark.parametrize("kind", SPOILERS)
def test_a_folder_with_rules_that_cannot_be_used_is_skipped_in_one_line(
    public_folder: Path, as_nobody: AsNobody, kind: str
) -> None:
    spoil, reason = SPOILERS[kind]
    make(public_folder, "a.jpg", "b/c.jpg", "b/d/e.jpg")
    spoil(public_folder / "b")
    with as_nobody():
        found = list(walk(str(public_folder)))
        with pytest.raises(RulesError, match=reason):
            walk(f"{public_folder}/b")
    why = f"folder can't be opened: its {NAME} can't be used: {reason}"
    assert [item for item in found if isinstance(item, Skipped)] == [
        Skipped(f"{public_folder}/b", why)
    ]
    assert [item.path for item in found if isinstance(item, File)] == [f"{public_folder}/a.jpg"]


def test_rules_of_many_megabytes_are_not_read(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg")
    with (tmp_path / NAME).open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(RulesError, match="more than a megabyte"):
        walk(str(tmp_path))


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*a" * 25 + "b", "a" * 250),
        ("*" * 60 + "b", "a" * 250),
        ("**/a/" * 25 + "b", "a/" * 500 + "a"),
        ("**/*a*/" * 12 + "b", "aaaa/" * 200 + "a"),
        ("?*" * 30 + "[b]", "a" * 250),
    ],
)
def test_no_pattern_takes_for_ever(pattern: str, name: str) -> None:
    rules = Rules().excluding("/", [pattern])
    assert not rules.ignores(f"/{name}", is_folder=False)
    assert rules.ignores(f"/{name[:-1]}b", is_folder=False)


@pytest.mark.parametrize("line", ["[" * 4000, "[a" * 2000, "[[:alpha:]" * 400, "[[:" * 1300])
def test_no_line_takes_long_to_read(tmp_path: Path, line: str) -> None:
    make(tmp_path, "a.jpg")
    rule(tmp_path, line)
    started = time.process_time()
    assert listed(tmp_path) == ["a.jpg"]
    assert time.process_time() - started < 1


def test_rules_may_start_with_a_byte_order_mark(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.png")
    (tmp_path / NAME).write_text("*.png", encoding="utf-8-sig")
    assert listed(tmp_path) == ["a.jpg"]


# What is ignored without rules


def test_names_are_passed_over_however_capitalised(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", *(f"{name}/b.jpg" for name in PASSED_OVER))
    make(tmp_path, "@EADIR/b.jpg", "My Previews.LRDATA/b.jpg", "#Recycle/b.jpg")
    assert listed(tmp_path) == ["a.jpg"]


def test_common_words_are_passed_over_only_in_programs_own_folders(tmp_path: Path) -> None:
    make(tmp_path, "cache/a.jpg", "Thumbnails/a.jpg", "resources/a.jpg")
    make(tmp_path, "P.photoslibrary/originals/a.jpg", "P.photoslibrary/resources/b.jpg")
    make(tmp_path, "I.photolibrary/Masters/a.jpg", "I.photolibrary/Thumbnails/b.jpg")
    make(tmp_path, "Shoot/CaptureOne/Cache/b.jpg", "Shoot/Output/a.jpg", "NoCaptureOne/Cache/a.jpg")
    found = listed(tmp_path)
    assert len(found) == 7 and all(name.endswith("a.jpg") for name in found)


def test_what_photo_servers_make_is_passed_over(tmp_path: Path) -> None:
    marked = {
        "immich/thumbs": ".immich", "immich/encoded-video": ".immich", "immich/profile": ".immich",
        "immich/library": ".immich", "immich/upload": ".immich", "prism/storage": ".ppstorage",
    }  # fmt: skip
    for folder, mark in marked.items():
        make(tmp_path, f"{folder}/{mark}", f"{folder}/ab/a.jpg")
    make(tmp_path, "cloud/appdata_oc7i1lu91hlw/preview/a.jpg", "cloud/ann/files_versions/a.jpg")
    make(tmp_path, "cloud/ann/files_trashbin/files/a.jpg", "cloud/ann/files/a.jpg")
    # A person's own folders have these names, too.
    make(tmp_path, "thumbs/a.jpg", "profile/a.jpg", "storage/a.jpg", "appdata_ann/a.jpg")
    assert listed(tmp_path) == [
        "appdata_ann/a.jpg", "cloud/ann/files/a.jpg", "immich/library/ab/a.jpg",
        "immich/upload/ab/a.jpg", "profile/a.jpg", "storage/a.jpg", "thumbs/a.jpg",
    ]  # fmt: skip
    assert reach(str(tmp_path), f"{tmp_path}/immich/thumbs/ab/a.jpg") is None
    assert reach(str(tmp_path), f"{tmp_path}/thumbs/a.jpg") is not None


def test_a_folder_tagged_as_a_cache_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "a/1.jpg", "b/2.jpg", "c/3.jpg", "d/4.jpg")
    (tmp_path / "a" / CACHE_TAG).write_text(f"{SIGNATURE}\n# made by a test\n")
    (tmp_path / "b" / CACHE_TAG).write_text("something else")
    os.mkfifo(tmp_path / "c" / CACHE_TAG)
    (tmp_path / "d" / CACHE_TAG).symlink_to("../a/" + CACHE_TAG)
    assert listed(tmp_path) == ["b/2.jpg", "c/3.jpg", "d/4.jpg"]


def test_a_link_to_what_is_ignored_is_followed(tmp_path: Path) -> None:
    make(tmp_path, "archive/1.jpg", "archive/2.jpg", "seen/3.jpg")
    rule(tmp_path, "archive/")
    (tmp_path / "best.jpg").symlink_to("archive/1.jpg")
    (tmp_path / "copy.jpg").symlink_to("seen/3.jpg")
    assert listed(tmp_path) == ["best.jpg", "seen/3.jpg"]


# As git does it


_names = st.sampled_from(["a", "b", "ab", "a.jpg", "b.jpg", "ab.jpg", "b.png", "[a].jpg"])
_parts = st.sampled_from(
    "a b ab a.jpg b.jpg * ** a* ? *.jpg [ab] [!a] *b* b.* \\[a].jpg *a*.*g ?*b?*p? [[:lower:].]* "
    "*[![:digit:]b]*.*[pg] a[!b]b [[:punct:]a]* *[[:graph:]] [!]b]* [:alpha:]* \\[[:alpha:]].jpg "
    "[[]a* ** **".split()
)
_lines = st.builds(
    lambda mark, start, parts, end: mark + start + "/".join(parts) + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(_parts, min_size=1, max_size=5),
    st.sampled_from(["", "", "/", " ", "/**"]),
)
_files = st.lists(st.lists(_names, min_size=1, max_size=4).map("/".join), min_size=1, max_size=12)
_rules = st.dictionaries(
    st.sampled_from([".", "a", "b", "a/b"]), st.lists(_lines, min_size=1, max_size=4), max_size=3
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty repository, whose work tree each command names."""
    if not shutil.which("git"):
        pytest.skip("compares with git, which isn't installed")
    folder = tmp_path_factory.mktemp("git")
    subprocess.run(["git", "init", "-q", "--bare", folder], check=True)
    return folder


@settings(max_examples=100, deadline=None)
@given(_files, _rules, st.lists(_lines, max_size=2))
@example(["a/b.jpg", "a/b/a.jpg"], {".": ["a/**", "!a/b.jpg"]}, [])
@example(["a/b.jpg", "a/b.png"], {".": ["*", "!*/", "!*.jpg"]}, [])
@example(["a/b/a.jpg", "b/a.jpg"], {".": ["/a/*", "!/a/b"], "a": ["b/"]}, [])
@example(["b/a/b/a/a.jpg"], {".": ["**/a/**/b/**/*.jpg"]}, [])
@example(["a/b/a/a.jpg", "a/b.jpg"], {".": ["**/b/**/?/**"]}, [])
@example(["a/a.jpg"], {".": ["a/"], "a": ["!a.jpg"]}, ["!a"])
def test_lists_what_git_lists(
    repository: Path, files: list[str], rules: dict[str, list[str]], exclude: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "root")
        for file in files:
            with contextlib.suppress(OSError):  # a file where a folder is needed, or vice versa
                make(root, file)
        for folder, lines in rules.items():
            if (root / folder).is_dir():
                rule(root / folder, *lines)
        command = ["git", f"--git-dir={repository}", f"--work-tree={root}", "ls-files", "-z"]
        command += ["--others", f"--exclude-per-directory={NAME}"]
        command += [f"--exclude={pattern.rstrip()}" for pattern in exclude]
        told = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout
        photos = {path for path in os.fsdecode(told).split("\0") if path.endswith(SUFFIXES)}
        assert set(listed(root, exclude)) == photos
