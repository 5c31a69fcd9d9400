"""The LSTM's step and the attention, against torch's own."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from captioner.networks.recurrence import Lstm, attend


def test_steps_by_hand_are_what_torch_computes_at_once() -> None:
    torch.manual_seed(0)
    lstm = Lstm(6, 6, batch_first=True)
    plain = torch.nn.LSTM(6, 6, batch_first=True)
    plain.load_state_dict(lstm.state_dict())
    inputs, h, c = torch.randn(4, 9, 6), torch.randn(4, 6), torch.randn(4, 6)
    outputs, (last_h, last_c) = plain(inputs, (h[None], c[None]))
    for place in range(inputs.shape[1]):
        h, c = lstm.step(inputs[:, place], h, c)
        torch.testing.assert_close(h, outputs[:, place])
    torch.testing.assert_close(h, last_h[0])
    torch.testing.assert_close(c, last_c[0])


@given(
    seed=st.integers(0, 99), photos=st.integers(1, 3), heads=st.integers(1, 4),
    queries=st.integers(1, 5), regions=st.integers(1, 9),
)  # fmt: skip
def test_attention_is_the_scaled_dot_product_one(
    seed: int, photos: int, heads: int, queries: int, regions: int
) -> None:
    chance = torch.Generator().manual_seed(seed)
    query = torch.randn(photos, heads, queries, 8, generator=chance)
    keys, values = (torch.randn(photos, heads, regions, 8, generator=chance) for _ in "kv")
    expected = torch.nn.functional.scaled_dot_product_attention(query, keys, values)
    torch.testing.assert_close(attend(query, keys, values), expected)
