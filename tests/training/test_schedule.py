import numpy as np
import pytest
import torch

from sktl.training._schedule import RateSchedule, warmup_cosine


@pytest.mark.parametrize("n_steps", [1, 2, 7, 10, 100, 1_003])
def test_up_then_down_and_within_bounds(n_steps):
    factors = [warmup_cosine(step, n_steps) for step in range(n_steps)]
    n_warmup = max(1, round(0.1 * n_steps))
    assert factors[n_warmup - 1] == 1.0
    assert all(np.diff(factors[:n_warmup]) > 0)
    assert all(np.diff(factors[n_warmup - 1 :]) <= 0)
    assert min(factors) > 0
    assert max(factors) == 1.0


def test_warm_up_is_linear():
    assert [warmup_cosine(step, 50) for step in range(5)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


def test_half_way_down():
    assert warmup_cosine(55, 100) == pytest.approx(0.5)
    assert warmup_cosine(77, 110, warmup_share=0.4) == pytest.approx(0.5)


@pytest.mark.parametrize("n_steps", [1, 100])
def test_steps_past_the_end_do_not_rise_again(n_steps):
    assert [warmup_cosine(step, n_steps) for step in (n_steps, n_steps + 1, 10 * n_steps)] == pytest.approx(
        [warmup_cosine(n_steps, n_steps), 0.0, 0.0], abs=1e-12
    )


def test_all_rates_follow_the_factor():
    one, other = torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([{"params": [one], "lr": 0.5}, {"params": [other], "lr": 0.2}])
    seen = []
    rates = RateSchedule(optimizer, lambda step: 1 / (1 + step))
    for _ in range(3):
        seen.append([group["lr"] for group in optimizer.param_groups])
        rates.after_step()
    assert seen == [pytest.approx(expected) for expected in ([0.5, 0.2], [0.25, 0.1], [0.5 / 3, 0.2 / 3])]
