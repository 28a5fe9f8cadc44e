import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from sktl import MultiTaskClassifier
from sktl.estimators._attribute_zero_shot_classifier import AttributeZeroShotClassifier
from sktl.exceptions import UntrainableTaskWarning

ANIMALS = pd.DataFrame(
    {
        "striped": [1, 0, 0, 1, 0, 1, 0, 1],
        "hooves": [1, 1, 0, 0, 1, 1, 0, 0],
        "large": [1, 1, 0, 1, 0, 0, 1, 0],
    },
    index=["zebra", "horse", "cat", "tiger", "boar", "okapi calf", "lion", "tabby"],
)
UNSEEN = ["cat", "zebra"]


def regressions():
    return MultiOutputClassifier(LogisticRegression())


@pytest.fixture(scope="module")
def animals():
    """Return samples (240, 3) in which each attribute shows, and their classes."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(ANIMALS.index.to_numpy(), 30))
    return ANIMALS.loc[y].to_numpy() + 0.2 * rng.normal(size=(240, 3)), y


@pytest.fixture(scope="module")
def seen(animals):
    """Return the samples of six classes."""
    X, y = animals
    there = ~np.isin(y, UNSEEN)
    return X[there], y[there]


@pytest.fixture(scope="module")
def unseen(animals):
    """Return the samples of the other two."""
    X, y = animals
    there = np.isin(y, UNSEEN)
    return X[there], y[there]


def covering_table():
    """Return rows for all the labels that scikit-learn's checks use."""

    def row(kind, number):
        return [kind == place for place in range(3)] + [number == place for place in range(-1, 10)]

    words = {word: row(kind, None) for kind, word in enumerate(["one", "two", "three"])}
    return words | {number: row(number % 3, number) for number in range(-1, 10)}


@parametrize_with_checks([AttributeZeroShotClassifier(regressions(), covering_table(), candidates="seen")])
def test_scikit_learn_s_own_checks(estimator, check):
    check(estimator)


def test_classes_that_no_sample_is_of_are_named(seen, unseen):
    classifier = AttributeZeroShotClassifier(regressions(), ANIMALS, prior="uniform").fit(*seen)
    assert classifier.classes_.tolist() == UNSEEN
    assert classifier.seen_classes_.tolist() == ["boar", "horse", "lion", "okapi calf", "tabby", "tiger"]
    assert classifier.attribute_names_.tolist() == ["striped", "hooves", "large"]
    assert classifier.learned_.tolist() == [True, True, True]
    assert classifier.prior_.tolist() == [0.5, 0.5, 0.5]
    assert classifier.n_features_in_ == 3
    assert classifier.score(*unseen) > 0.9


@pytest.mark.parametrize("prior", ["uniform", "training", "classes", [0.2, 0.3, 0.4]])
def test_probabilities_follow_the_formula(prior, seen, unseen):
    classifier = AttributeZeroShotClassifier(regressions(), ANIMALS, prior=prior).fit(*seen)
    present = np.column_stack([one[:, 1] for one in classifier.estimator_.predict_proba(unseen[0])])
    np.testing.assert_array_equal(classifier.predict_attributes(unseen[0]), present)
    cat = np.prod((1 - present) / (1 - classifier.prior_), axis=1)  # a cat has none of the attributes
    zebra = np.prod(present / classifier.prior_, axis=1)  # a zebra has all
    expected = np.column_stack([cat, zebra]) / (cat + zebra)[:, None]
    np.testing.assert_allclose(classifier.predict_proba(unseen[0]), expected, atol=1e-4)
    np.testing.assert_allclose(np.exp(classifier.predict_log_proba(unseen[0])), expected, atol=1e-4)
    np.testing.assert_array_equal(classifier.predict(unseen[0]), np.array(UNSEEN)[expected.argmax(axis=1)])


def test_the_prior_of_training_goes_by_samples_and_that_of_classes_by_rows():
    y = ["horse"] * 6 + ["tiger"] * 2 + ["boar"] * 2
    X = ANIMALS.loc[y].to_numpy() + 0.0
    fit = {}
    for prior in ("training", "classes"):
        fit[prior] = AttributeZeroShotClassifier(regressions(), ANIMALS, prior=prior).fit(X, y).prior_
    np.testing.assert_allclose(fit["training"], [0.2, 0.8, 0.8])
    np.testing.assert_allclose(fit["classes"], [1 / 3, 2 / 3, 2 / 3])
    weighted = AttributeZeroShotClassifier(regressions(), ANIMALS, prior="training")
    weights = [1] * 6 + [5] * 2 + [1] * 2
    np.testing.assert_allclose(weighted.fit(X, y, sample_weight=weights).prior_, [10 / 18, 8 / 18, 16 / 18])


def test_sample_weights_reach_the_estimator(seen):
    X, y = seen
    weights = np.random.default_rng(0).integers(1, 4, size=len(y))
    one = AttributeZeroShotClassifier(regressions(), ANIMALS).fit(X, y, sample_weight=weights)
    two = AttributeZeroShotClassifier(regressions(), ANIMALS).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X), atol=1e-4)


def test_candidates(seen, animals):
    def classes(candidates):
        return AttributeZeroShotClassifier(regressions(), ANIMALS, candidates=candidates).fit(*seen).classes_.tolist()

    assert classes("seen") == ["boar", "horse", "lion", "okapi calf", "tabby", "tiger"]
    assert classes(["zebra", "boar"]) == ["boar", "zebra"]
    assert classes(np.array(["zebra", "zebra"])) == ["zebra"]
    assert classes("all") == sorted(ANIMALS.index)
    X, y = animals
    everything = AttributeZeroShotClassifier(regressions(), ANIMALS, candidates="all").fit(*seen)
    assert everything.score(X, y) > 0.7


def test_all_forms_of_the_table_give_the_same(seen, unseen):
    expected = AttributeZeroShotClassifier(regressions(), ANIMALS).fit(*seen).predict_proba(unseen[0])
    as_dict = {label: row.tolist() for label, row in ANIMALS.iterrows()}
    np.testing.assert_array_equal(
        AttributeZeroShotClassifier(regressions(), as_dict).fit(*seen).predict_proba(unseen[0]), expected
    )
    as_array = AttributeZeroShotClassifier(regressions(), ANIMALS.to_numpy(), classes=list(ANIMALS.index)).fit(*seen)
    np.testing.assert_array_equal(as_array.predict_proba(unseen[0]), expected)


def test_what_is_unknown_of_a_candidate_has_no_part(seen, unseen):
    vague = ANIMALS.astype(float)
    vague.loc["zebra", ["hooves", "large"]] = np.nan
    classifier = AttributeZeroShotClassifier(regressions(), vague, prior="uniform").fit(*seen)
    present = classifier.predict_attributes(unseen[0])
    expected = np.column_stack([np.prod(2 * (1 - present), axis=1), 2 * present[:, 0]])
    np.testing.assert_allclose(
        classifier.predict_proba(unseen[0]), expected / expected.sum(axis=1, keepdims=True), atol=1e-4
    )


def test_what_is_unknown_of_a_seen_class_is_a_missing_label(seen, unseen):
    vague = ANIMALS.astype(float)
    vague.loc["tiger", "large"] = np.nan
    network = MultiTaskClassifier("mlp", random_state=0)
    classifier = AttributeZeroShotClassifier(network, vague).fit(*seen)
    assert classifier.score(*unseen) > 0.9
    with pytest.raises(ValueError, match="NaN"):
        AttributeZeroShotClassifier(regressions(), vague).fit(*seen)


def test_an_attribute_that_seen_classes_share_is_left_out(animals):
    X, y = animals
    there = np.isin(y, ["zebra", "horse", "okapi calf"])  # all of which have hooves
    table = ANIMALS.loc[["zebra", "horse", "okapi calf", "cat", "tiger"]]
    classifier = AttributeZeroShotClassifier(regressions(), table).fit(X[there], y[there])
    assert classifier.learned_.tolist() == [True, False, True]
    assert len(classifier.estimator_.estimators_) == 2
    assert np.isnan(classifier.prior_).tolist() == [False, True, False]
    assert np.isnan(classifier.predict_attributes(X[:5])).tolist() == [[False, True, False]] * 5
    others = np.isin(y, ["cat", "tiger"])
    assert classifier.score(X[others], y[others]) > 0.8


def test_it_warns_where_candidates_differ_in_what_is_not_learned(animals):
    X, y = animals
    there = np.isin(y, ["zebra", "horse", "okapi calf"])
    with pytest.warns(
        UntrainableTaskWarning, match=r"the candidates differ in \['hooves'\], but the classes of y do not"
    ):
        AttributeZeroShotClassifier(regressions(), ANIMALS, candidates=["cat", "horse"]).fit(X[there], y[there])


def test_it_warns_where_nothing_tells_two_candidates_apart(seen):
    with pytest.warns(UntrainableTaskWarning, match="no attribute that was learned tells 'boar' from 'horse'"):
        AttributeZeroShotClassifier(regressions(), ANIMALS.drop(columns="large"), candidates="seen").fit(*seen)


def test_estimators_that_answer_with_one_array_serve_too(seen, unseen):
    classifier = AttributeZeroShotClassifier(
        MLPClassifier((8,), solver="lbfgs", alpha=1.0, random_state=0), ANIMALS
    ).fit(*seen)
    assert classifier.score(*unseen) > 0.9


def test_estimators_that_are_certain_serve_too(seen, unseen):
    classifier = AttributeZeroShotClassifier(DecisionTreeClassifier(random_state=0), ANIMALS).fit(*seen)
    assert set(np.unique(classifier.predict_attributes(unseen[0]))) == {0.0, 1.0}
    assert np.isfinite(classifier.predict_log_proba(unseen[0])).all()
    assert classifier.score(*unseen) > 0.8


def test_one_attribute_is_enough(animals):
    X, y = animals
    there = np.isin(y, ["zebra", "horse"])
    classifier = AttributeZeroShotClassifier(regressions(), ANIMALS[["striped"]], candidates=["tiger", "boar"])
    others = np.isin(y, ["tiger", "boar"])
    assert classifier.fit(X[there], y[there]).score(X[others], y[others]) > 0.9


def test_pictures_and_a_network(pictures):
    X, y = pictures
    table = {0: [1, 1, 0], 1: [0, 1, 1], 2: [1, 0, 1], 3: [0, 0, 0]}
    network = MultiTaskClassifier("resnet18", weights=None, freeze="all", image_size=32, random_state=0)
    classifier = AttributeZeroShotClassifier(network, table).fit(list(X[y < 3]), y[y < 3])
    assert classifier.predict(list(X[y == 3])).tolist() == [3] * (y == 3).sum()
    assert not hasattr(classifier, "n_features_in_")


# In a fold that holds out the only class without hooves, hooves cannot be learned.
@pytest.mark.filterwarnings("ignore::sktl.exceptions.UntrainableTaskWarning")
def test_a_search_holds_out_whole_classes(animals):
    X, y = animals
    grid = {"estimator__estimator__C": [1e-6, 1.0]}
    there = y != "zebra"
    search = GridSearchCV(AttributeZeroShotClassifier(regressions(), ANIMALS), grid, cv=GroupKFold(7))
    search.fit(X[there], y[there], groups=y[there])
    assert search.best_params_ == {"estimator__estimator__C": 1.0}
    assert search.best_score_ > 0.5  # of two classes
    assert search.best_estimator_.classes_.tolist() == ["zebra"]


def test_ordinary_folds_score_the_seen_classes(seen):
    classifier = AttributeZeroShotClassifier(regressions(), ANIMALS, candidates="seen")
    assert cross_val_score(classifier, *seen, cv=3).min() > 0.8


def test_in_a_pipeline(seen, unseen):
    pipeline = make_pipeline(StandardScaler(), AttributeZeroShotClassifier(regressions(), ANIMALS)).fit(*seen)
    assert pipeline.score(*unseen) > 0.9


def test_clone_and_pickle(seen, unseen):
    classifier = AttributeZeroShotClassifier(regressions(), ANIMALS, prior="classes").fit(*seen)
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict_proba(unseen[0]), classifier.predict_proba(unseen[0]))
    copy = clone(classifier)
    assert not hasattr(copy, "estimator_")
    assert copy.prior == "classes"
    np.testing.assert_array_equal(copy.fit(*seen).predict(unseen[0]), classifier.predict(unseen[0]))
    assert is_classifier(classifier)


def test_fit_leaves_the_estimator_and_the_table_alone(seen):
    estimator, table = regressions(), ANIMALS.copy()
    classifier = AttributeZeroShotClassifier(estimator, table).fit(*seen)
    assert not hasattr(estimator, "estimators_")
    assert classifier.estimator is estimator
    pd.testing.assert_frame_equal(table, ANIMALS)


def test_a_further_fit_forgets_the_last(seen):
    frame = pd.DataFrame(seen[0], columns=["a", "b", "c"])
    classifier = AttributeZeroShotClassifier(regressions(), ANIMALS).fit(frame, seen[1])
    assert classifier.feature_names_in_.tolist() == ["a", "b", "c"]
    assert not hasattr(classifier.fit(*seen), "feature_names_in_")


def test_the_order_of_samples_does_not_matter(seen, unseen):
    classifier = AttributeZeroShotClassifier(regressions(), ANIMALS).fit(*seen)
    order = np.random.default_rng(0).permutation(len(unseen[0]))
    np.testing.assert_allclose(classifier.predict_proba(unseen[0][order]), classifier.predict_proba(unseen[0])[order])


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba", "predict_attributes"])
def test_it_has_to_be_fitted(method, unseen):
    with pytest.raises(NotFittedError):
        getattr(AttributeZeroShotClassifier(regressions(), ANIMALS), method)(unseen[0])


def test_classes_without_a_row_are_refused(seen):
    with pytest.raises(ValueError, match="y holds 'boar', which attributes has no row for"):
        AttributeZeroShotClassifier(regressions(), ANIMALS.drop(index="boar")).fit(*seen)
    with pytest.raises(ValueError, match="candidates holds 'dog', which attributes has no row for"):
        AttributeZeroShotClassifier(regressions(), ANIMALS, candidates=["dog"]).fit(*seen)


def test_classes_that_differ_in_nothing_are_refused(seen):
    X, y = seen
    with pytest.raises(
        ValueError, match=r"no attribute can be learned: the 1 class\(es\) of y, \['horse'\], differ in"
    ):
        AttributeZeroShotClassifier(regressions(), ANIMALS).fit(X[y == "horse"], y[y == "horse"])


@pytest.mark.parametrize("candidates", ["unseen", []])
def test_there_must_be_a_candidate(candidates, animals):
    with pytest.raises(ValueError, match="no candidate is left: "):
        AttributeZeroShotClassifier(regressions(), ANIMALS, candidates=candidates).fit(*animals)


@pytest.mark.parametrize(
    ("name", "value"), [("candidates", "others"), ("prior", "flat"), ("estimator", "mlp"), ("attributes", 3)]
)
def test_parameters_out_of_range_are_refused(name, value, seen):
    parameters = {"estimator": regressions(), "attributes": ANIMALS, name: value}
    with pytest.raises(ValueError, match=f"The '{name}' parameter of AttributeZeroShotClassifier must be"):
        AttributeZeroShotClassifier(**parameters).fit(*seen)


def test_numbers_are_no_classes(seen):
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        AttributeZeroShotClassifier(regressions(), ANIMALS).fit(seen[0], np.linspace(0, 1, len(seen[0])))
