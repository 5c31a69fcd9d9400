"""Self-critical training: a trained decoder learns from captions of its own, by their scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from captioner.describe.vocabulary import BOS, EOS, PAD, UNK, Vocabulary
from captioner.networks.decoder import Decoder
from captioner.networks.recurrence import attend
from captioner.training.metrics import CiderD

END = "</s>"  # scored as a word: else a caption that breaks off ("a man in a") would score well


@dataclass(frozen=True)
class SelfCriticalConfig:
    """The recipe."""

    samples: int = 5  # captions of each photo that are drawn
    max_words: int = 18  # of a drawn caption
    reward_weight: float = 0.8  # of the loss by scores; the rest is cross-entropy
    repeat_cost: float = 0.5  # CIDEr-D that each repeated content word costs


@torch.no_grad()
def sample(decoder: Decoder, grid: Tensor, captions: int, max_words: int) -> Tensor:
    """Draw captions of photos, word by word, as probable as the decoder makes them.

    Args:
        decoder: in evaluation mode.
        grid: region features, (B, R, C).
        captions: N, drawn for each photo.
        max_words: a caption is cut here.

    Returns:
        BOS words EOS PAD..., int64 (B, N, T); a caption that was cut has no EOS.
    """
    memory, (h, c) = decoder.remember(grid, captions)
    photos, width, heads = len(grid), decoder.config.width, decoder.config.heads
    h, c = h.squeeze(0), c.squeeze(0)  # (B N, D)
    last = torch.full((photos * captions,), BOS)
    drawn = [last]
    forbidden = torch.tensor([PAD, BOS, UNK])
    for _ in range(max_words + 1):
        previous = decoder.embedding(last)
        h, c = decoder.lstm.step(previous, h, c)
        query = decoder.query(h).view(photos, captions, heads, -1).transpose(1, 2)
        context = attend(query, memory.keys, memory.values).transpose(1, 2).reshape(-1, width)
        logits = decoder.predict(h, context, previous).float()
        logits[:, forbidden] = -torch.inf
        following = torch.multinomial(logits.softmax(-1), 1).squeeze(1)
        last = torch.where((last == EOS) | (last == PAD), PAD, following)
        drawn.append(last)
        if bool((last == PAD).all()):
            break
    return torch.stack(drawn, 1).view(photos, captions, -1)


def policy_loss(decoder: Decoder, grid: Tensor, drawn: Tensor, rewards: Tensor) -> Tensor:
    """Return the loss whose gradient raises the mean reward of drawn captions.

    REINFORCE with the mean reward of a photo's other captions as its baseline (Rennie et al. 2017,
    https://arxiv.org/abs/1612.00563, eq. 6; the baseline of Luo 2020,
    https://arxiv.org/abs/2003.09971), a mean over words.

    Args:
        decoder: without dropout, as the captions were drawn.
        grid: region features, (B, R, C).
        drawn: see `sample`, (B, N, T).
        rewards: of the captions, (B, N).
    """
    count = rewards.shape[1]
    others = (rewards.sum(1, keepdim=True) - rewards) / (count - 1)
    advantage = (rewards - others).unsqueeze(-1)  # (B, N, 1)
    memory, state = decoder.remember(grid, count)
    previous, following = drawn[:, :, :-1], drawn[:, :, 1:]
    wanted = following != PAD
    logits, _ = decoder(memory, state, previous, wanted)
    spoken = -nn.functional.cross_entropy(logits, following[wanted], reduction="none")
    return -(advantage.expand(wanted.shape)[wanted] * spoken).mean()


def rewards_of(
    drawn: Tensor,
    photos: Sequence[int],
    judge: CiderD,
    vocabulary: Vocabulary,
    small: frozenset[str],
    config: SelfCriticalConfig,
) -> Tensor:
    """Return what drawn captions are worth, (B, N).

    Args:
        drawn: see `sample`.
        photos: the number of each photo, for the judge.
        judge: its references end with `END`.
        vocabulary: of the decoder.
        small: words that a caption may repeat.
        config: what a repeated word costs.
    """
    rows = []
    for photo, captions in zip(photos, drawn.tolist(), strict=True):
        for caption in captions:
            numbers = [word for word in caption if word > EOS]
            words = [vocabulary.words[number] for number in numbers]
            content = [word for word in words if word not in small]
            repeats = len(content) - len(set(content))
            whole = [*words, END] if EOS in caption else words
            rows.append(judge.score(photo, whole) - config.repeat_cost * repeats)
    return torch.tensor(rows).view(drawn.shape[:2])
