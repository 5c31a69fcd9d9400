"""Commands that messages name."""

import pytest

from photosearch.cli.commands import naming, typeable


@pytest.mark.parametrize(
    ("message", "typed"),
    [
        ("photosearch doctor tells more", "photosearch doctor --db 'a b.db' tells more"),
        ("a (photosearch index --upgrade)", "a (photosearch index --db 'a b.db' --upgrade)"),
        ("first photosearch index, then photosearch find",
         "first photosearch index --db 'a b.db', then photosearch find --db 'a b.db'"),
        ("another photosearch is at work", None),
        ("photosearch: not found", None),
        ("skipping /home/photosearch index/a.jpg", None),
        ("photosearch index --upgrade --db new.db makes anew", None),
    ],
)  # fmt: skip
def test_a_command_gets_the_library_that_was_named(message: str, typed: str | None) -> None:
    with naming("a b.db"):
        assert typeable(message) == (typed or message)
    with naming(None):
        assert typeable(message) == message
    assert typeable(message) == message


def test_index_gets_the_model_that_was_named_too() -> None:
    advice = "photosearch index --upgrade mends that, photosearch stats tells more"
    with naming(None, "my model"):
        assert typeable(advice) == advice.replace("index", "index --model 'my model'")
    with naming("l.db", "m"):
        assert typeable(advice) == (
            "photosearch index --db l.db --model m --upgrade mends that, "
            "photosearch stats --db l.db tells more"
        )
