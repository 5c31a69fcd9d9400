"""Errors of the captioner become errors of this package."""

import pytest

from captioner import errors as captioner
from photosearch.errors import ExitCode, ModelError, PhotosearchError, UsageError, loading_model


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (captioner.EngineError("unknown engine x", "choose y"), UsageError, ExitCode.USAGE),
        (captioner.ModelError("no model", "in z"), ModelError, ExitCode.UNUSABLE),
    ],
)
def test_what_the_captioner_refuses_keeps_its_text_and_exit_code(
    error: captioner.CaptionerError, kind: type[PhotosearchError], code: ExitCode
) -> None:
    with pytest.raises(kind) as caught, loading_model():
        raise error
    assert (str(caught.value), caught.value.exit_code) == (str(error), code)
    assert error.exit_code == code


def test_a_fault_of_the_program_passes() -> None:
    with pytest.raises(ValueError, match="a bug") as caught, loading_model():
        raise ValueError("a bug")
    assert not isinstance(caught.value, PhotosearchError)
