"""scikit-learn's searches and cross-validation on labels with holes, in every container that y comes in."""

import copy

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from sktl import MultiTaskClassifier, MultiTaskEstimator, MultiTaskRegressor
from sktl.backbones import MLP, Backbone, WeightsInfo
from sktl.features import ActivationCache
from sktl.metrics import make_multitask_scorer
from sktl.sharing import SoftSharing

N = 36
NAN = np.nan


def tiny(Estimator=MultiTaskClassifier, **others):
    return Estimator(**{"backbone": MLP((3,)), "max_epochs": 1, "random_state": 0, **others})


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(size=(N, 4))


def numbers(n_tasks=2):
    """Return labels (N, n_tasks) of 0 and 1, of which some are missing, in each third of the samples alike."""
    rows = np.arange(N)
    y = np.column_stack([(rows + task) % 2 for task in range(n_tasks)]).astype(float)
    y[rows % 5 == 0, 0] = NAN
    y[rows % 7 == 0, n_tasks - 1] = NAN
    return y


def objects(labels, hole):
    """Return an array of objects: an entry of ``labels`` for each number, or what stands for a missing one."""
    y = numbers()
    table = np.empty(y.shape, dtype=object)
    for place in np.ndindex(y.shape):
        table[place] = hole if np.isnan(y[place]) else labels[int(y[place])]
    return table


def frame_of(labels, dtype, hole=None):
    return pd.DataFrame(objects(labels, pd.NA if hole is None else hole), columns=["a", "b"]).astype(dtype)


CONTAINERS = {
    "array of floats": numbers,
    "array of float32": lambda: numbers().astype(np.float32),
    "array in Fortran's order": lambda: np.asfortranarray(numbers()),
    "array of one column": lambda: numbers(1),
    "array of one axis": lambda: numbers()[:, 0],
    "objects with None": lambda: objects([0, 1], None),
    "objects with NaN": lambda: objects([0, 1], NAN),
    "objects with pandas.NA": lambda: objects([0, 1], pd.NA),
    "words with None": lambda: objects(["no", "yes"], None),
    "words with NaN": lambda: objects(["no", "yes"], NAN),
    "truths with None": lambda: objects([False, True], None),
    "list of rows with None": lambda: objects([0, 1], None).tolist(),
    "list of rows with NaN": lambda: numbers().tolist(),
    "list of rows of words": lambda: objects(["no", "yes"], None).tolist(),
    "list of one axis": lambda: objects([0, 1], None)[:, 0].tolist(),
    "masked array": lambda: np.ma.masked_invalid(numbers()),
    "masked array of integers": lambda: np.ma.MaskedArray(np.nan_to_num(numbers()).astype(int), np.isnan(numbers())),
    "frame of floats": lambda: pd.DataFrame(numbers(), columns=["a", "b"]),
    "frame of Int64": lambda: frame_of([0, 1], "Int64"),
    "frame of Float64": lambda: frame_of([0.0, 1.0], "Float64"),
    "frame of boolean": lambda: frame_of([False, True], "boolean"),
    "frame of string": lambda: frame_of(["no", "yes"], "string"),
    "frame of category": lambda: frame_of(["no", "yes"], "category", NAN),
    "frame of objects": lambda: frame_of(["no", "yes"], object, None),
    "frame of several types": lambda: frame_of([0, 1], "Int64").assign(b=frame_of(["no", "yes"], "string")["b"]),
    "Series of Int64": lambda: frame_of([0, 1], "Int64")["a"],
    "Series of string": lambda: frame_of(["no", "yes"], "string")["a"],
}


@pytest.fixture(params=CONTAINERS)
def y(request):
    return CONTAINERS[request.param]()


def has_one_axis(y):
    return np.ndim(y) == 1


@pytest.mark.parametrize("before", ["unfitted", "fitted"])
class TestEveryContainer:
    """Whether or not the estimator was fitted to the same labels before."""

    @pytest.fixture
    def estimator(self, X, y, before):
        return tiny().fit(X, y) if before == "fitted" else tiny()

    def test_grid_search(self, X, y, estimator):
        search = GridSearchCV(estimator, {"lr": [1e-3, 1e-1]}, cv=3, error_score="raise").fit(X, y)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        assert search.predict(X).shape == ((N,) if has_one_axis(y) else np.shape(y))
        assert 0 <= search.score(X, y) <= 1

    def test_cross_validation(self, X, y, estimator):
        scores = cross_val_score(estimator, X, y, cv=3, error_score="raise")
        assert ((scores >= 0) & (scores <= 1)).all()
        found = cross_validate(estimator, X, y, cv=3, return_train_score=True, error_score="raise")
        assert found["test_score"].tolist() == scores.tolist()
        assert np.isfinite(found["train_score"]).all()

    def test_held_out_predictions(self, X, y, estimator):
        predicted = cross_val_predict(estimator, X, y, cv=3)
        assert predicted.shape == ((N,) if has_one_axis(y) else np.shape(y))
        labels = {label for one in estimator.fit(X, y).classes_ for label in np.ravel(one).tolist()}
        assert set(np.ravel(predicted).tolist()) <= labels


def test_containers_hold_the_same(X):
    """All that hold 0 and 1 in two columns give one and the same fit."""
    expected = np.column_stack(tiny().fit(X, numbers())._outputs(X))
    for name, container in CONTAINERS.items():
        labels = container()
        fitted = tiny().fit(X, labels)
        assert fitted._is_complete is False, name
        if not has_one_axis(labels) and np.shape(labels)[1] == 2:
            assert np.array_equal(np.column_stack(fitted._outputs(X)), expected), name


@pytest.fixture(params=["array of floats", "frame of string"])
def holed(request):
    return CONTAINERS[request.param]()


class TestOtherSearches:
    """What else scikit-learn does with an estimator, on an array and on a frame with holes."""

    def test_randomised(self, X, holed):
        search = RandomizedSearchCV(tiny(), {"lr": [1e-3, 1e-2, 1e-1]}, n_iter=2, cv=2, random_state=0)
        assert 0 <= search.set_params(error_score="raise").fit(X, holed).best_score_ <= 1

    def test_halving(self, X, holed):
        search = HalvingGridSearchCV(tiny(), {"lr": [1e-3, 1e-2, 1e-1]}, cv=2, min_resources=18, random_state=0)
        assert 0 <= search.set_params(error_score="raise").fit(X, holed).best_score_ <= 1

    def test_learning_curve(self, X, holed):
        sizes, _, scores = learning_curve(tiny(), X, holed, train_sizes=[0.5, 1.0], cv=2, error_score="raise")
        assert sizes.tolist() == [9, 18]
        assert np.isfinite(scores).all()

    def test_validation_curve(self, X, holed):
        _, scores = validation_curve(
            tiny(), X, holed, param_name="lr", param_range=[1e-3, 1e-1], cv=2, error_score="raise"
        )
        assert np.isfinite(scores).all()

    def test_in_a_pipeline(self, X, holed):
        pipeline = make_pipeline(StandardScaler(), tiny())
        grid = {"multitaskclassifier__lr": [1e-3, 1e-1], "standardscaler__with_mean": [True, False]}
        search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, holed)
        assert search.predict(X).shape == (N, 2)
        assert np.isfinite(cross_val_score(search.best_estimator_, X, holed, cv=2, error_score="raise")).all()

    def test_scorers_of_probabilities(self, X, holed):
        scoring = make_multitask_scorer("roc_auc")
        search = GridSearchCV(tiny(), {"lr": [1e-3, 1e-1]}, cv=2, scoring=scoring, error_score="raise").fit(X, holed)
        assert 0 <= search.best_score_ <= 1

    def test_sharing(self, X, holed):
        grid = {"sharing": [SoftSharing(), SoftSharing("trace")], "sharing__strength": [0.0, 1.0]}
        search = GridSearchCV(tiny(), grid, cv=2, error_score="raise").fit(X, holed)
        best = search.best_params_
        assert search.best_estimator_.sharing.strength == best["sharing__strength"]
        grid = {"sharing": ["hard", "none", "soft", "cross_stitch"], "weighting": ["equal", "dwa"]}
        assert len(GridSearchCV(tiny(), grid, cv=2, error_score="raise").fit(X, holed).cv_results_["params"]) == 8

    def test_weights_of_samples(self, X, holed):
        params = {"sample_weight": np.arange(N) % 3}
        search = GridSearchCV(tiny(), {"lr": [1e-3]}, cv=2, error_score="raise").fit(X, holed, **params)
        assert 0 <= search.best_score_ <= 1


@pytest.mark.parametrize("Estimator", [MultiTaskRegressor, MultiTaskEstimator])
@pytest.mark.parametrize("container", ["array of floats", "objects with None", "frame of Float64", "masked array"])
def test_the_other_estimators(X, Estimator, container):
    y = CONTAINERS[container]()
    for estimator in (tiny(Estimator), tiny(Estimator).fit(X, y)):
        assert np.isfinite(cross_val_score(estimator, X, y, cv=3, error_score="raise")).all()
        assert cross_val_predict(estimator, X, y, cv=3).shape == (N, 2)
        search = GridSearchCV(estimator, {"lr": [1e-3, 1e-1]}, cv=2, error_score="raise").fit(X, y)
        assert np.isfinite(search.best_score_)


def test_a_fold_without_a_class_of_a_task(X):
    y = numbers()
    y[:12, 1] = NAN
    y[12:, 1] = np.where(np.isnan(y[12:, 1]), NAN, 1)
    y[:3, 1] = 0  # a class that one fold holds alone
    grid = {"lr": [1e-3, 1e-1]}
    with pytest.raises(ValueError, match="task 'task1' has labels of one class only"):
        GridSearchCV(tiny(), grid, cv=3, error_score="raise").fit(X, y)
    search = GridSearchCV(tiny(on_untrainable="ignore"), grid, cv=3, error_score="raise").fit(X, y)
    assert np.isfinite(search.best_score_)


class Counting(nn.Module):
    """Counts the samples that pass. Copies, which are there to be trained, do not."""

    passed: dict = {}

    def __init__(self, name, layer):
        super().__init__()
        self.name, self.layer = name, layer

    def forward(self, x):
        self.passed[self.name] = self.passed.get(self.name, 0) + len(x)
        return self.layer(x)

    def __deepcopy__(self, memo):
        return copy.deepcopy(self.layer, memo)


class TestOnce:
    """Each sample passes through each frozen stage once, whatever labels are missing."""

    @pytest.fixture
    def backbone(self):
        Counting.passed.clear()
        torch.manual_seed(0)
        sizes = {"one": (4, 5), "two": (5, 4), "three": (4, 3)}
        stages = [(name, Counting(name, nn.Linear(*size))) for name, size in sizes.items()]
        return Backbone(stages=stages, input_kind="table", weights=WeightsInfo("made", "a test"))

    @pytest.mark.parametrize("depths", [[0, 1, 2, 3], [3, 2, 1, 0]])
    @pytest.mark.parametrize("sharing", ["hard", "soft"])
    def test_in_a_search_over_depths(self, X, holed, backbone, depths, sharing):
        cache = ActivationCache(max_bytes=2**20)
        estimator = tiny(backbone=backbone, sharing=sharing, cache=cache, head_l2=1e-2, device="cpu")
        search = GridSearchCV(estimator, {"freeze": depths}, cv=3, error_score="raise").fit(X, holed)
        search.predict(X)
        assert Counting.passed == {"one": N, "two": N, "three": N}

    def test_over_all_kinds_of_candidates(self, X, holed, backbone):
        cache = ActivationCache(max_bytes=2**20)
        estimator = tiny(backbone=backbone, freeze=2, cache=cache, head_l2=1e-2, device="cpu")
        grid = {"sharing": ["hard", "none", SoftSharing(strength=1.0)], "denominator": ["samples", "tasks"]}
        GridSearchCV(estimator, grid, cv=2, error_score="raise").fit(X, holed)
        assert Counting.passed["one"] == Counting.passed["two"] == N
