"""The `captioner` command: train, evaluate and try a captioner."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from captioner.describe import engines
from captioner.errors import CaptionerError

app = typer.Typer(
    help="Train, evaluate and try the captioner of photosearch.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Data = Annotated[
    list[str],
    typer.Option(
        "--data",
        help="Folder with images/, captions.tsv and perhaps splits/. It may lie in the folder "
        "that PHOTOSEARCH_DATA names. Repeatable.",
    ),
]
Model = Annotated[Path | None, typer.Option(help="Model folder; by default the shipped model.")]
Out = Annotated[Path, typer.Option(help="Folder for the run. An unfinished run in it goes on.")]
Features = Annotated[
    Path | None, typer.Option(help="Cache of encoded photos; by default OUT/features.")
]
Threads = Annotated[int | None, typer.Option(min=1, help="Processor threads.")]
Device = Annotated[str, typer.Option(help=f"For torch: {', '.join(engines.Device)}.")]


def show_version(asked: bool) -> None:
    """Print the version and end, if that is asked for."""
    if asked:
        import captioner

        print(f"captioner {captioner.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=show_version, is_eager=True),
    ] = False,
) -> None:
    """Train, evaluate and try the captioner of photosearch."""


@app.command("train")
def train_command(
    data: Data,
    out: Out,
    epochs: Annotated[int, typer.Option(min=1)] = 15,
    learning_rate: Annotated[float, typer.Option(min=0.0)] = 1e-3,
    seed: Annotated[int, typer.Option()] = 1,
    features: Features = None,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """Train a captioner. The first --data folder's dev split chooses the checkpoint.

    Example: captioner train --data flickr8k --data coco --out runs/lite0
    """
    from captioner.training.data import find_data
    from captioner.training.train_captioner import TrainConfig, train

    set_threads(threads)
    recipe = replace(TrainConfig(), epochs=epochs, learning_rate=learning_rate, seed=seed)
    with training_progress() as (progress, report):
        best = train(
            find_data(data),
            out,
            recipe,
            cache=features,
            device=device,
            progress=progress,
            report=report,
        )
    print(best)


@app.command("train-tags")
def train_tags_command(
    data: Data,
    model: Annotated[Path, typer.Option(help="Model folder that gets the tags.")],
    features: Annotated[
        Path | None, typer.Option(help="Cache of encoded photos; by default MODEL/features.")
    ] = None,
    threads: Threads = None,
) -> None:
    """Train the word head of the tags, and add it and ImageNet's classes to a model.

    Example: captioner train-tags --data flickr8k --data coco --model runs/lite0/best
    """
    from captioner.training.data import find_data
    from captioner.training.train_tags import add_tags

    set_threads(threads)
    add_tags(find_data(data), model, features or model / "features")
    print(model)


@app.command("train-embedding")
def train_embedding_command(
    data: Data,
    out: Out,
    model: Model = None,
    epochs: Annotated[int | None, typer.Option(min=1)] = None,
    seed: Annotated[int, typer.Option()] = 1,
    features: Features = None,
    threads: Threads = None,
) -> None:
    """Train the joint embedding of photos and sentences, for ranking in search.

    The first --data folder's dev split chooses the checkpoint. OUT/best is a copy of the model,
    with the embedding.

    Example: captioner train-embedding --data flickr8k --data coco --out runs/joint
    """
    from captioner.training.data import find_data
    from captioner.training.train_embedding import EmbeddingRecipe, train_embedding

    set_threads(threads)
    recipe = EmbeddingRecipe(seed=seed)
    if epochs is not None:
        recipe = replace(recipe, epochs=epochs)
    with training_progress() as (progress, report):
        best = train_embedding(
            find_data(data),
            out,
            recipe,
            model=model,
            cache=features,
            progress=progress,
            report=report,
        )
    print(best)


@contextlib.contextmanager
def training_progress() -> Iterator[
    tuple[Callable[[int, int], None], Callable[[dict[str, float]], None]]
]:
    """Show on stderr how training goes: a bar on a terminal, and a line an epoch."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("steps", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        def report(record: dict[str, float]) -> None:
            console.print(json.dumps(record), markup=False, highlight=False, soft_wrap=True)

        yield progress, report


@app.command("evaluate")
def evaluate_command(
    data: Data,
    model: Model = None,
    split: Annotated[str, typer.Option(help="Which split.")] = "dev",
    beam: Annotated[int | None, typer.Option(min=1, help="Width of the beam.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the captions here as JSON.")] = None,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Print BLEU-1..4, ROUGE-L and CIDEr-D of the model's captions on a split.

    Example: captioner evaluate --data flickr8k --data coco
    """
    from captioner.networks.torch_captioner import TorchCaptioner
    from captioner.training.data import find_data, read_split
    from captioner.training.evaluate import caption_files
    from captioner.training.metrics import score

    set_threads(threads)
    captioner = TorchCaptioner.load(model, device)
    if beam:
        settings = captioner.config
        captioner.config = replace(settings, beam=replace(settings.beam, beam=beam))
    captions = {}
    for folder in find_data(data):
        part = read_split(folder, split)
        found = caption_files(captioner, part.images)
        captions[part.name] = found
        print(f"{part.name}: {len(found)} photos, beam {captioner.config.beam.beam}")
        for metric, value in score(found, part.references()).items():
            print(f"  {metric:8} {100 * value:6.2f}")
    if out:
        text = json.dumps(captions, indent=1, ensure_ascii=False)
        out.write_text(text + "\n", encoding="utf-8")


@app.command("caption")
def caption_command(
    photos: Annotated[list[str], typer.Argument(help="Photo files.")],
    model: Model = None,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Print the captions of photos, the best first, each with its confidence.

    Example: captioner caption photo.jpg
    """
    from PIL import Image

    from captioner.captioner import Captioner

    captioner = Captioner.load(model, device=device, threads=threads, notify=tell)
    failed = False
    for photo in photos:
        try:
            with Image.open(photo) as image:
                captions = captioner.caption([image])[0]
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            tell(f"skipping {photo}: {error}")
            failed = True
            continue
        print(photo)
        for caption in captions:
            sure = "    " if caption.confidence is None else f"{caption.confidence:.2f}"
            print(f"  {sure}  {caption.text}")
    if failed:
        raise typer.Exit(1)


@app.command("export")
def export_command(
    model: Annotated[Path, typer.Argument(help="Model folder that gets the graphs.")],
) -> None:
    """Add graphs of a model's networks to its folder, for engines other than torch.

    Training adds them by itself. A model of version 0.1.0 has no graphs.

    Example: captioner export runs/joint/best
    """
    from captioner.training.export import write_graphs

    write_graphs(model)
    print(model)


def tell(text: str) -> None:
    """Print a line that is no result to stderr."""
    print(text, file=sys.stderr)


def set_threads(threads: int | None) -> None:
    """Limit the processor threads that torch uses."""
    if threads:
        import torch

        torch.set_num_threads(threads)


def main() -> None:
    """Run the command line. An error that a person can mend ends in one line and an exit code."""
    try:
        app()
    except CaptionerError as error:
        tell(f"captioner: {error}")
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        tell(f"captioner: {error.name} isn't installed: pip install 'photosearch[train]'")
        sys.exit(2)
    except OSError as error:  # a file that can't be read or written
        tell(f"captioner: {error}")
        sys.exit(3)


if __name__ == "__main__":
    main()
