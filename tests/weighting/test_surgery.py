import sys

import pytest
import torch

from sktl.exceptions import MissingExtraError
from sktl.weighting import choose_rule


@pytest.mark.parametrize("name", ["pcgrad", "upgrad"])
def test_without_torchjd_the_extra_is_named(name, monkeypatch):
    for module in [module for module in sys.modules if module.split(".")[0] == "torchjd"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "torchjd", None)
    rule = choose_rule(name)
    expected = rf"weighting='{name}' needs the package 'torchjd'.*pip install 'sktl\[surgery\]'"
    with pytest.raises(MissingExtraError, match=expected):
        rule.combine(torch.ones(2, 3))


def test_pcgrad_projects_as_it_is_written():
    pytest.importorskip("torchjd", reason="torchjd comes with the extra surgery")
    gradients = torch.tensor([[1.0, 0.0, 0.3], [-0.5, 1.0, 0.0]])
    expected = torch.zeros(3)
    for number, gradient in enumerate(gradients):
        other = gradients[1 - number]
        expected += gradient - min(0.0, (gradient @ other).item()) / (other @ other) * other
    torch.testing.assert_close(choose_rule("pcgrad").combine(gradients), expected)


def test_upgrad_hurts_no_task():
    pytest.importorskip("torchjd", reason="torchjd comes with the extra surgery")
    gradients = torch.tensor([[1.0, 0.0, 0.2], [-3.0, 1.0, 0.0], [0.5, 0.5, 1.0]])
    assert (gradients @ gradients.sum(dim=0) < -0.1).any()
    assert (gradients @ choose_rule("upgrad").combine(gradients) > -1e-2).all()
