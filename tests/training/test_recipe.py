import numpy as np
import pytest
import torch

from sktl.training import recipe

ADAMW, SGD = torch.optim.AdamW, torch.optim.SGD


def test_given_values_are_taken():
    assert recipe.choose_batch_size(7, 10**6, True) == 7
    assert recipe.choose_epochs(3, 10, 32, True) == 3
    assert type(recipe.choose_batch_size(np.int64(7), 10, True)) is int
    assert type(recipe.choose_epochs(np.int64(3), 10, 32, True)) is int
    assert recipe.choose_lr(0.5, 10**9, 1, True, SGD) == 0.5
    assert recipe.choose_lr_decay(0.3, "cnn", False) == 0.3


@pytest.mark.parametrize(
    ("n_samples", "expected"), [(1, 64), (100, 64), (101, 64), (6_400, 64), (12_800, 128), (51_200, 512), (10**7, 512)]
)
def test_batches_of_vectors(n_samples, expected):
    assert recipe.choose_batch_size("auto", n_samples, True) == expected


@pytest.mark.parametrize("n_samples", [1, 10**6])
def test_batches_of_pictures(n_samples):
    assert recipe.choose_batch_size("auto", n_samples, False) == 32


@pytest.mark.parametrize(("n_samples", "epochs"), [(1, 500), (64, 500), (65, 500), (66, 250), (1600, 20), (10**6, 20)])
def test_epochs_from_scratch_make_500_steps_or_20_epochs(n_samples, epochs):
    assert recipe.choose_epochs("auto", n_samples, 64, False) == epochs


@pytest.mark.parametrize(("n_samples", "epochs"), [(1, 100), (32, 100), (33, 100), (34, 50), (320, 10), (10**6, 10)])
def test_epochs_of_fine_tuning_make_100_steps_or_10_epochs(n_samples, epochs):
    assert recipe.choose_epochs("auto", n_samples, 32, True) == epochs


@pytest.mark.parametrize(
    ("n_parameters", "rate"),
    [
        (0, 1e-3),
        (8e6 - 1, 1e-3),
        (8e6, 1e-4),
        (30e6 - 1, 1e-4),
        (30e6, 5e-5),
        (120e6 - 1, 5e-5),
        (120e6, 2e-5),
        (10**12, 2e-5),
    ],
)
def test_rates_of_fine_tuning(n_parameters, rate):
    assert recipe.choose_lr("auto", n_parameters, 100, True, ADAMW) == rate
    assert recipe.choose_lr("auto", n_parameters, 100, True, SGD) == pytest.approx(30 * rate)
    assert recipe.choose_lr("auto", n_parameters, 99, True, ADAMW) == pytest.approx(0.4 * rate)


@pytest.mark.parametrize(
    ("n_parameters", "n_samples", "rate"), [(4e6, 100, 1.5e-4), (4e6, 99, 1.5e-4), (8e6, 100, 1e-4), (8e6, 99, 4e-5)]
)
def test_rates_near_to_the_old_task_are_low(n_parameters, n_samples, rate):
    assert recipe.choose_lr("auto", n_parameters, n_samples, True, ADAMW, True) == pytest.approx(rate)
    assert recipe.choose_lr("auto", n_parameters, n_samples, True, SGD, True) == pytest.approx(30 * rate)


def test_a_random_network_is_near_to_nothing():
    assert recipe.choose_lr("auto", 0, 100, False, ADAMW, True) == 1e-3


def test_rate_from_scratch():
    assert recipe.choose_lr("auto", 10**9, 1, False, ADAMW) == 1e-3
    assert recipe.choose_lr("auto", 0, 1, False, SGD) == pytest.approx(0.03)


@pytest.mark.parametrize(("architecture", "decay"), [("cnn", 0.8), ("mlp", 0.5), ("transformer", 0.9)])
def test_decay_of_the_rate(architecture, decay):
    assert recipe.choose_lr_decay("auto", architecture, True) == decay
    assert recipe.choose_lr_decay("auto", architecture, False) == 1.0


@pytest.mark.parametrize(
    ("optimizer", "expected"), [("AdamW", ADAMW), ("SGD", SGD), (torch.optim.Adam, torch.optim.Adam)]
)
def test_optimisers_by_name_and_class(optimizer, expected):
    assert recipe.choose_optimizer(optimizer) is expected


@pytest.mark.parametrize("optimizer", ["adamw", "lr_scheduler", "Tensor", int])
def test_no_optimiser(optimizer):
    with pytest.raises(ValueError, match=r"optimizer must be a class of torch\.optim or its name, such as 'AdamW'"):
        recipe.choose_optimizer(optimizer)


@pytest.mark.parametrize(
    "optimizer", ["SparseAdam", torch.optim.SparseAdam, "Optimizer"] + ["Muon"] * hasattr(torch.optim, "Muon")
)
def test_optimisers_that_train_no_network(optimizer):
    with pytest.raises(ValueError, match=r"optimizer='(SparseAdam|Muon|Optimizer)' .*: take another one"):
        recipe.choose_optimizer(optimizer)


def test_the_weight_decay_of_an_optimiser_that_has_none():
    assert recipe.choose_weight_decay("auto", False, torch.optim.Rprop) == 0.0
    assert recipe.choose_weight_decay(0, False, torch.optim.Rprop) == 0.0
    with pytest.raises(ValueError, match=r"weight_decay=0\.1 is given, but optimizer='Rprop' has none"):
        recipe.choose_weight_decay(0.1, False, torch.optim.Rprop)


def test_an_optimiser_that_says_nothing_of_its_arguments_takes_a_weight_decay():
    class Open(torch.optim.SGD):
        def __init__(self, params, **others):
            super().__init__(params, **others)

    assert recipe.takes_weight_decay(Open)
    assert not recipe.takes_weight_decay(torch.optim.LBFGS)


def test_rates_of_an_optimiser_that_has_one_for_all():
    assert recipe.choose_lr_decay("auto", "cnn", True, torch.optim.LBFGS) == 1.0
    assert recipe.choose_lr_decay(1.0, "cnn", True, torch.optim.LBFGS) == 1.0
    with pytest.raises(ValueError, match=r"lr_decay=0\.5 gives stages rates of their own, but optimizer='LBFGS'"):
        recipe.choose_lr_decay(0.5, "cnn", True, torch.optim.LBFGS)


class TestTrainingPrecision:
    @pytest.mark.parametrize(
        ("precision", "expected"), [("float32", "float32"), ("bfloat16", "bfloat16"), ("float16", "float32")]
    )
    def test_what_is_given_is_taken_unless_gradients_would_vanish(self, precision, expected):
        assert recipe.choose_training_precision(precision, None, "mlp", False, None) == expected

    @pytest.mark.parametrize(
        ("unit", "architecture", "starts_trained", "n_values", "expected"),
        [
            ("matrices", "cnn", True, 3 * 64 * 64, "bfloat16"),
            ("matrices", "cnn", True, 3 * 64 * 64 - 1, "float32"),
            ("vectors", "cnn", True, 3 * 128 * 128, "bfloat16"),
            ("vectors", "cnn", True, 3 * 128 * 128 - 1, "float32"),
            ("matrices", "cnn", False, 3 * 64 * 64, "float32"),
            ("matrices", "transformer", True, 3 * 64 * 64, "float32"),
            (None, "cnn", True, 3 * 224 * 224, "float32"),
        ],
    )
    def test_by_the_hardware_the_network_and_the_samples(self, unit, architecture, starts_trained, n_values, expected):
        found = recipe.choose_training_precision("auto", unit, architecture, starts_trained, lambda: n_values)
        assert found == expected

    def test_samples_are_looked_at_last(self):
        assert recipe.choose_training_precision("auto", "matrices", "mlp", True, None) == "float32"
