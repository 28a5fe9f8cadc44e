import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EarlyStopping
from torch import nn

from sktl.features import ArrayRows
from sktl.losses import WeightedMeanLoss, squared_error
from sktl.training import BatchIterator, Network
from sktl.training._batches import LabelledRows
from sktl.training._net import Net


class Interrupts(Callback):
    def on_batch_end(self, net, **kwargs):
        raise KeyboardInterrupt


@pytest.fixture
def dataset(rng):
    rows = ArrayRows(rng.normal(size=(8, 3)).astype(np.float32))
    return LabelledRows(rows, torch.zeros(8, 2), torch.ones(8), np.arange(8))


@pytest.fixture
def make_net():
    def make(**others):
        stages = nn.ModuleList([nn.Linear(3, 4), nn.Linear(4, 5)])
        arguments = {"iterator_train": BatchIterator, "train_split": None, "verbose": 0, "max_epochs": 2}
        network = Network(stages, nn.Sequential(nn.Linear(5, 2)), 1, True)
        return Net(network, WeightedMeanLoss(squared_error), **{**arguments, **others})

    return make


def test_an_interrupt_ends_the_fit(make_net, dataset):
    with pytest.raises(KeyboardInterrupt):
        make_net(callbacks=[Interrupts()]).fit(dataset)


def test_an_interrupt_ends_a_fit_that_might_stop_early_too(make_net, dataset):
    stopping = EarlyStopping(monitor="train_loss", patience=3)
    with pytest.raises(KeyboardInterrupt):
        make_net(callbacks=[stopping, Interrupts()]).fit(dataset)


def test_stopping_early_is_no_interrupt(make_net, dataset):
    seen = []

    class Listens(Callback):
        def on_train_end(self, net, **kwargs):
            seen.append("end")

    stopping = EarlyStopping(monitor="train_loss", patience=3, threshold=1e9, lower_is_better=False)
    net = make_net(callbacks=[stopping, Listens()], max_epochs=9).fit(dataset)
    assert len(net.history) == 4
    assert seen == ["end"]


def test_the_end_of_training_is_announced(make_net, dataset):
    seen = []

    class Listens(Callback):
        def on_train_begin(self, net, **kwargs):
            seen.append("begin")

        def on_train_end(self, net, **kwargs):
            seen.append("end")

    net = make_net(callbacks=[Listens()]).fit(dataset)
    assert seen == ["begin", "end"]
    assert len(net.history) == 2


def test_partial_fit_goes_on(make_net, dataset):
    net = make_net()
    net.partial_fit(dataset).partial_fit(dataset)
    assert len(net.history) == 4


def test_rates_fall_below_the_head(make_net):
    net = make_net(lr=0.8, lr_decay=0.5).initialize()
    rates = {id(p): group["lr"] for group in net.optimizer_.param_groups for p in group["params"]}
    network = net.module_
    assert rates[id(network.head[0].weight)] == pytest.approx(0.8)
    assert rates[id(network.stages[1].weight)] == pytest.approx(0.4)
    assert rates[id(network.stages[0].bias)] == pytest.approx(0.2)


def test_weight_decay_spares_vectors(make_net):
    net = make_net(optimizer=torch.optim.AdamW, optimizer__weight_decay=0.3).initialize()
    decays = {p.ndim: group["weight_decay"] for group in net.optimizer_.param_groups for p in group["params"]}
    assert decays == {1: 0.0, 2: 0.3}


def test_groups_of_one_s_own_are_taken(make_net):
    net = make_net(lr=0.8, lr_decay=0.5, optimizer__param_groups=[("head*", {"lr": 0.1})]).initialize()
    assert sorted(group["lr"] for group in net.optimizer_.param_groups) == [0.1, 0.8]
