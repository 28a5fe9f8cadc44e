import copy

import pytest
import torch
from torch import nn

from sktl.training._folded import folded_batch_norm
from sktl.training._quick_layers import quick_layers


def outputs_and_gradients(module, x, reduced=False):
    module.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=reduced):
        outputs = module(x)
    outputs.float().square().mean().backward()
    return [outputs.detach(), *(parameter.grad.clone() for parameter in module.parameters())]


class TestReLU6:
    @pytest.fixture
    def layers(self):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 8), nn.ReLU6(inplace=True), nn.Linear(8, 8), nn.Hardtanh(inplace=True))

    def test_the_bits_stay(self, layers):
        x = 8 * torch.randn(16, 4)
        expected = outputs_and_gradients(layers, x)
        with quick_layers(layers):
            found = outputs_and_gradients(layers, x)
        assert all(map(torch.equal, found, expected))

    def test_what_comes_in_is_not_written_over(self, layers):
        x = torch.full((2, 8), 9.0)
        with quick_layers(layers):
            layers[1](x)
            assert x.eq(9).all()
        layers[1](x)
        assert x.eq(6).all()

    def test_one_tensor_is_kept_where_there_were_two(self, layers):
        def kept():
            sizes = []
            with torch.autograd.graph.saved_tensors_hooks(lambda t: sizes.append(t.data_ptr()) or t, lambda t: t):
                layers(torch.randn(16, 4, requires_grad=True))
            return len(set(sizes))

        plain = kept()
        with quick_layers(layers):
            assert kept() < plain

    def test_the_gradient_is_that_of_finite_differences(self, layers):
        x = (8 * torch.randn(16, 4, dtype=torch.float64)).requires_grad_()
        with quick_layers(layers):
            assert torch.autograd.gradcheck(layers.double(), x)

    def test_nothing_is_left_behind(self, layers):
        with pytest.raises(ValueError, match="inside"), quick_layers(layers):
            assert "forward" in vars(layers[1])
            raise ValueError("inside")
        assert not any("forward" in vars(layer) for layer in layers)


def make_convolution(**others):
    torch.manual_seed(0)
    given = {"kernel_size": 3, "stride": 2, "padding": 1, "groups": 8}
    return nn.Conv2d(8, 16, **given | others)


class TestDepthwiseConvolutions:
    @pytest.mark.parametrize("others", [{}, {"stride": 1, "kernel_size": 5}, {"bias": False}, {"stride": (1, 2)}])
    def test_those_with_a_slow_way_back_stay_in_float32(self, others):
        convolution, x = make_convolution(**others), torch.randn(2, 8, 12, 12).bfloat16()
        expected = outputs_and_gradients(convolution, x.float())
        with quick_layers(convolution):
            found = outputs_and_gradients(convolution, x, reduced=True)
        assert found[0].dtype == torch.bfloat16
        assert torch.equal(found[0], expected[0].bfloat16())

    @pytest.mark.parametrize("others", [{"stride": 1}, {"groups": 1}, {"groups": 4}])
    def test_others_do_not(self, others):
        convolution, x = make_convolution(**others), torch.randn(2, 8, 12, 12)
        expected = outputs_and_gradients(convolution, x, reduced=True)
        with quick_layers(convolution):
            found = outputs_and_gradients(convolution, x, reduced=True)
        assert all(map(torch.equal, found, expected))
        assert "_conv_forward" not in vars(convolution)

    def test_in_float32_the_bits_stay(self):
        convolution, x = make_convolution(), torch.randn(2, 8, 12, 12)
        expected = outputs_and_gradients(convolution, x)
        with quick_layers(convolution):
            found = outputs_and_gradients(convolution, x)
        assert all(map(torch.equal, found, expected))

    def test_nothing_is_left_behind(self):
        convolution = make_convolution()
        with pytest.raises(ValueError, match="inside"), quick_layers(convolution):
            assert "_conv_forward" in vars(convolution)
            raise ValueError("inside")
        assert "_conv_forward" not in vars(convolution)

    def test_they_can_do_the_work_of_normalisation(self):
        chain = nn.Sequential(make_convolution(bias=False), nn.BatchNorm2d(16)).eval()
        with torch.no_grad():
            chain[1].running_mean.normal_()
            chain[1].running_var.uniform_(0.5, 2)
        plain, x = copy.deepcopy(chain), torch.randn(2, 8, 40, 40).bfloat16()
        with folded_batch_norm(chain), quick_layers(chain):
            found = outputs_and_gradients(chain, x, reduced=True)
        expected = outputs_and_gradients(plain, x.float())
        torch.testing.assert_close(found[0].float(), expected[0], rtol=1e-2, atol=1e-2)
        torch.testing.assert_close(found[1:], expected[1:], rtol=2e-2, atol=1e-3)
