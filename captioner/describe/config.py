"""The settings of a model: all that its config.json says about describing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from captioner.describe.beam import BeamConfig
from captioner.describe.choice import ChoiceConfig
from captioner.describe.colours import ColourConfig
from captioner.describe.confidence import ConfidenceConfig
from captioner.describe.tags import TagConfig

BATCH = 64
"""Photos that a processor describes together: more are hardly faster, and a kill loses them."""


@dataclass(frozen=True)
class CaptionerConfig:
    """A model's name, with the settings of captions, tags and colours."""

    name: str
    beam: BeamConfig = field(default_factory=BeamConfig)
    choice: ChoiceConfig = field(default_factory=ChoiceConfig)
    confidence: ConfidenceConfig = field(default_factory=ConfidenceConfig)
    tags: TagConfig = field(default_factory=TagConfig)
    colours: ColourConfig = field(default_factory=ColourConfig)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Read a model's settings, see `captioner.describe.model_folder.read_settings`.

        Raises:
            KeyError: a setting is missing.
            TypeError: a setting has an unknown name.
        """
        # A model of version 0.1.0 has no settings of its own for tags and colours.
        confidence = settings.get("confidence", {})
        return cls(
            settings["name"],
            BeamConfig(**settings["beam"]),
            ChoiceConfig(**settings.get("choice", {})),
            ConfidenceConfig(**{name: tuple(row) for name, row in confidence.items()}),
            TagConfig(**settings.get("tags", {})),
            ColourConfig(**settings.get("colours", {})),
        )

    def settings(self) -> dict[str, object]:
        """Return the settings in the form that `of` reads."""
        return asdict(self)
