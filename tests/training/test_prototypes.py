import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from sktl.training import _prototypes
from sktl.training._prototypes import PRIOR_SAMPLES_PER_FEATURE, PrototypeSums, solve_prototypes


def make_samples(rng, n_classes=4, n_each=6, n_features=10):
    numbers = np.repeat(np.arange(n_classes), n_each)
    features = 2 * rng.normal(size=(n_classes, n_features))[numbers] + rng.normal(size=(len(numbers), n_features)) + 5
    return features, numbers


def sums_of(features, numbers, weights=None, n_classes=None):
    n_classes = int(numbers.max()) + 1 if n_classes is None else n_classes
    return PrototypeSums.empty(n_classes, features.shape[1]).add(features, numbers, weights)


def outputs_of(probe, features):
    return features @ probe.weight.T + probe.bias


def assert_same_outputs(one, other, features):
    np.testing.assert_allclose(outputs_of(one, features), outputs_of(other, features), rtol=1e-8, atol=1e-8)
    assert one.temperature == pytest.approx(other.temperature)


def distances(features, numbers, weights):
    """Return the squared distances to the prototypes under the documented covariance, in so many words."""
    n_classes, n_features = numbers.max() + 1, features.shape[1]
    means = np.stack(
        [np.average(features[numbers == c], axis=0, weights=weights[numbers == c]) for c in range(n_classes)]
    )
    counts = np.bincount(numbers, weights)
    about = (counts[:, None] * means + means.mean(axis=0)) / (counts[:, None] + 1)
    z = features - about[numbers]
    scatter = (z * weights[:, None]).T @ z
    prior = PRIOR_SAMPLES_PER_FEATURE * n_features
    variance = np.trace(scatter) / weights.sum() / n_features
    covariance = (scatter + prior * variance * np.eye(n_features)) / (weights.sum() + prior)
    apart = features[:, None] - means
    return np.einsum("ncj,jk,nck->nc", apart, np.linalg.inv(covariance), apart), covariance, means


@pytest.mark.parametrize(("n_each", "n_features"), [(1, 10), (6, 10), (2, 40)])
def test_probabilities_are_those_of_the_documented_distances(n_each, n_features, rng):
    features, numbers = make_samples(rng, n_each=n_each, n_features=n_features)
    weights = rng.uniform(0.5, 2, size=len(features))
    probe = solve_prototypes(sums_of(features, numbers, weights))
    expected, _, _ = distances(features, numbers, weights)
    np.testing.assert_allclose(
        softmax(outputs_of(probe, features), axis=1), softmax(-expected / (2 * probe.temperature), axis=1), atol=1e-9
    )


def test_one_sample_a_class_is_its_own_prototype(rng):
    features, numbers = make_samples(rng, n_each=1)
    probe = solve_prototypes(sums_of(features, numbers))
    np.testing.assert_array_equal(outputs_of(probe, features).argmax(axis=1), numbers)


def test_with_many_samples_it_is_linear_discriminant_analysis(rng):
    features, numbers = make_samples(rng, n_classes=3, n_each=20_000, n_features=4)
    probe = solve_prototypes(sums_of(features, numbers))
    # Here the model is right, and what is left to choose is the temperature.
    analysis = LinearDiscriminantAnalysis(priors=np.full(3, 1 / 3)).fit(features, numbers)
    ours, theirs = outputs_of(probe, features) * probe.temperature, analysis.decision_function(features)
    np.testing.assert_allclose(ours - ours[:, :1], theirs - theirs[:, :1], atol=0.05)


# Each case has another temperature that is the largest: that of experience, that of two Gaussian classes with estimated
# parameters, the latter with the least share that is no noise, and that of known parameters.
@pytest.mark.parametrize(
    ("case", "n_classes", "n_each", "spread"),
    [("usual", 4, 6, 20.0), ("theory", 2, 40, 1.0), ("held up", 2, 4, 0.0), ("least", 2, 4000, 3.0)],
)
def test_the_temperature_is_the_documented_one(case, n_classes, n_each, spread, rng):
    numbers = np.repeat(np.arange(n_classes), n_each)
    features = rng.normal(size=(len(numbers), 10)) * np.arange(1, 11)
    features[:, 0] += spread * numbers
    probe = solve_prototypes(sums_of(features, numbers))
    _, covariance, means = distances(features, numbers, np.ones(len(features)))
    inverse = np.linalg.inv(covariance)
    apart = means[:, None] - means
    pairs = ~np.eye(n_classes, dtype=bool)
    distance = np.einsum("abj,jk,abk->ab", apart, inverse, apart)[pairs].mean()
    z = features - means[numbers]
    within = z.T @ z / (len(z) - n_classes)
    leverage = np.trace(inverse @ within) / (len(z) + PRIOR_SAMPLES_PER_FEATURE * 10)
    u = apart @ inverse
    variance = np.einsum("abj,jk,abk->ab", u, within, u)[pairs].mean() / (1 - leverage) ** 2
    noise = np.trace(inverse @ within) / (1 - leverage) * 2 / n_each
    floor = 0.4 / np.sqrt(len(z) - n_classes) * distance
    by_case = {
        "usual": 0.1 * distance / n_each**0.25,
        "theory": variance / (distance - noise),
        "held up": variance / floor,
        "least": 1.0,
    }
    assert probe.temperature == pytest.approx(by_case[case])


def held_out_loss(outputs, numbers):
    return -log_softmax(outputs, axis=1)[np.arange(len(numbers)), numbers].mean()


@pytest.mark.parametrize("classes", [range(10), (3, 8)])
@pytest.mark.parametrize("n_each", [1, 3, 10, 40])
def test_probabilities_of_new_samples_are_sensible(classes, n_each, rng):
    X, y = load_digits(return_X_y=True)
    chosen = np.isin(y, list(classes))
    X, numbers = X[chosen], np.searchsorted(list(classes), y[chosen])
    mine = np.concatenate([rng.permutation(np.flatnonzero(numbers == c))[:n_each] for c in range(len(classes))])
    probe = solve_prototypes(sums_of(X[mine], numbers[mine]))
    others = np.setdiff1d(np.arange(len(X)), mine)
    outputs, wanted = outputs_of(probe, X[others]), numbers[others]
    least = min(held_out_loss(outputs * factor, wanted) for factor in np.logspace(-2, 2, 81))
    assert held_out_loss(outputs, wanted) < least + 0.1
    assert held_out_loss(outputs, wanted) < np.log(len(classes))


def test_features_without_meaning_give_cautious_probabilities(rng):
    features, numbers = rng.normal(size=(200, 30)), np.arange(200) % 2
    probe = solve_prototypes(sums_of(features[:100], numbers[:100]))
    assert held_out_loss(outputs_of(probe, features[100:]), numbers[100:]) < 1.1 * np.log(2)


@pytest.mark.parametrize("n_features", [10, 100])  # the root is compressed, or has the samples themselves
def test_parts_in_any_order_give_what_one_part_gives(n_features, rng):
    features, numbers = make_samples(rng, n_features=n_features)
    weights = rng.uniform(0.2, 3, size=len(features))
    whole = sums_of(features, numbers, weights)
    parts = PrototypeSums.empty(4, n_features)
    order = rng.permutation(len(features))
    for part in (order[:1], order[1:15], order[15:]):
        parts = parts.add(features[part], numbers[part], weights[part])
    np.testing.assert_allclose(parts.counts, whole.counts)
    np.testing.assert_allclose(parts.sums, whole.sums)
    np.testing.assert_allclose(parts.root.T @ parts.root, (features * weights[:, None]).T @ features)
    assert len(parts.root) <= n_features
    assert_same_outputs(solve_prototypes(parts), solve_prototypes(whole), features)


def test_adding_leaves_the_sums_before_as_they_were(rng):
    features, numbers = make_samples(rng)
    before = sums_of(features, numbers)
    kept = [array.copy() for array in (before.counts, before.sums, before.root)]
    before.add(features, numbers)
    before.grow(6)
    for now, then in zip((before.counts, before.sums, before.root), kept, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_weight_of_two_equals_a_sample_twice(rng):
    features, numbers = make_samples(rng)
    weights = np.ones(len(features))
    weights[:5] = 2
    twice = sums_of(np.concatenate([features, features[:5]]), np.concatenate([numbers, numbers[:5]]))
    assert_same_outputs(solve_prototypes(sums_of(features, numbers, weights)), solve_prototypes(twice), features)


def test_a_weight_of_zero_equals_no_sample(rng):
    features, numbers = make_samples(rng)
    weights = np.ones(len(features))
    weights[::6] = 0
    left = solve_prototypes(sums_of(features[weights > 0], numbers[weights > 0]))
    sums = sums_of(features, numbers, weights)
    assert len(sums.root) <= (weights > 0).sum()
    assert_same_outputs(solve_prototypes(sums), left, features)


def test_classes_that_come_later_take_their_places(rng):
    features, numbers = make_samples(rng)
    whole = solve_prototypes(sums_of(features, numbers))
    first = np.isin(numbers, [1, 3])
    sums = PrototypeSums.empty(2, 10).add(features[first], np.searchsorted([1, 3], numbers[first]))
    sums = sums.grow(4, places=np.array([1, 3])).add(features[~first], numbers[~first])
    assert_same_outputs(solve_prototypes(sums), whole, features)


def test_growing_puts_new_classes_last_unless_told_otherwise(rng):
    features, numbers = make_samples(rng)
    np.testing.assert_array_equal(sums_of(features, numbers).grow(6).counts, [6, 6, 6, 6, 0, 0])
    np.testing.assert_array_equal(sums_of(features, numbers).grow(5, [4, 0, 1, 2]).counts, [6, 6, 6, 0, 6])


def test_scaling_turning_and_moving_features_changes_no_output(rng):
    features, numbers = make_samples(rng)
    turn = np.linalg.qr(rng.normal(size=(10, 10)))[0]
    moved = 100 * features @ turn - 30
    one, other = solve_prototypes(sums_of(features, numbers)), solve_prototypes(sums_of(moved, numbers))
    np.testing.assert_allclose(outputs_of(one, features), outputs_of(other, moved), atol=1e-7)


def test_classes_with_many_samples_are_not_preferred(rng):
    features = np.concatenate([rng.normal(size=(200, 3)), rng.normal(size=(4, 3)) + [9, 0, 0]])
    numbers = np.array([0] * 200 + [1] * 4)
    sums = sums_of(features, numbers)
    middle = (sums.sums / sums.counts[:, None]).mean(axis=0)
    outputs = outputs_of(solve_prototypes(sums), middle[None])
    assert outputs[0, 0] == pytest.approx(outputs[0, 1])


def test_two_classes_can_share_one_output(rng):
    features, numbers = make_samples(rng, n_classes=2)
    two = solve_prototypes(sums_of(features, numbers))
    one = solve_prototypes(sums_of(features, numbers), n_outputs=1)
    assert (two.weight.shape, two.bias.shape, one.weight.shape, one.bias.shape) == ((2, 10), (2,), (1, 10), (1,))
    np.testing.assert_allclose(np.diff(outputs_of(two, features)), outputs_of(one, features))
    np.testing.assert_array_equal(outputs_of(one, features)[:, 0] > 0, numbers == 1)


def test_what_is_not_known_is_not_a_number(rng):
    probe = solve_prototypes(sums_of(*make_samples(rng)))
    assert np.isnan([probe.penalty, probe.loss]).all()
    assert probe.n_iter == 1


def test_classes_without_samples_are_next_to_impossible(rng):
    features, numbers = make_samples(rng)
    sums = sums_of(features, 2 * numbers, n_classes=8)
    probabilities = softmax(outputs_of(solve_prototypes(sums), features), axis=1)
    assert 0 < probabilities[:, 1::2].max() < 1e-5
    seen = softmax(outputs_of(solve_prototypes(sums_of(features, numbers)), features), axis=1)
    np.testing.assert_allclose(probabilities[:, ::2], seen, atol=1e-5)


@pytest.mark.parametrize("seen", [0, 1])
def test_one_class_of_two_is_all_but_certain(seen, rng):
    features = rng.normal(size=(3, 5))
    sums = sums_of(features, np.full(3, seen), n_classes=2)
    assert (outputs_of(solve_prototypes(sums), features).argmax(axis=1) == seen).all()
    assert ((outputs_of(solve_prototypes(sums, n_outputs=1), features)[:, 0] > 10) == (seen == 1)).all()


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_samples_that_are_all_alike_say_nothing(value):
    features = np.full((6, 4), value)
    probe = solve_prototypes(sums_of(features, np.arange(6) % 3))
    assert (probe.weight == 0).all()
    assert (probe.bias == 0).all()


def test_samples_that_repeat_within_a_class_are_no_trouble():
    features = np.repeat(np.eye(3), 4, axis=0)
    probe = solve_prototypes(sums_of(features, np.repeat(np.arange(3), 4)))
    assert np.isfinite(probe.weight).all()
    np.testing.assert_array_equal(outputs_of(probe, np.eye(3)).argmax(axis=1), [0, 1, 2])


def test_half_precision_is_widened_before_sums_are_taken():
    sums = sums_of(np.full((4000, 1), 0.1, dtype=np.float16), np.zeros(4000))
    assert sums.sums.dtype == np.float64
    assert sums.sums[0, 0] == pytest.approx(4000 * float(np.float16(0.1)))


def test_unusual_weights_keep_the_temperature_finite(rng):
    features, numbers = make_samples(rng, n_features=40)
    for factor in (1e-6, 4.001 / 24, 0.3, 1e6):  # the second: hardly a degree of freedom is left
        probe = solve_prototypes(sums_of(features, numbers, np.full(len(features), factor)))
        assert 1 <= probe.temperature < np.inf
        np.testing.assert_array_equal(outputs_of(probe, features).argmax(axis=1), numbers)


def test_it_beats_class_means_alone_on_digits(rng, monkeypatch):
    X, y = load_digits(return_X_y=True)
    mine = np.concatenate([rng.permutation(np.flatnonzero(y == c))[:10] for c in range(10)])
    others = np.setdiff1d(np.arange(len(X)), mine)

    def accuracy():
        return (outputs_of(solve_prototypes(sums_of(X[mine], y[mine])), X[others]).argmax(axis=1) == y[others]).mean()

    with_covariance = accuracy()
    monkeypatch.setattr(_prototypes, "PRIOR_SAMPLES_PER_FEATURE", 1e9)  # which leaves plain squared distances
    assert with_covariance > accuracy() + 0.02


def test_features_of_another_width_are_refused():
    with pytest.raises(ValueError, match=r"features must be of shape \(n_samples, 3\), got \(2, 4\)"):
        PrototypeSums.empty(2, 3).add(np.zeros((2, 4)), np.zeros(2))


def test_other_numbers_of_labels_are_refused():
    with pytest.raises(ValueError, match="got 2 samples, 3 classes and 2 weights"):
        PrototypeSums.empty(2, 3).add(np.zeros((2, 3)), np.zeros(3))
    with pytest.raises(ValueError, match="got 2 samples, 2 classes and 1 weights"):
        PrototypeSums.empty(2, 3).add(np.zeros((2, 3)), np.zeros(2), np.ones(1))


@pytest.mark.parametrize("number", [-1, 2])
def test_classes_out_of_range_are_refused(number):
    with pytest.raises(ValueError, match=r"class numbers must be from 0 to 1, got .*: grow the sums before"):
        PrototypeSums.empty(2, 3).add(np.zeros((2, 3)), np.array([0, number]))


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match=r"weights must be 0 or more, got -1\.0"):
        PrototypeSums.empty(2, 3).add(np.zeros((2, 3)), np.zeros(2), np.array([1.0, -1.0]))


def test_growing_drops_no_class():
    with pytest.raises(ValueError, match="there are 3 classes already, got n_classes=2"):
        PrototypeSums.empty(3, 1).grow(2)


@pytest.mark.parametrize("places", [[0], [0, 4], [-1, 0]])
def test_places_out_of_range_are_refused(places):
    with pytest.raises(ValueError, match="places must be a number from 0 to 3 for each of the 2 classes so far"):
        PrototypeSums.empty(2, 1).grow(4, places)


def test_places_that_repeat_are_refused():
    with pytest.raises(ValueError, match="places must be distinct"):
        PrototypeSums.empty(2, 1).grow(4, [1, 1])


def test_no_sample_is_refused():
    with pytest.raises(ValueError, match="there is none: add samples first"):
        solve_prototypes(PrototypeSums.empty(2, 3))


@pytest.mark.parametrize(("n_classes", "n_outputs"), [(3, 1), (2, 3), (3, 2)])
def test_outputs_that_do_not_go_with_the_classes_are_refused(n_classes, n_outputs):
    with pytest.raises(ValueError, match=rf"n_outputs must be None or {n_classes}.*got {n_outputs}"):
        solve_prototypes(PrototypeSums.empty(n_classes, 3), n_outputs=n_outputs)
