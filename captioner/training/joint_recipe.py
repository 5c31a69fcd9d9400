"""The recipe of joint training: trunk, joint embedding, captioner, word head and classifier."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from captioner.training.augment import AugmentConfig
from captioner.training.heads import HeadsRecipe
from captioner.training.train_captioner import TrainConfig


def _heads() -> HeadsRecipe:
    return HeadsRecipe(photos=512, towers_rate=6e-4, text_rate=5e-5, average=0.998)


@dataclass(frozen=True)
class JointRecipe:
    """The recipe. Its parts are those of the heads alone, and of the captioner alone."""

    heads: HeadsRecipe = field(default_factory=_heads)
    captions: TrainConfig = field(default_factory=TrainConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    trunk_rate: float = 5e-4  # learning rate of the trunk and the classifier, at its peak
    trunk_decay: float = 0.02
    trunk_from: float = 0.1  # share of the run before which the trunk stays as it is
    trunk_warm_up: float = 0.1  # share of the run in which the trunk's rate rises
    words_weight: float = 0.1  # of the words' loss, which is a sum over many words
    classifier_weight: float = 0.5  # of the classifier's loss
    classifier_share: float = 0.25  # of a step's photos, seen by the classifier
    queries: int = 6  # short queries drawn of each captioned photo, for the whole run
    names: int = 4  # of each photo with classes, drawn for the whole run

    def scaled(self, photos: int, rate: float, seed: int) -> JointRecipe:
        """Return the recipe with another step, other learning rates and another seed.

        Args:
            photos: captioned photos a step.
            rate: factor of all learning rates.
            seed: of all chance.
        """
        heads = replace(
            self.heads,
            photos=photos,
            seed=seed,
            towers_rate=rate * self.heads.towers_rate,
            text_rate=rate * self.heads.text_rate,
            words=replace(self.heads.words, rate=rate * self.heads.words.rate),
        )
        captions = replace(self.captions, learning_rate=rate * self.captions.learning_rate)
        return replace(self, heads=heads, captions=captions, trunk_rate=rate * self.trunk_rate)
