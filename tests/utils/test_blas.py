import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from sktl.utils._blas import one_blas_thread


def n_threads():
    """Return the most threads that a library of linear algebra may use."""
    return max(library["num_threads"] for library in ThreadpoolController().info() if library["user_api"] == "blas")


@pytest.fixture(autouse=True)
def _two_threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        if n_threads() != 2:
            pytest.skip("the linear algebra here has one thread")
        yield


def test_one_thread_inside_and_as_many_as_before_behind():
    with one_blas_thread():
        assert n_threads() == 1
    assert n_threads() == 2


def test_an_error_brings_back_what_was_before():
    with pytest.raises(ValueError, match="inside"), one_blas_thread():
        raise ValueError("inside")
    assert n_threads() == 2
