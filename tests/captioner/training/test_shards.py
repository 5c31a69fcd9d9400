import json
from pathlib import Path

import numpy as np
import pytest

from captioner.errors import DataError
from captioner.training.pixels import load
from captioner.training.shards import INDEX, PackConfig, Shards, pack
from captioner.training.sources import Photo, Role, read_source

SMALL = PackConfig(image_size=32, most_bytes=1500)  # about three toy photos a shard


class CutOff(Exception):
    pass


@pytest.fixture
def photos(toy_data: Path) -> list[tuple[Photo, Path]]:
    return read_source(toy_data, Role.CAPTIONS)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_what_is_packed_comes_back(photos: list[tuple[Photo, Path]], tmp_path: Path) -> None:
    pack(photos, tmp_path / "out", SMALL)
    shards = Shards.open(tmp_path / "out")
    assert list(shards.photos) == [photo for photo, _ in photos]
    files = list((tmp_path / "out").glob("shard-*"))
    assert len(files) > 2
    assert max(file.stat().st_size for file in files) <= SMALL.most_bytes
    pixels = shards.decode(workers=1)
    assert pixels.shape == (16, 32, 32, 3) and pixels.dtype == np.uint8
    plain = np.stack([load(file, 32) for _, file in photos])
    assert np.abs(pixels.astype(int) - plain).max() < 12  # WebP changes plain colours a little
    chosen = [9, 0, 15]
    assert np.array_equal(shards.decode(chosen, workers=1), pixels[chosen])


@pytest.mark.slow
def test_processes_decode_the_same(photos: list[tuple[Photo, Path]], tmp_path: Path) -> None:
    pack(photos * 9, tmp_path, PackConfig(image_size=32))
    shards = Shards.open(tmp_path)
    assert np.array_equal(shards.decode(workers=2), shards.decode(workers=1))


def test_a_pack_that_is_cut_off_goes_on_to_the_same_bytes(
    photos: list[tuple[Photo, Path]], tmp_path: Path
) -> None:
    def cut_off(done: int, total: int) -> None:
        assert total == 16
        if done == 7:
            raise CutOff

    pack(photos, tmp_path / "whole", SMALL)
    with pytest.raises(CutOff):
        pack(photos, tmp_path / "cut", SMALL, cut_off)
    with pytest.raises(DataError, match=r"holds \d of 16 photos: give the same"):
        Shards.open(tmp_path / "cut")
    begun = list((tmp_path / "cut").glob("*.zip"))
    times = {file: file.stat().st_mtime_ns for file in begun}
    pack(photos, tmp_path / "cut", SMALL)
    assert times == {file: file.stat().st_mtime_ns for file in begun}
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
    with pytest.raises(DataError, match="shards of other photos"):
        pack(photos[1:], tmp_path / "cut", SMALL)


def test_damage_is_told_by_name(photos: list[tuple[Photo, Path]], tmp_path: Path) -> None:
    pack(photos, tmp_path, PackConfig(image_size=32))
    shards = Shards.open(tmp_path)
    shard = tmp_path / "shard-0000.zip"
    whole = shard.read_bytes()
    inside = whole.index(b"000001.webp") + 60  # pixels of the second photo
    shard.write_bytes(whole[:inside] + b"?" + whole[inside + 1 :])
    with pytest.raises(DataError, match=rf"damaged \(photo toy/{photos[1][0].name}\)") as error:
        Shards.open(tmp_path)
    assert "\n" not in str(error.value)
    with pytest.raises(DataError, match=r"photo 1 in .*shard-0000\.zip is damaged"):
        shards.decode(workers=1)
    shard.write_bytes(whole[:100])
    with pytest.raises(DataError, match="is damaged: copy it again"):
        Shards.open(tmp_path)
    shard.unlink()
    with pytest.raises(DataError, match=r"shard-0000\.zip is missing"):
        Shards.open(tmp_path)
    for text in ("[]", "{", json.dumps({"shards": []})):
        (tmp_path / INDEX).write_text(text)
        with pytest.raises(DataError, match="damaged"):
            Shards.open(tmp_path)
    with pytest.raises(DataError, match="no shards in"):
        Shards.open(tmp_path / "nowhere")


def test_a_photo_that_cannot_be_packed_is_named(
    photos: list[tuple[Photo, Path]], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="is larger than a shard"):
        pack(photos, tmp_path / "tiny", PackConfig(image_size=32, most_bytes=300))
    photos[3][1].write_text("no picture")
    with pytest.raises(DataError, match=f"{photos[3][1].name} can't be read"):
        pack(photos, tmp_path / "out", SMALL)
