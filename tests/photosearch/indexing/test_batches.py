"""Batches: full by their photos, in order, with what each of them took."""

import itertools
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from captioner.describe.description import PARTS
from photosearch.files.file import File
from photosearch.files.walk import walk
from photosearch.indexing.batches import (
    ReadBatch,
    decode_batches,
    describe_batches,
    photo_of,
)
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.scan import Task
from photosearch.indexing.summary import Stages
from photosearch.photo.decode import Decoded, decode, decode_file
from photosearch.photo.user_metadata import UserMetadata
from photosearch.store.failures import Failure, Stage
from tests.fakes import FakeDescriber, shade

HERE = IndexOptions(workers=0)
XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Rome</dc:title></rdf:Description>
</rdf:RDF></x:xmpmeta>"""


def tasks_in(folder: Path) -> list[Task]:
    return [Task(str(folder), item) for item in walk(str(folder)) if isinstance(item, File)]


def paint(folder: Path, name: str, shade: int = 50) -> Path:
    Image.new("L", (9, 9), shade).save(folder / name)
    return folder / name


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Good photos, 0 to 6, and after each but the last a spoilt one."""
    for number in range(7):
        paint(tmp_path, f"{number}-good.png", 10 * number)
        if number < 6:
            (tmp_path / f"{number}-spoilt.png").write_bytes(b"no photo")
    return tmp_path


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_all_files_come_once_and_in_order(mixed: Path, size: int) -> None:
    todo = tasks_in(mixed)
    batches = list(decode_batches(todo, 8, HERE, lambda: size))
    photos = [task for batch in batches for task, _ in batch.photos]
    assert photos == [task for task in todo if "good" in task.file.path]
    failures = [failure.path for batch in batches for failure in batch.failures]
    assert failures == [task.file.path for task in todo if "spoilt" in task.file.path]
    # Only the last batch may be smaller.
    assert all(len(batch.photos) == size for batch in batches[:-1] if batch.photos)
    assert all(batch.stages.decode > 0 for batch in batches)
    assert all(batch.stages.describe == batch.stages.write == 0 for batch in batches)


def test_many_failures_are_a_batch_without_photos(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.png").write_bytes(b"no photo")
    paint(tmp_path, "z.png")
    batches = list(decode_batches(tasks_in(tmp_path), 8, HERE, lambda: 2))
    assert [(len(batch.photos), len(batch.failures)) for batch in batches] == [
        (0, 2),
        (0, 2),
        (1, 1),
    ]


def test_the_size_of_a_batch_may_change_meanwhile(mixed: Path) -> None:
    sizes = itertools.chain([3] * 6, itertools.repeat(1))
    batches = decode_batches(tasks_in(mixed), 8, HERE, lambda: next(sizes))
    assert sum(len(batch.photos) for batch in batches) == 7


def test_a_file_out_of_reach_is_as_if_it_had_changed(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no photo")
    (tmp_path / "b.png").touch()
    todo = tasks_in(tmp_path)
    (tmp_path / "b.png").unlink()
    (batch,) = decode_batches(todo, 8, HERE, lambda: 9)
    spoilt, gone = todo[0].file, todo[1].file
    assert batch.failures == [
        Failure(spoilt.path, batch.failures[0].reason, spoilt.size, spoilt.mtime_ns),
        Failure(gone.path, "file is gone"),  # without size and time: tried again
    ]


def test_batches_are_described_in_order_with_their_failures(mixed: Path) -> None:
    describer = FakeDescriber(shade)
    decoded = decode_batches(tasks_in(mixed), 8, HERE, lambda: 3)
    batches = list(describe_batches(decoded, describer, PARTS))
    said = [photo.description for batch in batches for photo in batch.photos]
    captions = [each.captions[0].text for each in said if each is not None and each.captions]
    assert captions == [f"shade {10 * number}" for number in range(7)]
    assert describer.batches == [3, 3, 1]
    assert sum(len(batch.failures) for batch in batches) == 6
    assert all(batch.stages.decode > 0 for batch in batches)
    assert all((batch.stages.describe > 0) == bool(batch.photos) for batch in batches)


def test_only_the_wanted_parts_are_made(tmp_path: Path) -> None:
    paint(tmp_path, "a.png")
    describer = FakeDescriber(shade)
    decoded = decode_batches(tasks_in(tmp_path), 8, HERE, lambda: 3)
    (batch,) = describe_batches(decoded, describer, ("tags",))
    (photo,) = batch.photos
    assert describer.asked == [("tags",)] and photo.description is not None
    assert photo.description.tags is not None
    assert (photo.description.captions, photo.description.vector) == (None, None)


def test_a_batch_without_photos_asks_nobody() -> None:
    failure = Failure("/p/a.png", "truncated file")
    describer = FakeDescriber()
    (batch,) = describe_batches([ReadBatch([], [failure], Stages(decode=1))], describer, PARTS)
    assert (batch.photos, batch.failures, batch.stages) == ([], [failure], Stages(decode=1))
    assert describer.batches == []


def test_a_batch_is_described_while_the_next_is_decoded(tmp_path: Path) -> None:
    paint(tmp_path, "a.png")
    (task,) = tasks_in(tmp_path)
    described, asked = threading.Event(), threading.Event()

    def batches() -> Iterator[ReadBatch]:
        yield ReadBatch([(task, decode(task.file.path, 8))], [], Stages())
        assert described.wait(10)  # of the first, though nobody has taken it yet
        asked.set()
        yield ReadBatch([(task, decode(task.file.path, 8))], [], Stages())

    describer = FakeDescriber(shade, probe=lambda call: described.set())
    assert len(list(describe_batches(batches(), describer, PARTS))) == 2
    assert asked.is_set()


def test_an_error_of_the_describer_ends_all(mixed: Path) -> None:
    def fail(call: int) -> None:
        if call == 2:
            raise RuntimeError("out of memory")

    decoded = decode_batches(tasks_in(mixed), 8, HERE, lambda: 2)
    described = describe_batches(decoded, FakeDescriber(probe=fail), PARTS)
    assert len(next(described).photos) == 2
    with pytest.raises(RuntimeError, match="out of memory"):
        list(described)


# A photo with its sidecar


def test_a_photo_is_what_its_file_and_its_sidecar_tell(tmp_path: Path) -> None:
    paint(tmp_path, "a.png")
    (tmp_path / "a.xmp").write_text(XMP)
    (task,) = tasks_in(tmp_path)
    ((decoded_task, decoded),) = next(decode_batches([task], 8, HERE, lambda: 1)).photos
    photo = photo_of(decoded_task, decoded)
    assert photo.user_metadata == UserMetadata("Rome")
    assert (photo.description, photo.unread, photo.root) == (None, None, str(tmp_path))
    assert (photo.format, photo.width, photo.height) == ("PNG", 9, 9)
    assert photo.content_hash == decode(task.file.path, 8).content_hash


def test_a_damaged_sidecar_is_tried_again_when_it_changes(tmp_path: Path) -> None:
    paint(tmp_path, "a.png")
    (tmp_path / "a.xmp").write_text("<broken")
    (task,) = tasks_in(tmp_path)
    photo = photo_of(task, decode_file(task.file, 8))
    assert photo.unread is not None and photo.user_metadata == UserMetadata()
    assert (photo.unread.path, photo.unread.stage) == (f"{tmp_path}/a.xmp", Stage.SIDECAR)
    assert photo.unread.mtime_ns == os.stat(tmp_path / "a.xmp").st_mtime_ns
    assert photo.unread.size is None


def test_a_sidecar_out_of_reach_is_tried_in_the_next_run(tmp_path: Path) -> None:
    paint(tmp_path, "a.png")
    (tmp_path / "a.xmp").write_text(XMP)
    (task,) = tasks_in(tmp_path)
    (tmp_path / "a.xmp").unlink()
    photo = photo_of(task, decode_file(task.file, 8))
    assert photo.unread == Failure(
        f"{tmp_path}/a.xmp", "can't be read: it is gone", stage=Stage.SIDECAR
    )


def test_a_hash_that_is_known_is_not_computed_again(tmp_path: Path) -> None:
    path = str(paint(tmp_path, "a.png"))
    file = File(path, 1, 1, 1, content_hash=b"known before")
    assert decode_file(file, 8).content_hash == b"known before"
    plain: Decoded = decode_file(File(path, 1, 1, 1), 8)
    assert plain.content_hash == decode(path, 8).content_hash != None  # noqa: E711
    assert np.array_equal(plain.pixels, decode(path, 8).pixels)
