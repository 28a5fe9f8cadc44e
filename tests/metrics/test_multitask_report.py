"""Reports: their numbers, and how they look."""

import html.parser
import math
import pickle

import numpy as np
import pandas as pd
import pytest

from sktl.metrics import MultiTaskReport, multitask_report, multitask_score

NAMES = ["NR-AR", "NR-AR-LBD", "a task with a long name"]


@pytest.fixture
def data(rng):
    """Return labels (50, 3) with holes, the last of one class, and probabilities."""
    y = (rng.random((50, 3)) < [0.5, 0.3, 0.0]).astype(float)
    positive = np.clip(0.4 * y + 0.6 * rng.random(y.shape), 0, 1)
    y[rng.random(y.shape) < 0.3] = np.nan
    return pd.DataFrame(y, columns=NAMES), [np.column_stack([1 - p, p]) for p in positive.T]


def test_numbers(data):
    """The table holds what multitask_score gives, and its means are the macro means."""
    y, proba = data
    report = multitask_report(y, proba)
    assert list(report.table) == NAMES
    for name in ("accuracy", "balanced_accuracy", "f1", "roc_auc", "average_precision"):
        each = multitask_score(y, proba, name, average=None)
        assert {task: row[name] for task, row in report.table.items()} == pytest.approx(each, nan_ok=True)
        assert report.means[name] == pytest.approx(multitask_score(y, proba, name))
    assert [row["labelled"] for row in report.table.values()] == y.notna().sum().tolist()
    assert [row["positives"] for row in report.table.values()] == y.sum().tolist()
    assert {row["kind"] for row in report.table.values()} == {"binary"}


def test_of_predictions(data):
    """Predicted labels get no columns of ranks, unless there are scores beside them."""
    y, proba = data
    positive = np.column_stack([p[:, 1] for p in proba])
    predicted = (positive > 0.5).astype(float)
    report = multitask_report(y, predicted)
    assert set(report.means) == {"accuracy", "balanced_accuracy", "f1"}
    both = multitask_report(y, predicted, proba)
    for other in (multitask_report(y, predicted, positive), multitask_report(y, proba), multitask_report(y, positive)):
        assert str(other) == str(both)


def test_looks(data):
    """The table as it prints: names in full, columns aligned, a dash for what is undefined."""
    y, proba = data
    text = str(multitask_report(y, proba))
    lines = text.splitlines()
    width = len(lines[2])
    assert lines[2] == lines[6] == "-" * width
    assert all(len(line) == width for line in lines[1:8])
    assert [line.split("  ")[0] for line in lines[3:6]] == NAMES
    assert lines[5].split()[-5:] == ["0.784", "–", "–", "–", "–"]
    assert lines[7].startswith("macro mean ")
    assert lines[8:] == ["", "– undefined, and left out of the mean"]
    assert repr(multitask_report(y, proba)) == text


def test_mixed_tasks():
    """Tasks with classes and tasks of regression stand in tables of their own."""
    y = pd.DataFrame(
        {
            "phase": ["gas", "solid", None, "liquid"],
            "melting [K]": [273.15, None, 300.5, 350.0],
            "toxic": pd.array([True, False, pd.NA, True], dtype="boolean"),
        }
    )
    predicted = pd.DataFrame(
        {
            "phase": ["gas", "solid", "gas", "gas"],
            "melting [K]": [270.15, 0, 300.5, 353],
            "toxic": [True, True, True, True],
        }
    )
    report = multitask_report(y, predicted)
    assert str(report).splitlines() == [
        "                                                    balanced",
        "task        labelled  positives  classes  accuracy  accuracy     f1",
        "-------------------------------------------------------------------",
        "phase              3                   3     0.667     0.667  0.556",
        "toxic              3          2              0.667     0.500  0.800",
        "-------------------------------------------------------------------",
        "macro mean                                   0.667     0.583  0.678",
        "",
        "task         labelled  mean     r2   mae",
        "----------------------------------------",
        "melting [K]         3   308  0.994  2.00",
        "----------------------------------------",
        "macro mean                   0.994  2.00",
    ]
    assert report.table["melting [K]"]["kind"] == "regression"
    assert report.table["phase"]["classes"] == 3
    classes = [["gas", "liquid", "solid"], None, [False, True]]
    assert str(multitask_report(y, predicted, classes=classes)) == str(report)
    # Probabilities alone say nothing of a regression task; beside predictions they add what they can.
    third = np.full((4, 3), 1 / 3)
    proba = [third, None, np.array([[0.1, 0.9], [0.6, 0.4], [0.5, 0.5], [0.2, 0.8]])]
    alone = multitask_report(y, proba, classes=classes)
    assert math.isnan(alone.table["melting [K]"]["r2"])
    assert alone.table["toxic"]["roc_auc"] == 1
    beside = multitask_report(y, predicted, proba)
    assert beside.table["melting [K]"]["r2"] == report.table["melting [K]"]["r2"]
    assert beside.table["phase"]["roc_auc"] == 0.5
    assert "roc_auc" not in beside.table["melting [K]"]


def test_kinds():
    """A part behind the point makes a regression task; classes overrule that."""

    def kind(y, predicted, **options):
        return multitask_report(y, predicted, **options).table["task0"]["kind"]

    assert kind([0, 1], [1, 1]) == "binary"
    assert kind([0, 0], [1, 2]) == "multiclass"
    assert kind([1, 2, 3], [1, 2.5, 3]) == "regression"
    assert kind([1.5, 2], [1, 2]) == "regression"
    assert kind([1, 2, 3], [1, 2, 3]) == "multiclass"
    assert kind([1, 2, 3], [1, 2, 3], classes=[None]) == "regression"
    assert kind([0, 1], [0.2, 0.7]) == "binary"
    assert kind([0, 1], [0.2, 1.7]) == "regression"
    assert kind([1, 2], [0.2, 0.7]) == "regression"
    assert kind([0, 1], [0.2, 0.7], classes=[None]) == "regression"
    assert kind([None, None], [0, 1]) == "binary"
    assert kind([None, None], np.full((2, 2), 0.5)) == "binary"


def test_a_task_that_was_not_learned():
    """NaN for a task leaves its line, with dashes."""
    y = [["a", 1], ["b", 0]]
    proba = [np.full((2, 2), np.nan), np.array([[0.4, 0.6], [0.7, 0.3]])]
    for answer, options in ((proba, {}), ([np.zeros((2, 0)), proba[1]], {"classes": [[], [0, 1]]})):
        report = multitask_report(y, answer, **options)
        assert report.table["task0"]["positives"] == 1
        assert math.isnan(report.table["task0"]["accuracy"])
        assert report.means == dict.fromkeys(report.means, 1.0)


@pytest.mark.parametrize("digits", [0, 1, 5])
def test_digits(digits, data):
    """Scores have so many places behind the point."""
    last = str(multitask_report(*data, digits=digits)).splitlines()[7].split()[-1]
    assert len(last.partition(".")[2]) == digits


@pytest.mark.parametrize("digits", [-1, 2.0, "3"])
def test_digits_that_are_none(digits):
    """Digits are a whole number."""
    with pytest.raises(ValueError, match=f"digits must be an integer of 0 or more, got {digits!r}"):
        multitask_report([0, 1], [0, 1], digits=digits)


def test_in_a_notebook(data):
    """The table is well-formed HTML, with names as they are."""
    y, proba = data
    text = multitask_report(y.rename(columns={"NR-AR": "<b> & co"}), proba)._repr_html_()
    assert "&lt;b&gt; &amp; co" in text
    opened: list[str] = []

    class Balance(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            opened.append(tag)

        def handle_endtag(self, tag):
            assert opened.pop() == tag

    Balance().feed(text)
    assert opened == []
    assert text.count("<tr>") == 5
    assert "<p>– undefined" in text


def test_is_data(data):
    """A report can be pickled, and made a DataFrame of."""
    report = multitask_report(*data)
    again = pickle.loads(pickle.dumps(report))
    assert isinstance(again, MultiTaskReport)
    assert str(again) == str(report)
    frame = pd.DataFrame.from_dict(report.table, orient="index")
    assert frame.loc["NR-AR", "labelled"] == report.table["NR-AR"]["labelled"]


def test_names(data):
    """Names are given, or those of the columns, and must not clash."""
    y, proba = data
    assert list(multitask_report(y.to_numpy(), proba, names=["x", "y", "z"]).table) == ["x", "y", "z"]
    assert list(multitask_report(y.to_numpy(), proba).table) == ["task0", "task1", "task2"]
    with pytest.raises(ValueError, match="the tasks of y and of names are the same in another order"):
        multitask_report(y, proba, names=NAMES[::-1])
    with pytest.raises(ValueError, match=r"y has 3 tasks, where names has 2 \(x, y\)"):
        multitask_report(y, proba, names=["x", "y"])


def test_unknown_label():
    """A label that is none of the classes is an error."""
    with pytest.raises(ValueError, match="task 'task0' of y holds 2, not among its classes 0, 1"):
        multitask_report([0, 2], [0, 1], classes=[[0, 1]])
