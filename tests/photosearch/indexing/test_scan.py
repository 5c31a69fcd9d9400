"""The scan: what is decided about each file, and what a folder's files add up to."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from captioner.describe.description import PARTS
from photosearch.files.file import File, Skipped
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.scan import (
    Decision,
    Scanned,
    Task,
    decide,
    joined,
    outdated_parts,
    scan,
)
from photosearch.store.known import Known

FILE = File("/p/a.jpg", 100, 7, 1)
KNOWN = Known(100, 7, models=(1, 1, 1))
FAILED = replace(KNOWN, reason="truncated file")
WITH_SIDECAR = replace(FILE, sidecar="/p/a.xmp", sidecar_mtime_ns=5)
SKIPPED = Skipped("/p/b", "broken link")
ONLY = IndexOptions()
FORCE, RETRY, UPGRADE = (
    IndexOptions(force=True),
    IndexOptions(retry=True),
    IndexOptions(upgrade=True),
)


# The table


@pytest.mark.parametrize(
    ("found", "before", "config", "facts", "decision"),
    [
        # Files that are new or changed, whatever is wanted.
        (FILE, None, ONLY, {}, Decision.NEW),
        (FILE, replace(KNOWN, size=99), ONLY, {}, Decision.NEW),
        (FILE, replace(KNOWN, mtime_ns=8), FORCE, {}, Decision.NEW),
        (FILE, replace(FAILED, mtime_ns=8), ONLY, {}, Decision.NEW),
        (FILE, replace(FAILED, size=None, mtime_ns=None), ONLY, {}, Decision.NEW),
        # Known files.
        (FILE, KNOWN, ONLY, {}, Decision.KEEP),
        (FILE, KNOWN, RETRY, {}, Decision.KEEP),
        (FILE, KNOWN, FORCE, {}, Decision.AGAIN),
        (FILE, KNOWN, ONLY, {"outdated": True}, Decision.KEEP),
        (FILE, KNOWN, UPGRADE, {"outdated": True}, Decision.UPGRADE),
        (FILE, KNOWN, UPGRADE, {}, Decision.KEEP),
        # Files that couldn't be decoded.
        (FILE, FAILED, ONLY, {}, Decision.LEAVE),
        (FILE, FAILED, UPGRADE, {"outdated": True}, Decision.LEAVE),
        (FILE, FAILED, RETRY, {}, Decision.AGAIN),
        (FILE, FAILED, FORCE, {}, Decision.AGAIN),
        # Sidecars that came, stayed, changed or went.
        (WITH_SIDECAR, KNOWN, ONLY, {}, Decision.REREAD),
        (WITH_SIDECAR, replace(KNOWN, sidecar_mtime_ns=5), ONLY, {}, Decision.KEEP),
        (WITH_SIDECAR, replace(KNOWN, sidecar_mtime_ns=4), ONLY, {}, Decision.REREAD),
        (FILE, replace(KNOWN, sidecar_mtime_ns=4), ONLY, {}, Decision.REREAD),
        (WITH_SIDECAR, KNOWN, UPGRADE, {"outdated": True}, Decision.UPGRADE),
        # What can't be opened.
        (SKIPPED, None, ONLY, {}, Decision.REPORT),
        (SKIPPED, KNOWN, ONLY, {}, Decision.REPORT),
        (SKIPPED, Known(None, None, reason="permission denied"), ONLY, {}, Decision.REPORT),
        (SKIPPED, Known(None, None, reason="broken link"), ONLY, {}, Decision.LEAVE),
        (SKIPPED, Known(None, None, reason="broken link"), RETRY, {}, Decision.LEAVE),
        (SKIPPED, Known(None, None, reason="broken link"), FORCE, {}, Decision.REPORT),
    ],
)
def test_each_case_has_its_decision(
    found: File | Skipped,
    before: Known | None,
    config: IndexOptions,
    facts: dict[str, bool],
    decision: Decision,
) -> None:
    assert decide(found, before, config, **facts) is decision


def test_metadata_are_read_again_of_all_known_photos_that_are_not_described_again() -> None:
    metadata = IndexOptions(metadata=True)
    assert decide(FILE, KNOWN, metadata) is Decision.REREAD
    assert decide(FILE, None, metadata) is Decision.NEW
    assert decide(FILE, FAILED, metadata) is Decision.LEAVE
    assert decide(FILE, KNOWN, replace(metadata, force=True)) is Decision.AGAIN
    assert decide(FILE, KNOWN, replace(metadata, upgrade=True), outdated=True) is Decision.UPGRADE


def test_a_damaged_sidecar_is_tried_when_it_changes_or_is_not_known_to_fail() -> None:
    damaged = replace(KNOWN, sidecar_mtime_ns=5, sidecar_damaged=True)
    assert decide(WITH_SIDECAR, damaged, ONLY, sidecar_failed=True) is Decision.KEEP
    assert decide(WITH_SIDECAR, damaged, RETRY, sidecar_failed=True) is Decision.REREAD
    assert decide(WITH_SIDECAR, damaged, ONLY, sidecar_failed=False) is Decision.REREAD
    changed = replace(WITH_SIDECAR, sidecar_mtime_ns=6)
    assert decide(changed, damaged, ONLY, sidecar_failed=True) is Decision.REREAD


def by_conditions(
    found: File | Skipped,
    before: Known | None,
    config: IndexOptions,
    outdated: bool,
    sidecar_failed: bool,
) -> Decision:
    """The decision as version 0.1.0 took it: one chain of conditions, where it did the work."""
    force, upgrade, retry = config.force, config.upgrade, config.retry
    if isinstance(found, Skipped):
        if before is None or before.reason != found.reason or force:
            return Decision.REPORT
        return Decision.LEAVE
    if before is None or (before.size, before.mtime_ns) != (found.size, found.mtime_ns):
        return Decision.NEW
    elif force or (retry and before.reason):
        return Decision.AGAIN
    elif before.reason is not None:
        return Decision.LEAVE
    elif upgrade and outdated:
        return Decision.UPGRADE
    time = found.sidecar_mtime_ns
    if before.metadata_unread:  # 0.1.0 stored time 0, which no sidecar had
        sidecar_changed = True
    elif before.sidecar_damaged and before.sidecar_mtime_ns == time:
        sidecar_changed = retry or not sidecar_failed
    else:
        sidecar_changed = before.sidecar_mtime_ns != time
    return Decision.REREAD if sidecar_changed else Decision.KEEP


# Time, whether it was damaged, and whether what people wrote was never read.
SIDECARS = (
    (None, False, False), (5, False, False), (4, False, False), (5, True, False), (4, True, False),
    (None, False, True), (5, False, True),
)  # fmt: skip

Case = tuple[File | Skipped, Known | None, IndexOptions, bool, bool]


def all_cases() -> Iterator[Case]:
    flags = (False, True)
    configs = [
        IndexOptions(force=force, upgrade=upgrade, retry=retry)
        for force, upgrade, retry in itertools.product(flags, flags, flags)
    ]
    befores: list[Known | None] = [None]
    befores += [
        Known(size, mtime_ns, missing, reason, (1, 1, 1), *sidecar)
        for size, mtime_ns, missing, reason, sidecar in itertools.product(
            (100, 99, None), (7, 8, None), flags, (None, "broken link", "else"), SIDECARS
        )
    ]
    founds: list[File | Skipped] = [FILE, WITH_SIDECAR, SKIPPED]
    yield from itertools.product(founds, befores, configs, flags, flags)


def test_all_combinations_are_decided_as_by_conditions() -> None:
    met = set()
    for found, before, config, outdated, sidecar_failed in all_cases():
        decision = decide(found, before, config, outdated=outdated, sidecar_failed=sidecar_failed)
        expected = by_conditions(found, before, config, outdated, sidecar_failed)
        assert decision is expected, (found, before, config, outdated, sidecar_failed)
        met.add(decision)
    assert met == set(Decision)


def test_a_part_is_outdated_if_another_model_made_it_or_none_did() -> None:
    before = Known(1, 1, models=(1, None, 3))
    assert outdated_parts(before, (1, 2, 3)) == ("tags",)
    assert outdated_parts(before, (2, 2, 3)) == ("captions", "tags")
    assert outdated_parts(before, (1, None, None)) == ("tags", "vectors")
    assert outdated_parts(before, None) == outdated_parts(None, (1, 2, 3)) == ()


# A folder


def scanned(
    known: dict[str, Known],
    *entries: File | Skipped,
    config: IndexOptions = ONLY,
    root: str = "/p",
) -> Scanned:
    def known_in(path: str) -> dict[str, Known]:
        return {
            name: value
            for name, value in known.items()
            if name == path or name.startswith(f"{path}/")
        }

    return scan(root, "/p", entries, known_in, (1, 1, 1), config)


def test_what_is_not_found_is_gone_unless_its_folder_is_closed(tmp_path: Path) -> None:
    root = str(tmp_path)
    known = {
        f"{root}/{name}": KNOWN for name in ("a.jpg", "gone.jpg", "closed/b.jpg", "closed.jpg")
    }
    found = scanned(
        known,
        replace(FILE, path=f"{root}/a.jpg"),
        Skipped(f"{root}/closed", "permission denied"),
        root=root,
    )
    assert found.gone == [f"{root}/gone.jpg", f"{root}/closed.jpg"]
    assert [failure.stage for failure in found.failures] == ["walk"]
    assert (found.unchanged, found.failed_before, found.fresh, found.todo) == (1, 0, [], [])


def test_hidden_photos_return_and_old_failures_are_counted(tmp_path: Path) -> None:
    root = str(tmp_path)
    hidden = replace(KNOWN, missing=True)
    known = {f"{root}/a.jpg": hidden, f"{root}/b.jpg": FAILED, f"{root}/c.jpg": hidden}
    files = [replace(FILE, path=path) for path in known]
    files[2] = replace(files[2], size=1)
    found = scanned(known, *files, root=root)
    assert found.returned == [files[0].path]  # a changed photo comes back once it is described
    assert (found.unchanged, found.failed_before) == (1, 1)
    assert found.fresh == [Task("/p", files[2])]


def test_each_decision_becomes_its_task(tmp_path: Path) -> None:
    root = str(tmp_path)
    new, old, sidecar = (replace(FILE, path=f"{root}/{name}.jpg") for name in ("a", "b", "c"))
    sidecar = replace(sidecar, sidecar=f"{root}/c.xmp", sidecar_mtime_ns=5)
    known = {
        old.path: replace(KNOWN, models=(1, 2, 1)),
        sidecar.path: replace(KNOWN, models=(2, 1, 1)),
    }
    found = scanned(known, new, old, sidecar, root=root)
    assert found.fresh == [Task("/p", new)]
    assert found.todo == [Task("/p", sidecar, ())]
    assert (found.unchanged, found.outdated) == (1, 2)
    upgraded = scanned(known, new, old, sidecar, root=root, config=UPGRADE)
    assert upgraded.todo == [Task("/p", old, ("tags",)), Task("/p", sidecar, ("captions",))]
    assert (upgraded.unchanged, upgraded.outdated) == (0, 0)
    forced = scanned(known, new, old, sidecar, root=root, config=FORCE)
    assert forced.todo == [Task("/p", old, PARTS), Task("/p", sidecar, PARTS)]


def test_a_sidecar_that_fails_is_no_photo_that_is_gone(tmp_path: Path) -> None:
    root = str(tmp_path)
    photo = replace(FILE, path=f"{root}/a.jpg", sidecar=f"{root}/a.xmp", sidecar_mtime_ns=5)
    known = {
        photo.path: replace(KNOWN, sidecar_mtime_ns=5, sidecar_damaged=True),
        f"{root}/a.xmp": Known(None, 5, reason="damaged"),
        f"{root}/b.xmp": Known(None, 5, reason="damaged"),
    }
    found = scanned(known, photo, root=root)
    assert (found.unchanged, found.failed_before, found.gone) == (1, 1, [f"{root}/b.xmp"])
    # The sidecar of a photo that is given by itself doesn't lie below it.
    single = replace(photo, path=photo.path)
    found = scanned(known, single, root=photo.path)
    assert (found.unchanged, found.failed_before, found.gone) == (1, 1, [])


@pytest.mark.parametrize("config", [ONLY, RETRY, FORCE])
@pytest.mark.parametrize("twin_known", [False, True])
@pytest.mark.parametrize("before", [None, KNOWN, FAILED, replace(FAILED, size=1)])
def test_a_twin_is_looked_at_only_where_it_stands_in(
    tmp_path: Path, before: Known | None, twin_known: bool, config: IndexOptions
) -> None:
    root = str(tmp_path)
    twin = replace(FILE, path=f"{root}/a.dng")
    photo = replace(FILE, path=f"{root}/a.jpg", twin=twin)
    known = {} if before is None else {photo.path: before}
    known |= {twin.path: KNOWN} if twin_known else {}
    found = scanned(known, photo, root=root, config=config)
    failed = before is not None and before.reason is not None
    tried = before is not None and (before.size != 100 or config in (RETRY, FORCE))
    assert found.stand_ins == ([twin.path] if failed and (twin_known or not tried) else [])
    assert found.gone == ([twin.path] if twin_known and not failed else [])


def test_several_folders_add_up() -> None:
    parts = [
        Scanned([Task("/p", FILE)], unchanged=1, gone=["/p/x.jpg"]),
        Scanned([], [Task("/q", FILE, ())], unchanged=2, outdated=3, stand_ins=["/q/a.dng"]),
    ]
    assert joined(parts) == Scanned(
        [Task("/p", FILE)], [Task("/q", FILE, ())], ["/p/x.jpg"], [], ["/q/a.dng"], [], 3, 0, 3
    )
    assert joined([]) == Scanned()
    assert [len(part.fresh) for part in parts] == [1, 0]  # none of them is changed
