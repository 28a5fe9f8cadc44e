import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from sktl.sharing import _ties
from sktl.sharing._ties import TIES, pull_to_mean, shrink_last_axis, shrink_tensor_train, shrink_tucker, trace_norm

SHAPES = [(3, 7), (3, 4, 5), (2, 4, 3, 2, 2), (6, 2, 2)]


@pytest.fixture(params=SHAPES, ids=str)
def towers(request, rng):
    return torch.from_numpy(rng.normal(size=request.param))


def soft_threshold(matrix, amount):
    """Return a matrix with its singular values made smaller."""
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    return (u * (s - amount).clamp(min=0)) @ vh


def unfoldings(penalty, towers):
    """Return the matrices whose trace norms a penalty sums, with how to get the towers back, written out."""
    last = towers.movedim(0, -1)  # the axis of towers comes last
    shape, n_axes = last.shape, last.ndim
    if penalty == "trace":
        return [(last.reshape(-1, shape[-1]), lambda m: m.reshape(shape).movedim(-1, 0))]
    if penalty == "trace_tucker":
        order = [n_axes - 1, *range(n_axes - 1)]
        return [
            (
                last.movedim(axis, 0).flatten(1),
                lambda m, axis=axis: m.reshape(last.movedim(axis, 0).shape).movedim(0, axis).movedim(-1, 0),
            )
            for axis in order
        ]
    turned = towers.permute(*reversed(range(n_axes)))  # inputs first, then outputs, then towers
    return [
        (
            turned.reshape(int(np.prod(turned.shape[:split])), -1),
            lambda m: m.reshape(turned.shape).permute(*reversed(range(n_axes))),
        )
        for split in range(1, n_axes)
    ]


def norm_of(penalty, towers):
    if penalty == "l2":
        return (towers - towers.mean(dim=0)).square().sum()
    return sum(torch.linalg.matrix_norm(matrix, "nuc") for matrix, _ in unfoldings(penalty, towers))


@pytest.mark.parametrize("penalty", TIES)
class TestContract:
    def test_a_step_of_nothing_is_none(self, penalty, towers):
        torch.testing.assert_close(TIES[penalty](towers, 0.0), towers)

    @pytest.mark.parametrize("amount", [1e-3, 0.1, 1.0, 100.0])
    def test_a_step_lowers_the_norm(self, penalty, towers, amount):
        stepped = TIES[penalty](towers, amount)
        assert stepped.shape == towers.shape
        assert norm_of(penalty, stepped) < norm_of(penalty, towers)

    @pytest.mark.parametrize("amount", [1e12, float("inf")])
    def test_an_endless_step_makes_towers_equal(self, penalty, towers, amount):
        stepped = TIES[penalty](towers, amount)
        torch.testing.assert_close(stepped, stepped[:1].expand_as(stepped))
        assert (stepped[0].abs() > 0.01).any() == (penalty == "l2")

    def test_towers_of_zeros_stay(self, penalty, towers):
        assert not TIES[penalty](torch.zeros_like(towers), 0.3).any()

    def test_the_order_of_towers_does_not_matter(self, penalty, towers):
        order = torch.arange(len(towers)).flip(0)
        torch.testing.assert_close(TIES[penalty](towers[order], 0.2), TIES[penalty](towers, 0.2)[order])

    def test_what_goes_in_is_left_as_it_was(self, penalty, towers):
        before = towers.clone()
        TIES[penalty](towers, 0.3)
        assert torch.equal(towers, before)


@pytest.mark.parametrize("amount", [0.01, 0.5, 20.0])
def test_l2_is_the_proximal_step(amount, rng):
    towers = torch.from_numpy(rng.normal(size=(3, 2, 2)))

    def cost(flat):
        theta = flat.reshape(3, 2, 2)
        return 0.5 * np.square(theta - towers.numpy()).sum() + amount * np.square(theta - theta.mean(axis=0)).sum()

    best = minimize(cost, np.zeros(12), tol=1e-12).x.reshape(3, 2, 2)
    np.testing.assert_allclose(pull_to_mean(towers, amount), best, atol=1e-5)


def test_l2_keeps_the_mean_and_divides_distances(towers):
    stepped = pull_to_mean(towers, 1.5)
    mean = towers.mean(dim=0)
    torch.testing.assert_close(stepped.mean(dim=0), mean)
    torch.testing.assert_close(stepped - mean, (towers - mean) / 4)


def test_equal_towers_stay_with_l2(towers):
    equal = towers[:1].expand_as(towers)
    torch.testing.assert_close(pull_to_mean(equal, 3.0), equal)


@pytest.mark.parametrize("penalty", ["trace", "trace_tucker", "trace_tt"])
@pytest.mark.parametrize("amount", [0.01, 0.3, 1.0])
def test_trace_norms_are_soft_thresholds_of_singular_values(penalty, towers, amount):
    expected = towers
    for number in range(len(unfoldings(penalty, towers))):
        matrix, back = unfoldings(penalty, expected)[number]
        expected = back(soft_threshold(matrix, amount))
    torch.testing.assert_close(TIES[penalty](towers, amount), expected, atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize(
    ("step", "shapes"),
    [
        (shrink_last_axis, [{20, 3}]),
        (shrink_tucker, [{3, 20}, {4, 15}, {5, 12}]),
        (shrink_tensor_train, [{5, 12}, {20, 3}]),
    ],
)
def test_the_shapes_of_the_unfoldings(step, shapes, rng, monkeypatch):
    seen, plain = [], _ties._shrink

    def spy(matrix, amount):
        if len(matrix) <= matrix.shape[1]:  # tall matrices come again, turned over
            seen.append(set(matrix.shape))
        return plain(matrix, amount)

    monkeypatch.setattr(_ties, "_shrink", spy)
    step(torch.from_numpy(rng.normal(size=(3, 4, 5))), 0.1)
    assert seen == shapes


def test_of_towers_of_vectors_all_trace_norms_are_one(rng):
    towers = torch.from_numpy(rng.normal(size=(3, 8)))
    torch.testing.assert_close(shrink_tensor_train(towers, 0.2), shrink_last_axis(towers, 0.2))
    torch.testing.assert_close(shrink_tucker(towers, 0.1), shrink_last_axis(towers, 0.2))


def test_the_trace_norm_favours_few_directions(rng):
    common = torch.from_numpy(np.outer(rng.normal(size=4), rng.normal(size=9)))
    noisy = common + 0.01 * torch.from_numpy(rng.normal(size=(4, 9)))
    assert torch.linalg.matrix_rank(noisy) == 4
    assert torch.linalg.matrix_rank(shrink_last_axis(noisy, 0.2), atol=1e-6) == 1


@pytest.mark.parametrize("shape", [(3, 8), (8, 3), (4, 4), (1, 5)])
def test_trace_norm_is_the_sum_of_singular_values(shape, rng):
    matrix = torch.from_numpy(rng.normal(size=shape))
    torch.testing.assert_close(trace_norm(matrix), torch.linalg.svdvals(matrix).sum())
    assert trace_norm(torch.zeros(shape)) == 0
