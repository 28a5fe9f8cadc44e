import numpy as np
import pytest
import torch

from sktl.sharing import _trace_norms
from sktl.sharing._trace_norms import TRACE_NORMS, shrink_last_axis, shrink_tensor_train, shrink_tucker

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
    return sum(torch.linalg.matrix_norm(matrix, "nuc") for matrix, _ in unfoldings(penalty, towers))


@pytest.mark.parametrize("penalty", TRACE_NORMS)
class TestContract:
    def test_a_step_of_nothing_is_none(self, penalty, towers):
        torch.testing.assert_close(TRACE_NORMS[penalty](towers, 0.0), towers)

    @pytest.mark.parametrize("amount", [1e-3, 0.1, 1.0, 100.0])
    def test_a_step_lowers_the_norm(self, penalty, towers, amount):
        stepped = TRACE_NORMS[penalty](towers, amount)
        assert stepped.shape == towers.shape
        assert norm_of(penalty, stepped) < norm_of(penalty, towers)

    @pytest.mark.parametrize("amount", [1e12, float("inf")])
    def test_an_endless_step_makes_towers_equal(self, penalty, towers, amount):
        stepped = TRACE_NORMS[penalty](towers, amount)
        torch.testing.assert_close(stepped, stepped[:1].expand_as(stepped))
        assert not (stepped.abs() > 0.01).any()

    def test_towers_of_zeros_stay(self, penalty, towers):
        assert not TRACE_NORMS[penalty](torch.zeros_like(towers), 0.3).any()

    def test_the_order_of_towers_does_not_matter(self, penalty, towers):
        order = torch.arange(len(towers)).flip(0)
        torch.testing.assert_close(TRACE_NORMS[penalty](towers[order], 0.2), TRACE_NORMS[penalty](towers, 0.2)[order])

    def test_what_goes_in_is_left_as_it_was(self, penalty, towers):
        before = towers.clone()
        TRACE_NORMS[penalty](towers, 0.3)
        assert torch.equal(towers, before)


@pytest.mark.parametrize("penalty", ["trace", "trace_tucker", "trace_tt"])
@pytest.mark.parametrize("amount", [0.01, 0.3, 1.0])
def test_trace_norms_are_soft_thresholds_of_singular_values(penalty, towers, amount):
    expected = towers
    for number in range(len(unfoldings(penalty, towers))):
        matrix, back = unfoldings(penalty, expected)[number]
        expected = back(soft_threshold(matrix, amount))
    torch.testing.assert_close(TRACE_NORMS[penalty](towers, amount), expected, atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize(
    ("step", "shapes"),
    [
        (shrink_last_axis, [{20, 3}]),
        (shrink_tucker, [{3, 20}, {4, 15}, {5, 12}]),
        (shrink_tensor_train, [{5, 12}, {20, 3}]),
    ],
)
def test_the_shapes_of_the_unfoldings(step, shapes, rng, monkeypatch):
    seen, plain = [], _trace_norms._shrink

    def spy(matrix, amount):
        if len(matrix) <= matrix.shape[1]:  # tall matrices come again, turned over
            seen.append(set(matrix.shape))
        return plain(matrix, amount)

    monkeypatch.setattr(_trace_norms, "_shrink", spy)
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
