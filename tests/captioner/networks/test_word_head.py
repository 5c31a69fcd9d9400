"""The word head."""

import pytest
import torch

from captioner.networks.word_head import WordHead, mean_and_maximum


def test_the_head_sees_the_mean_and_the_maximum_of_the_regions() -> None:
    grid = torch.tensor([[[1.0, -2.0], [3.0, -4.0]]])  # (1, 2, 2)
    assert mean_and_maximum(grid).tolist() == [[2.0, -3.0, 3.0, -2.0]]


def test_a_logit_of_each_word_of_each_photo() -> None:
    torch.manual_seed(0)
    head = WordHead(channels=6, words=5, rank=3)
    grid = torch.randn(2, 4, 6)
    logits = head(grid)
    assert logits.shape == (2, 5)
    naive = mean_and_maximum(grid) @ (head.up.weight @ head.down.weight).T + head.up.bias
    assert torch.allclose(logits, naive, atol=1e-5)
    assert sorted(head.state_dict()) == ["down.weight", "up.bias", "up.weight"]


def test_the_hidden_layer_is_added_to_the_linear_function() -> None:
    torch.manual_seed(0)
    head = WordHead(channels=6, words=5, rank=3, hidden=2)
    assert head.bias is not None
    torch.nn.init.normal_(head.bias)
    grid = torch.randn(2, 4, 6)
    features = mean_and_maximum(grid)
    linear = features @ (head.up.weight[:, :3] @ head.down.weight[:3]).T + head.up.bias
    hidden = torch.nn.functional.gelu(features @ head.down.weight[3:].T + head.bias)
    assert torch.allclose(head(grid), linear + hidden @ head.up.weight[:, 3:].T, atol=1e-5)


@pytest.mark.parametrize("hidden", [0, 2])
def test_weights_tell_the_sizes_of_a_head(hidden: int) -> None:
    head = WordHead(channels=6, words=5, rank=3, hidden=hidden)
    grid = torch.randn(2, 4, 6)
    assert torch.equal(WordHead.of(head.state_dict())(grid), head(grid))
    with pytest.raises(RuntimeError):
        WordHead.of({**head.state_dict(), "up.weight": torch.zeros(5, 4)})
    with pytest.raises(KeyError):
        WordHead.of({"up.weight": torch.zeros(5, 4)})
