import math

import torch

from captioner.networks.embedding import EmbeddingConfig, JointEmbedding, PhotoTower
from captioner.networks.encoder import EncoderConfig

SHAPE = EncoderConfig(regions=9, channels=16)


def make(queries: int = 2) -> PhotoTower:
    torch.manual_seed(0)
    return PhotoTower(EmbeddingConfig(dimension=8, queries=queries), SHAPE).eval()


def test_vectors_have_unit_length_and_dont_depend_on_the_batch() -> None:
    tower, grid = make(), torch.randn(5, 9, 16)
    vectors = tower(grid)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(5))
    torch.testing.assert_close(vectors, torch.cat([tower(one[None]) for one in grid]))


def test_pooling_doesnt_care_where_a_region_is() -> None:
    tower, grid = make(), torch.randn(2, 9, 16)
    torch.testing.assert_close(tower(grid), tower(grid[:, torch.randperm(9)]))


def test_a_query_looks_at_the_region_it_likes() -> None:
    """With a steep query, the pooled vector is that of one region, by hand."""
    tower, grid = make(queries=1), torch.randn(1, 9, 16)
    with torch.no_grad():
        tower.query.weight.mul_(1e4)
        normed = tower.norm(grid)
        chosen = normed[0, tower.query(normed)[0, :, 0].argmax()]
        expected = tower.project(torch.cat([normed.mean(1)[0], chosen]))
    torch.testing.assert_close(tower(grid)[0], expected / expected.norm(), rtol=1e-4, atol=1e-4)


def test_hubness_is_the_mean_nearness_to_sentences_in_odds() -> None:
    torch.manual_seed(1)
    sentences = torch.randint(-127, 128, (6, 8), dtype=torch.int8)
    embedding = JointEmbedding(make(), sentences, 15.0).eval()
    with torch.inference_mode():
        vectors, hubness = embedding(torch.randn(5, 9, 16))
    units = sentences.double() / sentences.double().norm(dim=1, keepdim=True)
    for vector, found in zip(vectors.double(), hubness, strict=True):
        cosines = [float(vector @ unit) for unit in units]
        mean = sum(math.exp(15 * cosine) for cosine in cosines) / len(cosines)
        assert abs(float(found) - math.log(mean) / 15) < 1e-5


def test_what_is_near_to_every_sentence_has_the_most_hubness() -> None:
    sentences = torch.tensor([[100, 20], [100, -20], [90, 0]], dtype=torch.int8)
    embedding = JointEmbedding(make(), sentences, 20.0)
    turned = [torch.tensor([math.cos(angle), math.sin(angle)]) for angle in (0.0, 0.5, 1.0, 3.0)]
    hubness = embedding.hubness(torch.stack(turned)).tolist()
    assert hubness == sorted(hubness, reverse=True)
