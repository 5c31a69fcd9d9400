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
