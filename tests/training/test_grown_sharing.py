import torch
from torch import nn

from sktl.heads import build_head
from sktl.sharing import HardSharing, NoSharing
from sktl.training import GrownSharing


def test_heads_that_came_later_stand_apart():
    torch.manual_seed(0)
    heads = [build_head(4, width, (3,)) for width in (1, 3, 2, 1)]
    stages = nn.ModuleList([nn.Linear(5, 4)])
    joined = GrownSharing(HardSharing(), n_first=2).join(stages, heads, ["one"])
    assert joined.stages is stages
    assert [part.n_outputs for part in joined.head.parts] == [4, 2, 1]
    x = torch.randn(6, 4)
    torch.testing.assert_close(joined.head(x), torch.cat([head(x) for head in heads], dim=1))


def test_without_free_stages_any_scheme_will_do():
    heads = [build_head(4, 1) for _ in range(3)]
    joined = GrownSharing(NoSharing(), n_first=2).join(nn.ModuleList(), heads, [])
    assert not joined.has_towers
    assert joined.head.n_outputs == 3


def test_it_stores_parameters_as_schemes_do():
    assert GrownSharing(HardSharing(), 2).get_params(deep=False)["n_first"] == 2
