import warnings

import numpy as np
import pytest

from sktl import MultiTaskClassifier
from sktl.backbones import MLP
from sktl.exceptions import UntrainableTaskWarning
from sktl.utils._warn import warn_user


def test_a_call_from_outside():
    with pytest.warns(UserWarning, match="mind the step") as told:
        warn_user("mind the step", UserWarning)
    assert told[0].filename == __file__


@pytest.mark.parametrize("call", ["fit", "partial_fit", "add_task"])
def test_it_points_at_the_line_that_called_an_estimator(call, rng):
    X = rng.normal(size=(30, 3))
    y, ones = np.column_stack([X[:, 0] > 0, np.ones(30)]).astype(int), np.ones(30, dtype=int)
    estimator = MultiTaskClassifier(MLP((4,)), on_untrainable="warn", max_epochs=1, random_state=0)
    if call == "add_task":
        estimator.fit(X, X[:, :1] > 0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        getattr(estimator, call)(X, ones if call == "add_task" else y)
    assert {one.filename for one in told if one.category is UntrainableTaskWarning} == {__file__}
