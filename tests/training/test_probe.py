import numpy as np
import pytest
import torch

from sktl.losses import cross_entropy, logistic, squared_error
from sktl.training import _probe
from sktl.training._probe import DEFAULT_PENALTY, PENALTIES, solve_linear_probe
from sktl.training._rotate import rotate

LOSS_OF = {"binary": logistic, "multiclass": cross_entropy, "regression": squared_error}
KINDS = list(LOSS_OF)


def make_problem(kind, n, d, rng):
    features = rng.normal(size=(n, d)) + 3 * rng.normal(size=d)
    scores = features @ rng.normal(size=(d, 3)) + rng.normal(size=(n, 3))
    targets = {
        "binary": (scores[:, 0] > np.median(scores[:, 0])).astype(int),
        "multiclass": (scores - scores.mean(axis=0)).argmax(axis=1),
        "regression": scores[:, :1],
    }[kind]
    return features, targets


def solve(kind, features, targets, weights=None, **others):
    weights = np.ones(len(features)) if weights is None else weights
    arguments = {"penalty": 1e-2, "seed": 0, **others}
    return solve_linear_probe(rotate(features, weights), targets, weights, kind=kind, **arguments)


def objective(kind, features, targets, weights, penalty, weight, bias):
    """Return Σ w_i loss_i / Σ w_i + λ/2 · s² ‖W‖², as it is documented."""
    mean = np.average(features, axis=0, weights=weights)
    squared_length = np.average(((features - mean) ** 2).sum(axis=1), weights=weights)
    outputs = torch.from_numpy(features) @ weight.T + bias
    losses = LOSS_OF[kind](outputs, torch.from_numpy(targets).reshape(-1).double())
    w = torch.from_numpy(weights)
    return (w * losses).sum() / w.sum() + penalty / 2 * squared_length * weight.square().sum()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "d"), [(30, 8), (15, 40)])
@pytest.mark.parametrize("penalty", [1e-1, 1e-4])
def test_the_stated_objective_is_flat_at_the_answer(kind, n, d, penalty, rng):
    features, targets = make_problem(kind, n, d, rng)
    weights = rng.uniform(0.2, 3, size=n)
    probe = solve(kind, features, targets, weights, penalty=penalty)
    weight = torch.from_numpy(probe.weight).requires_grad_()
    bias = torch.from_numpy(probe.bias).requires_grad_()
    centre = torch.from_numpy(np.average(features, axis=0, weights=weights))
    # Weights and intercept for centred features, where a flat place shows up as such.
    objective(
        kind, features, targets, weights, penalty, weight, bias - weight @ centre.detach() + weight.detach() @ centre
    ).backward()
    size = np.sqrt(np.average(((features - centre.numpy()) ** 2).sum(axis=1), weights=weights))
    assert np.abs(weight.grad.numpy()).max() / size < 2e-6
    assert np.abs(bias.grad.numpy()).max() < 2e-6


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_away_is_worse(kind, rng):
    features, targets = make_problem(kind, 30, 8, rng)
    weights = np.ones(30)
    probe = solve(kind, features, targets)
    best = [torch.from_numpy(probe.weight), torch.from_numpy(probe.bias)]
    least = objective(kind, features, targets, weights, 1e-2, *best)
    for number in (0, 1):
        for step in (0.99, 1.01):
            moved = list(best)
            moved[number] = moved[number] * step
            assert objective(kind, features, targets, weights, 1e-2, *moved) > least


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_that_of_training(kind, rng):
    features, targets = make_problem(kind, 30, 8, rng)
    weights = rng.uniform(0.2, 3, size=30)
    probe = solve(kind, features, targets, weights)
    without_penalty = objective(
        kind, features, targets, weights, 0.0, torch.from_numpy(probe.weight), torch.from_numpy(probe.bias)
    )
    assert probe.loss == pytest.approx(without_penalty.item())
    assert probe.penalty == 1e-2
    assert probe.n_iter >= 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_of_two_equals_a_sample_twice(kind, rng):
    features, targets = make_problem(kind, 20, 5, rng)
    weights = np.ones(20)
    weights[:6] = 2
    weighted = solve(kind, features, targets, weights)
    twice = solve(kind, np.concatenate([features, features[:6]]), np.concatenate([targets, targets[:6]]))
    np.testing.assert_allclose(weighted.weight, twice.weight, atol=1e-5)
    np.testing.assert_allclose(weighted.bias, twice.bias, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_scaling_all_weights_changes_nothing(kind, rng):
    features, targets = make_problem(kind, 20, 5, rng)
    weights = rng.uniform(0.5, 1, size=20)
    one, other = solve(kind, features, targets, weights), solve(kind, features, targets, 7 * weights)
    np.testing.assert_allclose(one.weight, other.weight, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_scaling_and_moving_features_changes_no_output(kind, rng):
    features, targets = make_problem(kind, 20, 5, rng)
    moved = 100 * features - 30
    one, other = solve(kind, features, targets), solve(kind, moved, targets)
    np.testing.assert_allclose(features @ one.weight.T + one.bias, moved @ other.weight.T + other.bias, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_shapes(kind, rng):
    features, targets = make_problem(kind, 20, 5, rng)
    n_outputs = 3 if kind == "multiclass" else 1
    probe = solve(kind, features, targets)
    assert (probe.weight.shape, probe.bias.shape) == ((n_outputs, 5), (n_outputs,))


class TestAuto:
    @pytest.mark.parametrize("kind", KINDS)
    def test_the_same_seed_chooses_the_same(self, kind, rng):
        features, targets = make_problem(kind, 30, 8, rng)
        one, other = (solve(kind, features, targets, penalty="auto", seed=3) for _ in range(2))
        assert one.penalty == other.penalty
        assert one.penalty in PENALTIES
        assert np.array_equal(one.weight, other.weight)

    def test_noise_is_shrunk_and_signal_is_not(self, rng):
        features = rng.normal(size=(80, 5))
        signal, noise = features @ rng.normal(size=(5, 1)), rng.normal(size=(80, 1))
        assert solve("regression", features, noise, penalty="auto").penalty == PENALTIES.max()
        assert solve("regression", features, signal, penalty="auto").penalty == PENALTIES.min()

    def test_the_default_is_taken_unless_folds_speak_against_it(self, rng):
        targets = np.repeat([0, 1], 10)
        features = rng.normal(size=(20, 4)) + 9 * targets[:, None]
        assert solve("binary", features, targets, penalty="auto").penalty == DEFAULT_PENALTY

    def test_logits_are_divided_by_the_temperature(self, rng):
        features, targets = make_problem("multiclass", 40, 6, rng)
        auto = solve("multiclass", features, targets, penalty="auto")
        given = solve("multiclass", features, targets, penalty=auto.penalty)
        assert auto.temperature != 1.0
        assert given.temperature == 1.0
        np.testing.assert_allclose(auto.weight * auto.temperature, given.weight)
        outputs = torch.from_numpy(features @ auto.weight.T + auto.bias)
        assert auto.loss == pytest.approx(cross_entropy(outputs, torch.from_numpy(targets)).mean().item())

    def test_labels_that_are_noise_get_logits_near_zero(self, rng):
        features, targets = rng.normal(size=(60, 30)), np.arange(60) % 2
        probe = solve("binary", features, targets, penalty="auto")
        assert np.abs(features @ probe.weight.T).max() < 1.0

    @pytest.mark.parametrize("kind", ["binary", "multiclass"])
    def test_a_class_of_one_sample_leaves_no_folds(self, kind, rng):
        features = rng.normal(size=(9, 4))
        targets = np.array([0] * 8 + [1]) if kind == "binary" else np.array([0] * 4 + [1] * 4 + [2])
        probe = solve(kind, features, targets, penalty="auto")
        assert (probe.penalty, probe.temperature) == (DEFAULT_PENALTY, 1.0)

    def test_one_number_leaves_no_folds(self):
        probe = solve("regression", np.ones((1, 3)), np.zeros((1, 1)), penalty="auto")
        assert probe.penalty == DEFAULT_PENALTY
        assert probe.weight.tolist() == [[0.0, 0.0, 0.0]]

    @pytest.mark.parametrize("n_per_class", [2, 3])
    def test_small_classes_make_fewer_folds(self, n_per_class, rng):
        features = rng.normal(size=(3 * n_per_class, 4))
        assert solve("multiclass", features, np.repeat([0, 1, 2], n_per_class), penalty="auto").penalty in PENALTIES

    def test_many_samples_are_chosen_by_a_part_of_them(self, rng, monkeypatch):
        monkeypatch.setattr(_probe, "MAX_SAMPLES_TO_CHOOSE", 20)
        features, targets = make_problem("binary", 80, 4, rng)
        penalty = solve("binary", features, targets, penalty="auto").penalty
        # The best penalty of a mean loss falls as one over the number of samples.
        assert 4 * penalty == pytest.approx(PENALTIES[np.abs(PENALTIES - 4 * penalty).argmin()])


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_separable_classes_at_next_to_no_penalty(kind, rng):
    targets = np.repeat([0, 1] if kind == "binary" else [0, 1, 2], 5)
    features = rng.normal(size=(len(targets), 3)) + 20 * np.eye(3)[targets]
    probe = solve(kind, features, targets, penalty=1e-7)
    assert probe.loss < 1e-2
    assert np.isfinite(probe.weight).all()


def test_features_that_tell_nothing_give_the_shares_of_the_classes():
    probe = solve("binary", np.zeros((4, 7)), np.array([0, 0, 0, 1]))
    assert probe.bias[0] == pytest.approx(np.log(1 / 3), abs=1e-3)
    assert (probe.weight == 0).all()
