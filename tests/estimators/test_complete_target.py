import types

import numpy as np
import pytest

from sktl.estimators._complete_target import check_complete_target


def check(y, **how):
    return check_complete_target(types.SimpleNamespace(feature_names_in_=["age"]), y, "Another", **how)


def test_what_is_complete_comes_back():
    assert check([1, 2]).tolist() == [1, 2]
    assert check(["a", "b"]).tolist() == ["a", "b"]
    assert check([[1, 2]], multi_output=True).tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "SimpleNamespace requires y to be passed, but the target y is None"),
        ([], r"Found array with 0 sample\(s\)"),
        ([1.0, np.nan], r"1 of 2 labels are missing, the first of them y\[1\]: .* take Another"),
        (np.array(["a", None, "b"], dtype=object), r"Input y contains None\. 1 of 3 labels .* y\[1\]"),
        ([1.0, np.inf], "Input y contains infinity"),
        ([1j, 2], "Complex data not supported"),
        ([[1, 2], [3, 4]], "y should be a 1d array"),
    ],
)
def test_what_is_not_is_named(y, message):
    with pytest.raises(ValueError, match=message):
        check(y)
