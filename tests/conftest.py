"""What all tests share."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from tests.metadata.summary import pytest_terminal_summary  # noqa: F401  a hook

if "PYTEST_XDIST_WORKER" in os.environ:  # else each process would have a thread for each core
    os.environ.setdefault("OMP_NUM_THREADS", "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so it is inherited in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

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
