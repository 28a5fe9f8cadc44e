import warnings

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning

from sktl import TransferClassifier, TransferRegressor
from sktl.estimators._divergence import warn_of_divergence


@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_a_loss_that_is_no_number(loss):
    message = rf"the training diverged: the loss of its last epoch is {loss}\. Give a smaller lr than 10"
    with pytest.warns(ConvergenceWarning, match=message) as found:
        warn_of_divergence([{"train_loss": 1.0}, {"train_loss": loss}], 10.0)
    assert found[0].filename == __file__


@pytest.mark.parametrize("history", [[{"train_loss": np.nan}, {"train_loss": 1.0}], [{"epoch": 3}]])
def test_a_loss_that_is_one(history):
    with warnings.catch_warnings(record=True) as found:
        warn_of_divergence(history, 10.0)
    assert not found


@pytest.mark.parametrize(
    "estimator",
    [
        TransferRegressor("mlp", optimizer="SGD", lr=10.0, max_epochs=10, random_state=0),
        TransferClassifier("mlp", lr=1e6, max_epochs=20, random_state=0),
    ],
)
def test_a_rate_that_is_too_large(estimator):
    X, y = load_diabetes(return_X_y=True)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        estimator.fit(X, y > 150 if isinstance(estimator, TransferClassifier) else y)
    assert [one.category for one in found] == [ConvergenceWarning]
    assert found[0].filename == __file__
