"""Joint training against an estimator for each task."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktl.model_selection import MultiTaskStratifiedKFold, compare_with_single_task


def test_sharing_helps_tasks_that_agree_and_hurts_the_one_that_does_not(rng, pooling):
    """Seven tasks with few labels follow one function, the eighth its opposite: pooled labels are its ruin."""
    X = rng.normal(size=(600, 50))
    score = X @ rng.normal(size=50)
    y = (score[:, None] + 2 * rng.normal(size=(600, 8)) > 0).astype(float)
    y[:, 7] = 1 - y[:, 7]
    y[rng.random(y.shape) < 0.8] = np.nan
    y = pd.DataFrame(y, columns=[*"abcdefg", "against"])
    comparison = compare_with_single_task(pooling(C=100.0), X, y, cv=10)
    assert comparison.tasks == tuple(y.columns)
    assert comparison.metrics == ("roc_auc",) * 8
    assert comparison.mean_difference[:7].mean() > 0.03
    assert "gains" in comparison.verdicts
    assert comparison.verdicts.index("hurts") == 7
    assert comparison.mean_joint[7] < 0.3 < 0.7 < comparison.mean_single[7]
    assert str(comparison).split("\n")[-1].startswith(f"sharing helps {comparison.verdicts.count('gains')} of 8 tasks")
    assert "hurts 1 (against)" in str(comparison)
    assert comparison.n_labelled.tolist() == y.notna().sum().tolist()
    assert comparison.n_positive.tolist() == y.sum().tolist()


def test_the_scores_are_those_of_the_folds(related, pooling):
    """Written out by hand, the single side is a logistic regression on what is labelled, scored on what is labelled."""
    X, y = related
    comparison = compare_with_single_task(pooling(), X, y, cv=4)
    assert comparison.joint.shape == comparison.single.shape == comparison.difference.shape == (4, 4)
    assert comparison.test_to_train == pytest.approx(1 / 3)
    for fold, (train, test) in enumerate(MultiTaskStratifiedKFold(4, random_state=0).split(X, y)):
        for task in range(4):
            there, asked = (rows[~np.isnan(y[rows, task])] for rows in (train, test))
            model = LogisticRegression().fit(X[there], y[there, task])
            area = roc_auc_score(y[asked, task], model.predict_proba(X[asked])[:, 1])
            assert comparison.single[fold, task] == pytest.approx(area)


def test_a_task_that_learns_alike_on_both_sides_is_level(related, pooling):
    """Where the two sides are one, all differences are nothing."""
    X, y = related
    comparison = compare_with_single_task(pooling(), X, y, single=pooling(), cv=3)
    assert (comparison.difference == 0).all()
    assert comparison.verdicts == ("level",) * 4


def test_every_container_gives_the_same(related, pooling, contain):
    """What y comes in does not matter."""
    X, y = related
    expected = compare_with_single_task(pooling(), X, y, cv=3)
    got = compare_with_single_task(pooling(), X, contain(y), cv=3)
    assert np.allclose(got.joint, expected.joint)
    assert np.allclose(got.single, expected.single)


def test_a_pipeline(related, pooling):
    """The parameter is found in its last step."""
    X, y = related
    plain = compare_with_single_task(pooling(), X, y, cv=3)
    piped = compare_with_single_task(make_pipeline(StandardScaler(with_std=False), pooling()), X, y, cv=3)
    assert np.allclose(piped.joint, plain.joint, atol=0.05)
    assert piped.verdicts[3] == "hurts"


def test_the_order_of_tasks_does_not_matter(related, pooling):
    """Tasks in another order, on the same folds, have the same scores."""
    X, y = related
    folds = list(MultiTaskStratifiedKFold(3, random_state=0).split(X, y))
    plain = compare_with_single_task(pooling(), X, y, cv=folds)
    turned = compare_with_single_task(pooling(), X, y[:, ::-1], cv=folds)
    assert np.allclose(turned.single, plain.single[:, ::-1])
    assert np.allclose(turned.joint, plain.joint[:, ::-1], atol=1e-6)


def test_numbers_and_processes(rng):
    """Tasks of regression are scored by R²; two processes give what one gives."""
    X = rng.normal(size=(40, 3))
    y = X @ rng.normal(size=(3, 2)) + rng.normal(size=(40, 2))
    single = MultiOutputRegressor(LinearRegression())
    one, two = (compare_with_single_task(Ridge(5.0), X, y, single=single, n_jobs=n_jobs) for n_jobs in (None, 2))
    assert one.metrics == ("r2", "r2")
    assert np.array_equal(one.difference, two.difference)
    assert np.isnan(one.n_positive).all()
    assert (one.difference != 0).all()


def test_folds_without_a_score_are_left_out_and_counted(rng, pooling):
    """Positives in one fold only leave the others without a score."""
    X, y = rng.normal(size=(40, 2)), np.column_stack([np.arange(40) % 2, np.zeros(40)])
    y[[0, 1, 20], 1] = 1
    folds = [(np.delete(np.arange(40), test), test) for test in np.split(np.arange(40), 4)]
    comparison = compare_with_single_task(pooling(), X, y, cv=folds)
    assert comparison.n_scored.tolist() == [4, 2]
    assert np.isnan(comparison.joint[[1, 3], 1]).all()


def test_one_task(related, pooling):
    """Labels of one axis make one task; joint and single are the same then."""
    X, y = related
    comparison = compare_with_single_task(pooling(), X, y[:, 0], cv=3)
    assert comparison.tasks == ("task0",)
    assert (comparison.difference == 0).all()


def test_a_callable_sees_the_estimator_and_the_labels_as_they_are(related, pooling):
    """It gets the test samples with their holes, and its scores are taken."""
    X, y = related
    y = pd.DataFrame(y, columns=list("abcd"))

    def scoring(estimator, X, y):
        assert y.isna().any(axis=None)
        assert len(X) == len(y)
        return {name: float(estimator.sharing == "hard") for name in y.columns[::-1]}

    comparison = compare_with_single_task(pooling(), X, y, cv=3, scoring=scoring)
    assert comparison.metrics == ("score",) * 4
    assert comparison.verdicts == ("gains",) * 4


def test_names_that_the_estimator_gives(related, pooling):
    """Where the columns of y have none, in a pipeline and in a search too."""

    class Naming(pooling):
        def fit(self, X, y):
            self.tasks_ = np.array(["a", "b", "c", "d"], dtype=object)
            return super().fit(X, y)

    X, y = related

    def scoring(estimator, X, y):
        return dict.fromkeys("dcba", 1.0)

    pipeline = make_pipeline(Naming())
    search = GridSearchCV(pipeline, {"naming__C": [1.0]}, cv=2, scoring=lambda *args: 0.0)
    for estimator in (Naming(), pipeline, search):
        assert compare_with_single_task(estimator, X, y, cv=2, scoring=scoring).tasks == tuple("abcd")
    named = pd.DataFrame(y, columns=list("wxyz"))
    assert compare_with_single_task(Naming(), X, named, cv=2).tasks == tuple("wxyz")


def test_other_splits_and_confidence(related, pooling):
    """Random splits serve too; more confidence makes wider intervals."""
    X, y = related
    splits = ShuffleSplit(4, test_size=0.25, random_state=0)
    narrow, wide = (compare_with_single_task(pooling(), X, y, cv=splits, confidence=share) for share in (0.5, 0.99))
    assert narrow.test_to_train == pytest.approx(1 / 3)
    assert ((wide.high - wide.low) > (narrow.high - narrow.low)).all()


def test_neither_estimator_is_fitted(related, pooling):
    """Clones are."""
    X, y = related
    joint, single = pooling(), pooling("none")
    compare_with_single_task(joint, X, y, single=single, cv=2)
    assert not hasattr(joint, "models_")
    assert not hasattr(single, "models_")


def test_wrong_calls(related, pooling):
    """Each is told before anything is fitted."""
    X, y = related
    with pytest.raises(ValueError, match="confidence must be a number between 0 and 1, got 95"):
        compare_with_single_task(pooling(), X, y, confidence=95)
    with pytest.raises(ValueError, match="Ridge has none; give the estimator"):
        compare_with_single_task(Ridge(), X, y)
    with pytest.raises(TypeError, match="scoring must be None, a name or a callable"):
        compare_with_single_task(pooling(), X, y, scoring=3)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        compare_with_single_task(pooling(), X[:-1], y)
