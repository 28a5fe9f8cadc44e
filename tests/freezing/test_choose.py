import itertools
import re

import pytest

from sktl.freezing import FreezeChoice, Situation, choose_freeze
from sktl.freezing._choose import POLICIES

NAMES = ("stem", "layer1", "layer2", "head_block")
SITUATION = Situation((10, 20, 30, 40), n_samples=1_000, samples_per_class=50)


class TestContractOfPolicies:
    """What every policy keeps to."""

    @pytest.fixture(params=sorted(POLICIES))
    def policy(self, request):
        return POLICIES[request.param]

    @pytest.fixture
    def situations(self):
        return [
            Situation(sizes, n_samples, per_class, architecture)
            for sizes, n_samples, per_class, architecture in itertools.product(
                [(5,), (1, 2), (9, 1, 1), (1,) * 14, (0, 10, 1_000, 10**7)],
                [1, 10, 49, 50, 500, 4_999, 5_000, 10**6],
                [0.1, 1.0, 5.0, 20.0, 100.0, 10_000.0],
                ["cnn", "transformer", "mlp"],
            )
        ]

    def test_the_depth_is_a_number_of_stages(self, policy, situations):
        for situation in situations:
            depth, _ = policy(situation)
            assert type(depth) is int
            assert 0 <= depth <= situation.n_stages

    def test_the_same_sizes_give_the_same_answer(self, policy, situations):
        assert [policy(one) for one in situations] == [policy(one) for one in situations]

    def test_random_weights_are_never_frozen(self, policy, situations):
        for one in situations:
            fresh = Situation(one.stage_sizes, one.n_samples, one.samples_per_class, one.architecture, False)
            assert policy(fresh)[0] == 0

    def test_the_reason_gives_the_numbers_it_goes_by(self, policy, situations):
        for situation in situations:
            numbers = re.findall(r"\d+", policy(situation)[1])
            assert str(situation.n_samples) in numbers


def test_auto_asks_the_policy():
    choice = choose_freeze("auto", NAMES, SITUATION)
    assert choice == FreezeChoice(*POLICIES["auto"](SITUATION))
    assert choice.depth == 2


@pytest.mark.parametrize(
    ("freeze", "depth"), [(0, 0), (2, 2), (-1, 3), ("none", 0), ("all", 4), ("stem", 1), ("head_block", 4)]
)
def test_a_given_place_is_taken_and_said(freeze, depth):
    assert choose_freeze(freeze, NAMES, SITUATION) == FreezeChoice(depth, f"freeze={freeze!r} was given")


def test_out_of_range():
    with pytest.raises(ValueError, match=r"freeze=9 is out of range: there are 4 stages, \['stem'"):
        choose_freeze(9, NAMES, SITUATION)


def test_no_stage_of_that_name():
    with pytest.raises(ValueError, match=r"freeze='layer' names no stage.*Did you mean 'layer[12]', 'layer[12]'"):
        choose_freeze("layer", NAMES, SITUATION)


def test_no_place_at_all():
    with pytest.raises(TypeError, match=r"freeze must be a whole number or a string, got 1\.5 of type float"):
        choose_freeze(1.5, NAMES, SITUATION)
