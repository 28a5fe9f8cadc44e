import pytest
import torch

from sktl.training import TrainingSettings


def test_what_need_not_be_said():
    settings = TrainingSettings(1, 2, 0.1, 1.0, torch.optim.SGD, 0.0, None, 0, torch.device("cpu"))
    assert (list(settings.callbacks), dict(settings.net_params), settings.verbose) == ([], {}, 0)


def test_each_has_its_own_arguments():
    one, other = (TrainingSettings(1, 2, 0.1, 1.0, torch.optim.SGD, 0.0, None, 0, torch.device("cpu")) for _ in "ab")
    assert one.net_params is not other.net_params


def test_nothing_is_left_to_be_decided():
    with pytest.raises(TypeError, match=r"missing .* required positional argument"):
        TrainingSettings(1, 2, 0.1)
