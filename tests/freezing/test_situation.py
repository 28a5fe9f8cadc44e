import dataclasses

import pytest

from sktl.freezing import Situation


def test_stages_and_parameters_are_counted():
    situation = Situation((1, 2, 3), 10, 5.0)
    assert (situation.n_stages, situation.n_parameters) == (3, 6)


def test_sizes_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError, match="n_samples"):
        Situation((1,), 10, 5.0).n_samples = 3
