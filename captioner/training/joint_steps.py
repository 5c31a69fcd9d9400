"""Steps: what the joint training learns from at once, picked where the networks compute.

The numbers of a step's photos and texts are drawn here on the processor, and sent in one piece. No
value comes back from the device, so a graphics processor never waits for Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from captioner.errors import DataError
from captioner.training.joint_recipe import JointRecipe
from captioner.training.text_tables import NONE, Table, TextTables

PARTS = 3  # parts of like length in which a step's texts go through the text tower
ROUND = 8  # the width of a part is a multiple of it: few shapes are quicker than many


@dataclass(frozen=True)
class Step:
    """B captioned photos, then C photos with classes; S short queries."""

    photos: Tensor  # their numbers, int64 (B + C,)
    numbers: np.ndarray  # the same, on the processor
    texts: list[Tensor]  # tokens of all texts in parts, 0 after the end, int64 (n, T) each
    back: Tensor  # where each text stands in the parts, first captions, then queries, then names
    sizes: tuple[int, int, int]  # B, S, C
    owners: Tensor  # the photo of each short query, int64 (S,)
    asked: Tensor  # photos that show the words of each short query, bool (S, B)
    members: Tensor  # photos that show the classes of each photo with classes, bool (C, B + C)
    shown: Tensor  # words that the photos show, bool (B + C, W)
    told: Tensor  # words that are known to be shown or not, bool (B + C, W)
    imitated: Tensor  # photos whose captions the decoder learns, int64 (I,)
    said: Tensor  # their captions, int64 (I, N, T)
    wanted: Tensor  # the places of words to predict among I * N * (T - 1), int64 (P,)


class Steps:
    """Draws steps; each epoch shows each photo once."""

    def __init__(self, tables: TextTables, recipe: JointRecipe, device: torch.device) -> None:
        """Put the tables onto the device.

        Raises:
            DataError: the captioned photos are fewer than a step takes.
        """
        self.tables = tables
        self.recipe = recipe
        self.device = device
        self.captioned = np.flatnonzero(tables.captions.counts)
        self.named = np.flatnonzero(tables.names.counts)
        if len(self.captioned) < recipe.heads.photos:
            raise DataError(
                f"{len(self.captioned)} captioned photos are fewer than a step's "
                f"{recipe.heads.photos}"
            )
        kinds = (tables.captions, tables.queries, tables.names)
        sizes = np.array([len(kind.tokens) for kind in kinds])
        self.starts = (np.cumsum(sizes) - sizes).tolist()  # of each kind of text among all texts
        self.lengths = np.concatenate([kind.lengths for kind in kinds])
        self.tokens = self._put(_stacked(kinds))
        self.query_words = self._put(tables.queries.words)
        self.name_words = self._put(tables.names.words)
        self.same = self._put(tables.same)
        self.shown = self._put(tables.shown)
        self.told = self._put(tables.told)
        self.kinds = self._put(tables.kinds)
        self.said = self._put(tables.said)
        self.said_lengths = (tables.said != 0).sum(1)  # PAD is 0

    def __len__(self) -> int:
        return len(self.captioned) // self.recipe.heads.photos

    @property
    def photos(self) -> int:
        """Photos of a step: B + C."""
        return self.recipe.heads.photos + len(self.named) // len(self)

    def epoch(self, number: int) -> Iterator[Step]:
        """Yield the steps of an epoch; the same number gives the same steps."""
        chance = np.random.default_rng([self.recipe.heads.seed, number])
        captioned, named = chance.permutation(self.captioned), chance.permutation(self.named)
        size, share = self.recipe.heads.photos, len(self.named) // len(self)
        for step in range(len(self)):
            yield self._step(
                captioned[step * size : (step + 1) * size],
                named[step * share : (step + 1) * share],
                chance,
            )

    def _step(self, captioned: np.ndarray, named: np.ndarray, chance: np.random.Generator) -> Step:
        tables, recipe = self.tables, self.recipe
        captions = tables.captions.pick(captioned, chance)
        asking = np.flatnonzero(tables.queries.counts[captioned])
        owners = chance.permutation(asking)[: round(recipe.heads.short_share * len(captioned))]
        queries = tables.queries.pick(captioned[owners], chance)
        names = tables.names.pick(named, chance)
        rows = [
            part + start
            for part, start in zip((captions, queries, names), self.starts, strict=True)
        ]
        texts, back, widths = self._parted(np.concatenate(rows))
        imitated = np.flatnonzero(tables.imitated[captioned])
        said = self._said(captioned[imitated], chance)
        lengths = self.said_lengths[said.ravel()]
        longest = int(lengths.max(initial=1))
        wanted = np.flatnonzero(np.arange(longest - 1) < lengths[:, None] - 1)
        photos = np.concatenate([captioned, named])
        sent = self._send([photos, texts, back, owners, queries, names, imitated, said, wanted])
        photos_, texts_, back_, owners_, queries_, names_, imitated_, said_, wanted_ = sent
        shown = self.shown[photos_]  # (B + C, W)
        members = holding(self.name_words[names_], shown)
        same = self.same[names_]
        members[:, len(captioned) :] |= same[:, None] == same
        return Step(
            photos=photos_,
            numbers=photos,
            texts=[
                self.tokens[part, :width].long()
                for part, width in zip(texts_.tensor_split(PARTS), widths, strict=True)
            ],
            back=back_,
            sizes=(len(captioned), len(owners), len(named)),
            owners=owners_,
            asked=holding(self.query_words[queries_], shown[: len(captioned)]),
            members=members,
            shown=shown,
            told=self.told[self.kinds[photos_]],
            imitated=imitated_,
            said=self.said[said_, :longest].long().view(len(imitated), -1, longest),
            wanted=wanted_,
        )

    def _parted(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[int]]:
        """Return texts with like lengths together, where each stands then, and parts' widths."""
        order = np.argsort(self.lengths[rows], kind="stable")
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        longest = [
            int(self.lengths[part].max(initial=1)) for part in np.array_split(rows[order], PARTS)
        ]
        most = self.tokens.shape[1]
        return rows[order], back, [min(-(-each // ROUND) * ROUND, most) for each in longest]

    def _said(self, photos: np.ndarray, chance: np.random.Generator) -> np.ndarray:
        """Return rows of captions of photos for the decoder, (I, N); the last row is empty."""
        captions = self.tables.captions
        counts = captions.counts[photos][:, None]  # (I, 1)
        places = np.arange(self.recipe.captions.captions)  # (N,)
        # If a photo has more than N captions, N of them that stand together, from a random one on.
        start = np.where(counts > len(places), chance.integers(np.maximum(counts, 1)), 0)
        rows = captions.first[photos][:, None] + (start + places) % np.maximum(counts, 1)
        return np.where(places < counts, rows, len(self.tables.said) - 1)

    def _send(self, arrays: Sequence[np.ndarray]) -> list[Tensor]:
        """Put arrays of numbers onto the device in one piece, each flat."""
        whole = torch.from_numpy(np.concatenate([array.ravel() for array in arrays]))
        if self.device.type == "cuda":
            whole = whole.pin_memory()
        sent = whole.to(self.device, non_blocking=True)
        return list(torch.split(sent, [array.size for array in arrays]))

    def _put(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self.device)


def _stacked(tables: Sequence[Table]) -> np.ndarray:
    """Return the tokens of all tables as one, int32 (T, L)."""
    width = max(table.tokens.shape[1] for table in tables)
    return np.concatenate(
        [np.pad(table.tokens, ((0, 0), (0, width - table.tokens.shape[1]))) for table in tables]
    )


def holding(words: Tensor, shown: Tensor) -> Tensor:
    """Return which photo shows all words of which text, as `short_queries.holding` does.

    Args:
        words: numbers of each text's words, then NONE, (Q, K).
        shown: words that the photos show, bool (N, W).

    Returns:
        bool (Q, N); no photo shows a text without words.
    """
    there = words != NONE  # (Q, K)
    seen = shown[:, words.clamp(min=0).long()] | ~there  # (N, Q, K)
    return (seen.all(-1) & there.any(-1)).T
