import numpy as np
import pytest

from sktl.estimators._attribute_scores import attribute_priors, attribute_scores, present_probabilities

HAS = np.array([[1, 0, 1], [1, 1, np.nan], [0, 0, 0]])


def test_the_score_is_the_product_over_what_is_known(rng):
    present, prior = rng.uniform(0.1, 0.9, size=(5, 3)), np.array([0.3, 0.5, 0.8])
    scores = np.exp(attribute_scores(present, prior, HAS))
    for sample in range(5):
        p = present[sample]
        first = p[0] / 0.3 * (1 - p[1]) / 0.5 * p[2] / 0.8
        second = p[0] / 0.3 * p[1] / 0.5
        third = (1 - p[0]) / 0.7 * (1 - p[1]) / 0.5 * (1 - p[2]) / 0.2
        np.testing.assert_allclose(scores[sample], [first, second, third])


def test_what_is_certain_rules_no_class_out():
    scores = attribute_scores(np.array([[0.0, 1.0, 0.0]]), np.full(3, 0.5), HAS)
    assert np.isfinite(scores).all()


def test_priors():
    np.testing.assert_array_equal(attribute_priors("uniform", HAS, np.ones(3)), [0.5, 0.5, 0.5])
    np.testing.assert_allclose(attribute_priors("classes", HAS, np.array([7, 1, 2])), [2 / 3, 1 / 3, 1 / 2])
    np.testing.assert_allclose(attribute_priors("training", HAS, np.array([7, 1, 2])), [0.8, 0.1, 7 / 9])
    np.testing.assert_array_equal(attribute_priors([0.1, 0.2, 0.3], HAS, np.ones(3)), [0.1, 0.2, 0.3])


def test_the_prior_of_an_attribute_that_nobody_knows_is_a_number():
    assert 0 < attribute_priors("training", np.array([[np.nan], [np.nan]]), np.ones(2))[0] < 1


@pytest.mark.parametrize("prior", [[0.5, 0.5], [0.5, 0.5, 1.0], [0.0, 0.5, 0.5], [0.5, 0.5, np.nan]])
def test_priors_that_are_no_probabilities_are_refused(prior):
    with pytest.raises(ValueError, match=r"prior must have a probability in \(0, 1\) for each of the 3 attributes"):
        attribute_priors(prior, HAS, np.ones(3))


def test_answers_of_all_forms():
    one, two = np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([[0.5, 0.5], [0.2, 0.8]])
    np.testing.assert_array_equal(present_probabilities([one, two], 2), [[0.1, 0.5], [0.4, 0.8]])
    np.testing.assert_array_equal(
        present_probabilities(np.array([[0.1, 0.5], [0.4, 0.8]]), 2), [[0.1, 0.5], [0.4, 0.8]]
    )
    np.testing.assert_array_equal(present_probabilities([two], 1), [[0.5], [0.8]])
    np.testing.assert_array_equal(present_probabilities(two, 1), [[0.5], [0.8]])
    np.testing.assert_array_equal(present_probabilities(np.array([[0.3]]), 1), [[0.3]])


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ([np.ones((4, 2))], "a list of arrays of the shapes"),
        ([np.ones((4, 3)), np.ones((4, 2))], "a list of arrays of the shapes"),
        (np.ones((4, 3)), "an array of the shape"),
    ],
)
def test_other_answers_are_refused(answer, found):
    with pytest.raises(ValueError, match=f"the estimator must give probabilities of 2 binary tasks, .* got {found}"):
        present_probabilities(answer, 2)
