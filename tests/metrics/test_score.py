"""Scores of several tasks, against a plain loop."""

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as reference
from sklearn.exceptions import UndefinedMetricWarning

from sktl.metrics import multitask_score

LABEL_METRICS = {
    "accuracy": reference.accuracy_score,
    "balanced_accuracy": reference.balanced_accuracy_score,
    "f1": reference.f1_score,
    "precision": reference.precision_score,
    "recall": reference.recall_score,
    "matthews_corrcoef": reference.matthews_corrcoef,
}
SCORE_METRICS = {
    "roc_auc": reference.roc_auc_score,
    "average_precision": reference.average_precision_score,
    "log_loss": lambda y, p, **weights: -reference.log_loss(y, p, **weights),
    "neg_log_loss": lambda y, p, **weights: -reference.log_loss(y, p, **weights),
    "brier": lambda y, p, **weights: -reference.brier_score_loss(y, p, **weights),
    "neg_brier_score": lambda y, p, **weights: -reference.brier_score_loss(y, p, **weights),
}
NUMBER_METRICS = {
    "r2": reference.r2_score,
    "explained_variance": reference.explained_variance_score,
    "neg_mean_squared_error": lambda y, p, **weights: -reference.mean_squared_error(y, p, **weights),
    "neg_root_mean_squared_error": lambda y, p, **weights: -reference.root_mean_squared_error(y, p, **weights),
    "neg_mean_absolute_error": lambda y, p, **weights: -reference.mean_absolute_error(y, p, **weights),
}
ALL = {**LABEL_METRICS, **SCORE_METRICS, **NUMBER_METRICS}


@pytest.fixture
def binary(rng):
    """Return labels (60, 4) of which some are missing, and scores of the positive class."""
    y = (rng.random((60, 4)) < [0.5, 0.3, 0.2, 0.7]).astype(float)
    scores = np.clip(0.3 * y + 0.7 * rng.random(y.shape), 0, 1)
    y[rng.random(y.shape) < 0.3] = np.nan
    return y, scores


@pytest.fixture
def three_classes(rng):
    """Return labels (90, 2) from "a", "b", "c" of which some are None, and a list of probabilities."""
    y = rng.choice(np.array(["a", "b", "c"], dtype=object), (90, 2))
    proba = [rng.dirichlet(np.ones(3), 90) + 0.7 * (y[:, [t]] == ["a", "b", "c"]) for t in range(2)]
    y[rng.random(y.shape) < 0.3] = None
    return y, [p / p.sum(axis=1, keepdims=True) for p in proba]


def predictions(name: str, y: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and predictions that suit a metric."""
    if name in LABEL_METRICS:
        return y, (scores > 0.5).astype(float)
    return (y * 3.5 + scores, scores) if name in NUMBER_METRICS else (y, scores)


def loop(metric, y, predicted, weights=None) -> list[float]:
    """Return the score of each task by a plain loop."""
    found = []
    for task in range(y.shape[1]):
        there = ~pd.isna(y[:, task])
        extra = {} if weights is None else {"sample_weight": weights[there]}
        found.append(metric(y[there, task], predicted[there, task], **extra))
    return found


@pytest.mark.parametrize("name", ALL)
def test_as_a_plain_loop(name, binary):
    """Each metric gives scikit-learn's numbers on the labelled samples, and their mean."""
    y, predicted = predictions(name, *binary)
    expected = loop(ALL[name], y, predicted)
    each = multitask_score(y, predicted, name, average=None)
    assert list(each) == ["task0", "task1", "task2", "task3"]
    assert list(each.values()) == pytest.approx(expected, rel=1e-12)
    assert multitask_score(y, predicted, name) == pytest.approx(np.mean(expected), rel=1e-12)
    sizes = (~np.isnan(y)).sum(axis=0)
    assert multitask_score(y, predicted, name, average="weighted") == pytest.approx(np.average(expected, weights=sizes))


@pytest.mark.parametrize("name", ALL)
def test_weights_as_a_plain_loop(name, binary, rng):
    """Weights reach each metric, also as a table of weights of labels."""
    y, predicted = predictions(name, *binary)
    weights = rng.random(len(y)) + 0.1
    expected = loop(ALL[name], y, predicted, weights)
    assert list(multitask_score(y, predicted, name, average=None, sample_weight=weights).values()) == pytest.approx(
        expected, rel=1e-12
    )
    table = np.where(np.isnan(y), np.nan, weights[:, None])
    sums = np.nansum(table, axis=0)
    weighted = multitask_score(y, predicted, name, average="weighted", sample_weight=table)
    assert weighted == pytest.approx(np.average(expected, weights=sums), rel=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_weight_zero_is_missing(name, binary):
    """A label of weight 0 does nothing, and one of weight 2 counts twice."""
    y, predicted = predictions(name, *binary)
    weights = np.where(np.arange(len(y)) < 40, np.arange(len(y)) % 2 + 1, 0)
    repeated = np.repeat(np.arange(len(y)), weights)
    weighted = multitask_score(y, predicted, name, sample_weight=weights)
    assert weighted == pytest.approx(multitask_score(y[repeated], predicted[repeated], name), rel=1e-10)


def test_weight_zero_may_leave_one_class():
    """What labels of weight 0 would define stays undefined, and what is predicted there does not matter."""
    with pytest.raises(ValueError, match="its labels are all of one class"):
        multitask_score([0, 0, 1], [0.1, 0.2, 0.3], "roc_auc", sample_weight=[1, 2, 0], on_undefined="raise")
    assert multitask_score([0, 1, 1], [0, 1, None], "accuracy", sample_weight=[1, 2, 0]) == 1


@pytest.mark.parametrize("name", ALL)
def test_order_of_tasks(name, binary):
    """Permuting the tasks leaves the mean, and permutes the scores."""
    y, predicted = predictions(name, *binary)
    order = [2, 0, 3, 1]
    assert multitask_score(y[:, order], predicted[:, order], name) == pytest.approx(multitask_score(y, predicted, name))
    before = list(multitask_score(y, predicted, name, average=None).values())
    after = list(multitask_score(y[:, order], predicted[:, order], name, average=None).values())
    assert after == pytest.approx([before[task] for task in order], rel=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_perfect_prediction(name, binary):
    """The truth gets the best score there is, whatever stands where no label is."""
    y, _ = binary
    best = 0 if name.startswith(("neg", "log", "brier")) else 1
    for filled in (0.0, 1.0):
        assert multitask_score(y, np.where(np.isnan(y), filled, y), name) == pytest.approx(best, abs=1e-9)
    worse = np.where(np.isnan(y), 0, 1 - y)
    assert multitask_score(y, worse, name) < best


def test_three_classes_of_labels(three_classes):
    """With more than two classes precision, recall and F1 are means over classes."""
    y, proba = three_classes
    predicted = np.column_stack([np.array(["a", "b", "c"], dtype=object)[p.argmax(axis=1)] for p in proba])
    for name, metric in LABEL_METRICS.items():
        extra = {"average": "macro"} if name in ("f1", "precision", "recall") else {}
        expected = []
        for task in range(2):
            there = ~pd.isna(y[:, task])
            expected.append(metric(y[there, task].astype(str), predicted[there, task].astype(str), **extra))
        assert multitask_score(y, predicted, name) == pytest.approx(np.mean(expected), rel=1e-12)
        # The likeliest class counts as predicted.
        assert multitask_score(y, proba, name) == pytest.approx(np.mean(expected), rel=1e-12)


def test_three_classes_of_probabilities(three_classes):
    """With more than two classes ranks are of each against the rest, and losses of all."""
    y, proba = three_classes
    expected: dict[str, list] = {"roc_auc": [], "average_precision": [], "log_loss": [], "brier": []}
    for task in range(2):
        there = ~pd.isna(y[:, task])
        labels, p = y[there, task].astype(str), proba[task][there]
        hits = labels[:, None] == ["a", "b", "c"]
        expected["roc_auc"].append(reference.roc_auc_score(labels, p, multi_class="ovr"))
        expected["average_precision"].append(reference.average_precision_score(hits, p, average="macro"))
        expected["log_loss"].append(-reference.log_loss(labels, p))
        expected["brier"].append(-np.square(p - hits).sum(axis=1).mean())
    for name, scores in expected.items():
        assert multitask_score(y, proba, name) == pytest.approx(np.mean(scores), rel=1e-12)
        assert multitask_score(y, np.stack(proba), name) == pytest.approx(np.mean(scores), rel=1e-12)


def test_a_class_that_is_absent():
    """A class that no label has: losses know its column, ranks leave it out."""
    y = ["a", "b", "a", "b"]
    proba = np.array([[0.6, 0.1, 0.3], [0.2, 0.5, 0.3], [0.4, 0.5, 0.1], [0.1, 0.8, 0.1]])
    score = {
        name: multitask_score(y, proba, name, classes=["a", "b", "c"])
        for name in ("roc_auc", "log_loss", "brier", "f1")
    }
    assert score["log_loss"] == pytest.approx(np.log([0.6, 0.5, 0.4, 0.8]).mean())
    of_a = reference.roc_auc_score([1, 0, 1, 0], proba[:, 0])
    of_b = reference.roc_auc_score([0, 1, 0, 1], proba[:, 1])
    assert of_a != of_b
    assert score["roc_auc"] == pytest.approx((of_a + of_b) / 2)
    assert score["brier"] == pytest.approx(-np.square(proba - np.eye(3)[[0, 1, 0, 1]]).sum() / 4)
    assert score["f1"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert multitask_score(["a", "c"], ["a", "c"], "f1", classes=["a", "b", "c"]) == 1


def test_one_known_class():
    """An estimator that knows one class is right about it."""
    assert multitask_score([0, 0], np.ones((2, 1)), "log_loss", classes=[[0]]) == pytest.approx(0)
    assert multitask_score([0, 0], [np.ones((2, 1))], "brier", classes=[[0]]) == 0
    assert multitask_score([0, 0], [0, 0], "accuracy", classes=[[0]]) == 1
    assert np.isnan(multitask_score([0, 0], np.ones((2, 1)), "roc_auc", classes=[[0]]))


CONTAINERS = {
    "objects": lambda y: np.where(np.isnan(y), None, y),
    "lists": lambda y: [[None if np.isnan(label) else int(label) for label in row] for row in y],
    "masked": lambda y: np.ma.masked_invalid(y),
    "frame": lambda y: pd.DataFrame(y),
    "Int64": lambda y: pd.DataFrame(y).astype("Int64"),
    "boolean": lambda y: pd.DataFrame(y).astype("boolean"),
    "Float64": lambda y: pd.DataFrame(y).astype("Float64"),
    "category": lambda y: pd.DataFrame(y).astype("category"),
}


@pytest.mark.parametrize("kind", CONTAINERS)
@pytest.mark.parametrize("name", ["roc_auc", "f1", "log_loss"])
def test_containers(kind, name, binary):
    """Labels count the same whatever they come in, and so do predictions."""
    y, predicted = predictions(name, *binary)
    expected = multitask_score(y, predicted, name)
    contained = CONTAINERS[kind](y)
    assert multitask_score(contained, predicted, name) == expected
    assert multitask_score(contained, predicted.tolist(), name) == expected
    assert multitask_score(contained, [np.column_stack([1 - p, p]) for p in predicted.T], name) == pytest.approx(
        expected
    )


@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_strings(dtype, binary):
    """Labels of words, with the second in order as the positive one."""
    y, scores = binary
    words = pd.DataFrame(np.where(np.isnan(y), None, np.where(y == 1, "toxic", "safe"))).astype(dtype)
    predicted = np.where(scores > 0.5, "toxic", "safe").astype(object)
    assert multitask_score(words, predicted, "f1") == multitask_score(y, scores > 0.5, "f1")
    assert multitask_score(words, scores, "roc_auc") == multitask_score(y, scores, "roc_auc")


@pytest.mark.parametrize("labels", [[0, 1], [-1, 1], [1, 2], [False, True], ["no", "yes"]])
def test_positive_is_the_second_class(labels):
    """The second class is the positive one, and classes= may say which that is."""
    y, predicted = np.array(labels)[[0, 1, 1, 1]], np.array(labels)[[0, 0, 1, 1]]
    assert multitask_score(y, predicted, "recall") == pytest.approx(2 / 3)
    assert multitask_score(y, predicted, "recall", classes=labels) == pytest.approx(2 / 3)
    assert multitask_score(y, predicted, "recall", classes=[labels[::-1]]) == 1
    assert multitask_score(y, [0.1, 0.3, 0.2, 0.9], "roc_auc") == 1


def test_one_axis():
    """A single task may come as (n,), (n, 1) or with its probabilities as one array."""
    y, proba = [0, 1, 1, 0], np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.5, 0.5]])
    forms = [proba, [proba], proba[:, 1], proba[:, [1]], list(proba[:, 1]), pd.Series(proba[:, 1]), pd.DataFrame(proba)]
    for labels in (y, np.array(y), np.array(y)[:, None], pd.Series(y), pd.DataFrame({"a": y})):
        assert [multitask_score(labels, form, "roc_auc") for form in forms] == [0.75] * len(forms)


ONE_CLASS = np.array([[0, 0, np.nan], [1, 0, np.nan], [1, 0, np.nan], [0, 0, np.nan]])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("roc_auc", "its labels are all of one class"),
        ("average_precision", "its labels are all of one class"),
        ("balanced_accuracy", "its labels are all of one class"),
        ("matthews_corrcoef", "its labels are all of one class"),
        ("f1", "none of its labels is positive"),
        ("precision", "none of its labels is positive"),
        ("recall", "none of its labels is positive"),
        ("r2", "its labels are all the same number"),
        ("explained_variance", "its labels are all the same number"),
    ],
)
def test_one_class(name, reason):
    """A task of one class is left out, makes the mean NaN, or is named with the reason; nothing is warned of."""
    predicted = np.array([[0, 0, 0], [1, 1, 1], [1, 0, 1], [0, 1, 1]])
    assert multitask_score(ONE_CLASS, predicted, name) == 1
    assert multitask_score(ONE_CLASS, predicted, name, average="weighted") == 1
    each = multitask_score(ONE_CLASS, predicted, name, average=None)
    assert each["task0"] == 1
    assert np.isnan([each["task1"], each["task2"]]).all()
    assert np.isnan(multitask_score(ONE_CLASS, predicted, name, on_undefined="nan"))
    assert np.isnan(multitask_score(ONE_CLASS, predicted, name, on_undefined="nan", average="weighted"))
    for average in ("macro", "weighted"):
        for on_undefined in ("skip", "nan"):
            options = {"average": average, "on_undefined": on_undefined}
            assert np.isnan(multitask_score(ONE_CLASS[:, 1:], predicted[:, 1:], name, **options))
            assert np.isnan(multitask_score(ONE_CLASS[:, 2:], predicted[:, 2:], name, **options))
    with pytest.raises(ValueError, match=rf"'{name}' is undefined for tasks 'task1' \({reason}\), 'task2' \(it has no"):
        multitask_score(ONE_CLASS, predicted, name, on_undefined="raise")


@pytest.mark.parametrize("name", ["accuracy", "log_loss", "brier", "neg_mean_absolute_error"])
def test_defined_for_one_class(name):
    """Other metrics need a label and no more."""
    predicted = np.zeros((4, 3))
    each = multitask_score(ONE_CLASS, predicted, name, average=None)
    assert each["task1"] == pytest.approx(1 if name == "accuracy" else 0)
    assert np.isnan(each["task2"])


def test_r2_of_one_sample():
    """R² needs two samples."""
    with pytest.raises(ValueError, match=r"'r2' is undefined for task 'task0' \(it has one label only\)"):
        multitask_score([[1.5], [np.nan]], [[1.5], [1]], "r2", on_undefined="raise")


def test_undefined_goes_by_the_labels():
    """Precision is 0, not undefined, where nothing is predicted positive: no candidate gains by silence."""
    assert multitask_score([[0, 1], [1, 0]], [[0, 1], [0, 0]], "precision", average=None) == {"task0": 0, "task1": 1}


@pytest.mark.parametrize("on_undefined", ["skip", "nan"])
def test_nan_predicted(on_undefined):
    """A task for which NaN is predicted is undefined, all of it or a part, if the sample has a label."""
    y = [[0, 1, 1], [1, 0, None]]
    predicted = [[0, np.nan, 1], [1, 0, np.nan]]
    each = multitask_score(y, predicted, "accuracy", average=None, on_undefined=on_undefined)
    assert each == pytest.approx({"task0": 1, "task1": np.nan, "task2": 1}, nan_ok=True)
    proba = [np.array([[1, 0], [0, 1.0]]), np.full((2, 2), np.nan), np.array([[0, 1], [np.nan, np.nan]])]
    each = multitask_score(y, proba, "log_loss", average=None, on_undefined=on_undefined)
    assert each == pytest.approx({"task0": 0, "task1": np.nan, "task2": 0}, nan_ok=True)


def test_nan_predicted_is_named():
    """The reason says how much of a task is NaN."""
    with pytest.raises(ValueError, match=r"'task0' \(NaN is predicted for 1 of its 2 labels\), 'task1' \(nothing is"):
        multitask_score([[0, 1], [1, 0]], [[0, None], [None, None]], "accuracy", on_undefined="raise")
    with pytest.raises(ValueError, match=r"'task0' \(nothing is predicted for it\)"):
        multitask_score([0, 1], [0, 1], "accuracy", classes=[[]], on_undefined="raise")


def test_a_function():
    """A function gets the labels that are there as they are, and its sign is turned where less is better."""
    seen = []

    def metric(y_true, y_pred):
        seen.append((y_true.tolist(), y_pred.tolist()))
        return 5

    y = pd.DataFrame({"a": ["x", None, "y"], "b": [1.5, 2.5, None]})
    predicted = pd.DataFrame({"a": ["x", "x", "x"], "b": [1.0, 2.0, 3.0]})
    assert multitask_score(y, predicted, metric) == 5
    assert multitask_score(y, predicted, metric, greater_is_better=False) == -5
    assert seen[:2] == [(["x", "y"], ["x", "x"]), ([1.5, 2.5], [1.0, 2.0])]


def test_a_function_of_probabilities(three_classes):
    """A function gets the positive class's column of two, and all columns of more; or else the likeliest label."""
    y, proba = three_classes
    shapes = []

    def metric(y_true, y_pred):
        shapes.append((y_true.shape, y_pred.shape))
        return 1.0

    multitask_score(y, proba, metric, response="predict_proba")
    assert shapes == [((n,), (n, 3)) for n in (~pd.isna(y)).sum(axis=0)]
    two = np.array([[0.9, 0.1], [0.2, 0.8]])
    for form in (two, two[:, 1], [two]):
        assert multitask_score(["n", "y"], form, lambda y, p: p.sum(), response="predict_proba") == pytest.approx(0.9)
    assert multitask_score(["n", "y"], two, lambda y, p: float((y == p).mean())) == 1
    assert multitask_score([3, 4], two, lambda y, p: float((y == p).mean()), classes=[3, 4]) == 1
    plain = multitask_score([3, 4], two, lambda y, p: float(p.dtype.kind == "i"), classes=[3, 4])
    assert plain == 1
    one = multitask_score([3], np.ones((1, 1)), lambda y, p: 1.0, response="predict_proba", classes=[[3]])
    assert np.isnan(one)


def test_a_function_with_weights(binary, rng):
    """Weights reach a function by their name, only if there are some."""
    y, scores = binary
    weights = rng.random(len(y))
    by_function = multitask_score(y, scores, reference.roc_auc_score, response="predict_proba", sample_weight=weights)
    assert by_function == pytest.approx(multitask_score(y, scores, "roc_auc", sample_weight=weights))


def test_a_function_that_is_undefined():
    """NaN from a function is an undefined score, and scikit-learn's warning does not leak."""

    def metric(y_true, y_pred):
        warnings.warn("undefined", UndefinedMetricWarning, stacklevel=2)
        return np.nan if y_true.max() == 0 else 1.0

    assert multitask_score([[0, 1]], [[0, 1]], metric) == 1
    with pytest.raises(ValueError, match=r"'metric' is undefined for task 'task0' \(metric gives NaN\)"):
        multitask_score([[0, 1]], [[0, 1]], metric, on_undefined="raise")


def test_a_function_that_raises():
    """What a function raises goes on, with a note that names the task."""

    def metric(y_true, y_pred):
        raise ValueError("no such luck")

    with pytest.raises(ValueError, match="no such luck") as raised:
        multitask_score([0, 1], [0, 1], metric)
    assert raised.value.__notes__ == ["This was metric 'metric' on task 'task0'."]


def test_a_metric_for_each_task():
    """A dict gives each task its own metric."""
    y = pd.DataFrame({"toxic": [0, 1, 1, None], "melting": [1.0, 2.0, None, 4.0]})
    predicted = np.array([[0, 1], [1, 2], [0, 0], [0, 3]])
    metric = {"melting": "r2", "toxic": "accuracy"}
    expected = {"toxic": 2 / 3, "melting": reference.r2_score([1, 2, 4], [1, 2, 3])}
    assert multitask_score(y, predicted, metric, average=None) == pytest.approx(expected)
    assert multitask_score(y, predicted, metric) == pytest.approx(np.mean(list(expected.values())))
    parts = [np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.5, 0.5]]), predicted[:, 1]]
    assert multitask_score(y, parts, metric, average=None) == pytest.approx(expected)


def test_undefined_among_several_metrics():
    """A message about several metrics names them."""
    y = pd.DataFrame({"a": [0, 0], "b": [1.0, 2.0]})
    with pytest.raises(ValueError, match="one of the metrics 'roc_auc', 'r2' is undefined for task 'a'"):
        multitask_score(y, y, {"a": "roc_auc", "b": "r2"}, on_undefined="raise")


def test_no_samples():
    """Without samples every score is undefined."""
    assert np.isnan(multitask_score(np.empty((0, 2)), np.empty((0, 2)), "accuracy"))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"average": "micro"}, "average must be one of 'macro', 'weighted', None; got 'micro'"),
        ({"on_undefined": "ignore"}, "on_undefined must be one of 'skip', 'nan', 'raise'; got 'ignore'"),
        ({"response": "decision_function"}, "response must be 'predict' or 'predict_proba', got 'decision_function'"),
    ],
)
def test_choices(choices, message):
    """A choice that is none is refused."""
    with pytest.raises(ValueError, match=message):
        multitask_score([0, 1], [0, 1], "accuracy", **choices)
