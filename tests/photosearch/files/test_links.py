"""Links: what a walk comes to anyway is not listed by a link as well."""

import os
from pathlib import Path

from photosearch.files.ignore import NAME, Rules
from photosearch.files.links import Top, Trail


def test_a_folder_is_new_once_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to("a")
    trail = Trail()
    assert trail.is_new(os.stat(tmp_path / "a"))
    assert not trail.is_new(os.stat(tmp_path / "link"))
    assert trail.is_new(os.stat(tmp_path))


def test_a_walk_lists_what_lies_below_and_is_not_ignored(tmp_path: Path) -> None:
    (tmp_path / "a" / "hidden").mkdir(parents=True)
    (tmp_path / "a" / NAME).write_text("/hidden/\n")
    top = Top(f"{tmp_path}/a", f"{tmp_path}/a", Rules())
    assert top.lists(f"{tmp_path}/a") and top.lists(f"{tmp_path}/a/b/c.jpg")
    for path in ("a/hidden/b.jpg", "a/.git/b.jpg", "ab/c.jpg", "b.jpg"):
        assert not top.lists(f"{tmp_path}/{path}"), path


def test_a_link_counts_only_if_its_target_is_listed_nowhere(tmp_path: Path) -> None:
    for name in ("walked/.git", "other"):
        (tmp_path / name).mkdir(parents=True)
    targets = {
        "walked/a.jpg": True,
        "walked/.git/b.jpg": False,  # git-annex keeps every photo there
        "walked/notes": False,  # no walk lists it, as its name is no photo's
        "other/c.jpg": False,
    }
    trail = Trail()
    trail.add(f"{tmp_path}/walked", Rules())
    for number, (target, comes) in enumerate(targets.items()):
        (tmp_path / target).touch()
        link = tmp_path / f"{number}.jpg"
        link.symlink_to(target)
        assert trail.comes_anyway(str(link), is_folder=False) == comes, target
    (tmp_path / "link").symlink_to("walked")
    assert trail.comes_anyway(f"{tmp_path}/link", is_folder=True)
    trail.add(f"{tmp_path}/other", Rules())
    assert trail.comes_anyway(f"{tmp_path}/3.jpg", is_folder=False)


def test_a_walked_link_is_known_by_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.jpg").touch()
    (tmp_path / "walked").symlink_to("real")
    (tmp_path / "b.jpg").symlink_to("real/a.jpg")
    trail = Trail()
    trail.add(f"{tmp_path}/walked", Rules())
    assert trail.comes_anyway(f"{tmp_path}/b.jpg", is_folder=False)
