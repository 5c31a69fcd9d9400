"""The commands of training from shards: pack, train-joint, average, finish."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from captioner.errors import DataError
from captioner.training.options import Device, Out, Threads, set_threads, training_progress
from captioner.training.sources import Role, find_sources, read_source

app = typer.Typer()

CaptionSources = Annotated[
    list[str] | None, typer.Option("--data", help="Folder of captioned photos. Repeatable.")
]
ClassSources = Annotated[
    list[str] | None,
    typer.Option(
        "--classes",
        help="Folder of photos with a class each: in captions.tsv, or images/CLASS/. Repeatable.",
    ),
]
EmbeddingSources = Annotated[
    list[str] | None,
    typer.Option(
        "--embedding-only",
        help="Folder of photos whose texts are no captions to imitate: names of places, say. "
        "Repeatable.",
    ),
]


@app.command("pack")
def pack_command(
    out: Annotated[Path, typer.Option(help="Folder of the shards. Unfinished shards go on.")],
    data: CaptionSources = None,
    classes: ClassSources = None,
    embedding_only: EmbeddingSources = None,
    quality: Annotated[int, typer.Option(min=1, max=100, help="Of the WebP pictures.")] = 90,
) -> None:
    """Pack photos with their texts into shards, to train from on any machine.

    Example: captioner pack --data flickr8k --data coco --classes animals --out shards
    """
    from captioner.training.shards import PackConfig, pack

    sources = named_sources(data, classes, embedding_only)
    photos = [photo for folder, role in sources for photo in read_source(folder, role)]
    with training_progress() as (progress, _):
        pack(photos, out, PackConfig(quality=quality), progress)
    print(out)


@app.command("train-joint")
def train_joint_command(
    out: Out,
    shards: Annotated[
        Path | None, typer.Option(help="Shards of `captioner pack`; by default OUT/shards.")
    ] = None,
    data: CaptionSources = None,
    classes: ClassSources = None,
    embedding_only: EmbeddingSources = None,
    model: Annotated[
        Path | None, typer.Option(help="Model to start from; by default pretrained weights.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(min=0.0, help="Of training.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Rounds through all photos.")] = None,
    photos: Annotated[int, typer.Option(min=2, help="Captioned photos a step.")] = 512,
    rate: Annotated[float, typer.Option(min=0.0, help="Factor of all learning rates.")] = 1.0,
    seed: Annotated[int, typer.Option()] = 1,
    compiled: Annotated[bool, typer.Option("--compile", help="Compile the trunk first.")] = False,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Train all networks together: trunk, embedding, words, captions, classifier.

    The run ends after --minutes or --epochs, with its learning rates at nothing. The photos come
    from --shards, or from folders, which are packed into OUT/shards first. OUT/best is the trained
    model; `captioner finish` completes it.

    Example: captioner train-joint --shards shards --out runs/joint --minutes 12
    """
    if not (minutes or epochs):
        raise DataError("how long to train isn't said", "give --minutes or --epochs")
    from captioner.training.joint_recipe import JointRecipe
    from captioner.training.shards import pack
    from captioner.training.train_joint import Length, Machine, train_joint

    set_threads(threads)
    recipe = JointRecipe().scaled(photos, rate, seed)
    with training_progress() as (progress, report):
        if shards is None:
            shards = out / "shards"
            sources = named_sources(data, classes, embedding_only)
            pack([photo for source in sources for photo in read_source(*source)], shards)
        best = train_joint(
            shards,
            out,
            recipe,
            Length(minutes, epochs),
            model=model,
            machine=Machine(device, compiled),
            progress=progress,
            report=report,
        )
    print(best)


@app.command("average")
def average_command(
    models: Annotated[list[Path], typer.Argument(help="Folders of models of the same shape.")],
    out: Annotated[Path, typer.Option(help="Folder of the new model.")],
) -> None:
    """Average the weights of models, for example of two runs. Then run `captioner finish`.

    Example: captioner average runs/first/best runs/second/best --out runs/average
    """
    from captioner.training.average import average

    average(models, out)
    print(out)


@app.command("finish")
def finish_command(
    model: Annotated[Path, typer.Argument(help="Folder of a trained model.")],
    data: CaptionSources = None,
    classes: ClassSources = None,
    embedding_only: EmbeddingSources = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Take this step, even if it was taken before. Repeatable."),
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="Cache of encoded photos; by default MODEL/../features.")
    ] = None,
    threads: Threads = None,
) -> None:
    """Complete a trained model: calibration, background, captions, graphs, self-test, card.

    Name the folders that the model was trained on: their dev photos are what it is tuned on.
    A step that was taken for these weights is not taken again.

    Example: captioner finish runs/joint/best --data flickr8k --data coco --classes animals
    """
    sources = named_sources(data, classes, embedding_only)
    from captioner.training.finish import Material, Step, finish

    set_threads(threads)
    unknown = [step for step in only or [] if step not in list(Step)]
    if unknown:
        raise DataError(f"there is no step {unknown[0]}", f"choose {', '.join(Step)}")
    material = Material.read(sources, features or model.parent / "features")
    with training_progress() as (_, report):
        finish(model, material, [Step(step) for step in only or []], report)
    print(model)


def named_sources(
    data: list[str] | None, classes: list[str] | None, embedding_only: list[str] | None
) -> list[tuple[Path, Role]]:
    """Return the folders that the options name, with their roles.

    Raises:
        DataError: there are none, or `captioner.training.sources.find_sources` finds no photos.
    """
    if not (data or classes or embedding_only):
        raise DataError("no photos to learn from", "name a folder with --data")
    return find_sources(
        {
            Role.CAPTIONS: data or [],
            Role.CLASSES: classes or [],
            Role.EMBEDDING: embedding_only or [],
        }
    )
