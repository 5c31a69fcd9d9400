"""What all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("tests", deadline=None)  # a slow machine is no failure
settings.load_profile("tests")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of training data, see docs/explained/training.md; required where CI is set."""
    folder = os.environ.get("PHOTOSEARCH_DATA")
    if not folder:
        if os.environ.get("CI"):
            pytest.fail("CI needs the data folder: set PHOTOSEARCH_DATA")
        pytest.skip("needs the training data: set PHOTOSEARCH_DATA")
    return Path(folder)
