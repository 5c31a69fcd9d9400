"""What people wrote into photos, by the installed commands and the real model."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SIDECAR = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
         xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Description>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.slow
def test_a_sidecar_is_read_shown_and_ranked_above_the_model(
    run: Run, library: Any, tmp_path: Path
) -> None:
    photos = tmp_path / "album"
    photos.mkdir()
    for name in ("chelsea.png", "rocket.jpg"):
        shutil.copyfile(library.photos / name, photos / name)
    db = tmp_path / "library.db"
    options = ("--device", "cpu", "--workers", "0", "--threads", "1")
    assert run("index", photos, *options, db=db).returncode == 0
    generated = found(run, db, "cat")[0]
    assert generated["path"] == str(photos / "chelsea.png")
    sidecar = photos / "rocket.jpg.xmp"
    sidecar.write_text(SIDECAR.format("The cat sat in here"), encoding="utf-8")
    before = {path.name: path.read_bytes() for path in photos.iterdir()}
    done = run("index", photos, *options, db=db)
    assert done.stdout == "metadata of 1 photo read again, 1 unchanged\n"
    first, second = found(run, db, "cat")
    assert (first["path"], first["caption"]) == (str(photos / "rocket.jpg"), "The cat sat in here")
    assert first["matches"] == {"caption": ["cat"], "description": ["cat"]}
    assert second["caption"] == generated["caption"]
    os.unlink(sidecar)
    assert run("index", photos, *options, db=db).returncode == 0
    assert found(run, db, "cat")[0]["caption"] == generated["caption"]
    del before["rocket.jpg.xmp"]
    assert {path.name: path.read_bytes() for path in photos.iterdir()} == before


def found(run: Run, db: Path, query: str) -> list[dict[str, Any]]:
    done = run("find", query, "--json", db=db)
    assert done.returncode == 0, done.stderr
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results
