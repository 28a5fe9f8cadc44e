import pytest

from sktl.freezing import Situation
from sktl.freezing._by_size import freeze_by_size

SIZES = (10, 10, 20, 40, 60)


def depth_of(n_samples, samples_per_class, stage_sizes=SIZES, **others):
    return freeze_by_size(Situation(stage_sizes, n_samples, samples_per_class, **others))[0]


@pytest.mark.parametrize(("n_samples", "per_class"), [(49, 24), (50, 4), (1_000, 4), (2, 1)])
def test_few_samples_train_the_head_alone(n_samples, per_class):
    assert depth_of(n_samples, per_class) == 5


@pytest.mark.parametrize("per_class", [5, 19])
def test_a_few_more_train_the_last_part(per_class):
    assert depth_of(50, per_class) == 4


@pytest.mark.parametrize(("n_samples", "per_class"), [(50, 20), (4_999, 100), (10_000, 99), (50, 25)])
def test_middling_data_keep_the_early_stages(n_samples, per_class):
    assert depth_of(n_samples, per_class) == 3


def test_enough_data_train_everything():
    assert depth_of(5_000, 100) == 0


def test_a_transformer_keeps_its_stem():
    assert depth_of(5_000, 100, architecture="transformer") == 1


def test_random_weights_are_all_trained():
    assert depth_of(10, 2, is_pretrained=False) == 0


@pytest.mark.parametrize(
    ("stage_sizes", "architecture", "depth"),
    [
        ((10, 10, 60, 20), "cnn", 3),  # the last stage holds a fifth
        ((10, 10, 61, 19), "cnn", 2),  # just less than a fifth
        ((80, 10, 5, 5), "cnn", 1),
        ((25, 25, 25, 25), "transformer", 2),
        ((25, 25, 26, 24), "transformer", 2),
        ((26, 25, 25, 24), "transformer", 1),
        ((99, 1), "cnn", 0),
        ((50, 50), "mlp", 1),
        ((7,), "cnn", 0),
    ],
)
def test_the_last_part_holds_the_wanted_share(stage_sizes, architecture, depth):
    assert depth_of(200, 10, stage_sizes, architecture=architecture) == depth


@pytest.mark.parametrize(("n_stages", "depth"), [(1, 0), (2, 1), (3, 2), (4, 3), (9, 3)])
def test_at_least_one_stage_is_trained_on_middling_data(n_stages, depth):
    assert depth_of(1_000, 50, (1,) * n_stages) == depth


def test_the_reason_tells_the_rule_that_was_taken():
    def reason(n_samples, per_class, **others):
        return freeze_by_size(Situation(SIZES, n_samples, per_class, **others))[1]

    assert "head alone" in reason(20, 10)
    assert "last 1 of 5 stages" in reason(200, 10)
    assert "first 3 stages" in reason(1_000, 50)
    assert "every stage" in reason(9_000, 900)
    assert "random" in reason(9_000, 900, is_pretrained=False)
