import inspect

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from sktl import (
    BackboneFeatures,
    MultiTaskClassifier,
    MultiTaskEstimator,
    MultiTaskRegressor,
    TransferClassifier,
    TransferRegressor,
)
from sktl.estimators._store import store_parameters


class Stores(BaseEstimator):
    def __init__(self, one, two=2, *, three=()):
        store_parameters(self, locals())


def test_all_arguments_are_kept_as_they_are():
    one, three = [1], np.ones(2)
    stores = Stores(one, three=three)
    assert vars(stores).keys() == {"one", "two", "three"}
    assert stores.one is one
    assert stores.two == 2
    assert stores.three is three


@pytest.mark.parametrize(
    "Estimator",
    [
        BackboneFeatures,
        MultiTaskClassifier,
        MultiTaskEstimator,
        MultiTaskRegressor,
        TransferClassifier,
        TransferRegressor,
    ],
)
def test_every_estimator_has_its_parameters_and_a_check_of_each(Estimator):
    parameters = inspect.signature(Estimator).parameters
    unlike = {name: object() for name in parameters}
    assert vars(Estimator(**unlike)) == unlike
    checked = {"backbone", "weights"}  # their kinds are told apart when they are opened
    assert set(parameters) - checked <= set(Estimator._parameter_constraints) <= set(parameters)
