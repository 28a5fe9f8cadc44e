import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from sktl.utils._seeds import seeded


def test_the_same_seed_draws_the_same():
    drawn = []
    for seed in (1, 1, 2):
        torch.rand(3)
        with seeded(seed):
            drawn.append(torch.rand(4))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_the_generator_is_put_back():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with seeded(1):
        torch.rand(100)
    assert torch.equal(torch.rand(3), expected)


def test_the_generator_is_put_back_after_an_error():
    before = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="oh"), seeded(1):
        torch.rand(3)
        raise RuntimeError("oh")
    assert torch.equal(torch.get_rng_state(), before)


def test_threads_draw_one_after_the_other():
    before = torch.get_rng_state()

    def draw(seed):
        with seeded(seed):
            drawn = []
            for _ in range(20):
                time.sleep(0)  # lets another thread go on
                drawn.append(torch.rand(1000))
            return torch.cat(drawn)

    expected = [draw(seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(draw, range(8)))
    assert all(map(torch.equal, found, expected))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_thread_may_seed_within_what_it_seeded():
    with seeded(1), seeded(2):
        inner = torch.rand(3)
    with seeded(2):
        assert torch.equal(torch.rand(3), inner)
