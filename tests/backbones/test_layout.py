"""Shapes of what stages return."""

import torch
from torch import nn

from sktl.backbones._layout import channel_axis_of, join_at_tensors, outputs_of


class NeedsValues(nn.Module):
    """Adds a tensor that is neither parameter nor buffer."""

    def __init__(self):
        super().__init__()
        self.values = [torch.ones(4)]

    def forward(self, x):
        return x + self.values[0]


class Pair(nn.Module):
    def forward(self, x):
        return x, x


class Sum(nn.Module):
    def forward(self, pair):
        return pair[0] + pair[1]


def test_nothing_is_computed():
    stages = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)]
    outputs = outputs_of(stages, (2, 3, 8, 8))
    assert [output.shape for output in outputs] == [(2, 4, 6, 6)] * 2
    assert all(output.is_meta for output in outputs)
    assert not any(parameter.is_meta for stage in stages for parameter in stage.parameters())


def test_values_where_they_are_needed():
    outputs = outputs_of([nn.Linear(3, 4), NeedsValues()], (2, 3))
    assert [output.shape for output in outputs] == [(2, 4)] * 2
    assert not outputs[0].is_meta


def test_stages_are_joined_where_no_tensor_passes():
    stages = [("one", nn.Linear(3, 4)), ("two", Pair()), ("three", Sum()), ("four", nn.ReLU())]
    modules = [stage for _, stage in stages]
    joined = join_at_tensors(stages, outputs_of(modules, (2, 3)))
    assert [name for name, _ in joined] == ["one", "two", "four"]
    x = torch.randn(2, 3)
    expected = nn.Sequential(*modules)(x)
    assert torch.equal(nn.Sequential(*(stage for _, stage in joined))(x), expected)


def test_channel_axis():
    vector, tokens = torch.empty(2, 5), torch.empty(2, 9, 4)
    first, last = torch.empty(2, 4, 8, 8), torch.empty(2, 8, 8, 4)
    assert channel_axis_of([vector]) == 1
    assert channel_axis_of([first, vector]) == 1
    assert channel_axis_of([first, tokens, vector]) == -1
    assert channel_axis_of([first, last, vector]) == -1
    assert channel_axis_of([tokens, first]) == 1
