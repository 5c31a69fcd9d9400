"""Evidence: what the library knows of a found photo comes with the result."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from captioner.describe.description import PARTS, Caption, Description, Tag
from photosearch.files.file import File
from photosearch.photo.exif import Exif
from photosearch.photo.user_metadata import UserMetadata
from photosearch.search.query import Query
from photosearch.search.results import Result
from photosearch.search.searcher import Searcher
from photosearch.store import database
from photosearch.store.descriptions import use_models
from photosearch.store.edits import write_edit
from photosearch.store.photos import Photo, write_batch
from photosearch.store.runs import start_run
from photosearch.wording import Confidence

PATH = "/a.jpg"
WORDS = (("dog", 0.9), ("lake", 0.125))
TAGS = (Tag("grass", 0.75, True), Tag("sky", 0.25, False))

Found = Callable[..., Result]


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Found]:
    """Describe the only photo of a library, give it a person's caption, and find it."""
    connection = database.open_for_writing(str(tmp_path / "library.db"))
    run = start_run(connection)
    models = use_models(connection, run, "fake", {part: f"{part} 1" for part in PARTS})

    def found(
        said: Caption,
        query: str = "dog",
        edit: str | None = None,
        words: UserMetadata | None = None,
    ) -> Result:
        other = Caption("a dog swims", -2.0, 4, 0.9, (("dog", 0.9),))
        seen = Description([said, other], TAGS)
        photo = Photo(File(PATH, 1, 1, 1), "/", "JPEG", 4, 3, Exif(), seen, words)
        write_batch(connection, run, models, [photo], [])
        write_edit(connection, PATH, edit)
        (result,) = Searcher(connection, lambda: None).find(Query(query))
        assert result.path == PATH
        return result

    yield found
    connection.close()


def test_a_sure_caption_comes_with_its_confidence_as_it_is(found: Found) -> None:
    result = found(Caption("a dog in a lake", -1.0, 6, 0.75, WORDS))
    assert result.confidence == Confidence(0.75, WORDS)
    assert result.caption == result.wording == "a dog in a lake"


def test_an_unsure_caption_stays_and_its_wording_says_less(found: Found) -> None:
    result = found(Caption("a dog in a lake", -1.0, 6, 0.125, WORDS))
    assert result.confidence == Confidence(0.125, WORDS)
    assert (result.caption, result.wording) == ("a dog in a lake", "perhaps a dog")
    unsure = (("dog", 0.25), ("lake", 0.125))
    result = found(Caption("a dog in a lake", -1.0, 6, 0.125, unsure))
    assert (result.caption, result.wording) == ("a dog in a lake", "perhaps grass")  # shown tags


def test_a_caption_of_unknown_confidence_stays_as_it_is(found: Found) -> None:
    result = found(Caption("a dog in a lake", -1.0, 6))
    assert result.confidence is None
    assert result.caption == result.wording == "a dog in a lake"


def test_the_models_doubt_says_nothing_of_a_persons_words(found: Found) -> None:
    result = found(Caption("a dog in a lake", -1.0, 6, 0.125, WORDS), "rex", "Rex in a lake")
    assert result.confidence is None
    assert result.caption == result.wording == "Rex in a lake"


def test_what_people_wrote_comes_with_the_result(found: Found) -> None:
    words = UserMetadata(people=("Anna Ray", "Bob"), places=("Bergen",), notes=("in the rain",))
    result = found(Caption("a dog in a lake", -1.0, 6), "anna", words=words)
    assert result.matches == {"people": ["anna"]}
    assert result.written == {
        "people": ["Anna Ray", "Bob"], "place": ["Bergen"], "notes": ["in the rain"]
    }  # fmt: skip
    assert found(Caption("a dog in a lake", -1.0, 6)).written == {}
