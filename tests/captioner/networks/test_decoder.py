import pytest
import torch

from captioner.networks.decoder import Decoder, DecoderConfig

CONFIG = DecoderConfig(vocabulary_size=30, channels=12, width=16, heads=4, dropout=0.3)


@pytest.fixture
def decoder() -> Decoder:
    torch.manual_seed(0)
    return Decoder(CONFIG).eval()


def grids(photos: int = 3) -> torch.Tensor:
    return torch.randn(photos, 9, 12, generator=torch.Generator().manual_seed(1))


def words(photos: int = 3, captions: int = 2, steps: int = 5) -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randint(4, 30, (photos, captions, steps), generator=generator)


def test_word_by_word_gives_what_all_at_once_gives(decoder: Decoder) -> None:
    memory, start = decoder.remember(grids(), captions=2)
    together, _ = decoder(memory, start, words())
    state, one_by_one = start, []
    for step in range(5):
        logits, state = decoder(memory, state, words()[:, :, step : step + 1])
        one_by_one.append(logits)
    torch.testing.assert_close(torch.cat(one_by_one, 2), together)


def test_captions_and_photos_do_not_see_each_other(decoder: Decoder) -> None:
    memory, start = decoder.remember(grids(), captions=2)
    together, _ = decoder(memory, start, words())
    for photo in range(3):
        for caption in range(2):
            memory, start = decoder.remember(grids()[photo : photo + 1])
            chosen = words()[photo : photo + 1, caption : caption + 1]
            alone, _ = decoder(memory, start, chosen)
            torch.testing.assert_close(alone[0, 0], together[photo, caption])


def test_wanted_places_get_the_logits_they_get_anyway(decoder: Decoder) -> None:
    wanted = torch.rand(3, 2, 5, generator=torch.Generator().manual_seed(3)) > 0.5
    memory, start = decoder.remember(grids(), captions=2)
    every, _ = decoder(memory, start, words())
    some, _ = decoder(memory, start, words(), wanted)
    torch.testing.assert_close(some, every[wanted])


def test_a_later_word_changes_no_earlier_prediction(decoder: Decoder) -> None:
    memory, start = decoder.remember(grids(), captions=2)
    before, _ = decoder(memory, start, words())
    changed = words()
    changed[:, :, 3] = (changed[:, :, 3] + 1) % 30
    after, _ = decoder(memory, start, changed)
    torch.testing.assert_close(before[:, :, :3], after[:, :, :3])
    assert not torch.allclose(before[:, :, 3], after[:, :, 3])


def test_the_photo_matters_and_so_does_where_things_are_not(decoder: Decoder) -> None:
    def logits(grid: torch.Tensor) -> torch.Tensor:
        memory, start = decoder.remember(grid)
        found: torch.Tensor = decoder(memory, start, words(captions=1))[0]
        return found

    assert not torch.allclose(logits(grids()), logits(grids().flip(0)))
    # Regions carry no position of their own: their order says nothing.
    torch.testing.assert_close(logits(grids()), logits(grids().flip(1)))


def test_a_gradient_reaches_every_parameter() -> None:
    decoder = Decoder(CONFIG).train()
    memory, start = decoder.remember(grids(), captions=2)
    logits, _ = decoder(memory, start, words())
    logits.square().sum().backward()
    for name, parameter in decoder.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="heads"):
        Decoder(DecoderConfig(vocabulary_size=10, width=10, heads=4))
