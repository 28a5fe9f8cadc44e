import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EarlyStopping
from skorch.helper import predefined_split
from torch import nn

from sktl.features import ArrayRows
from sktl.heads import build_head
from sktl.sharing import SoftSharing, fuse_heads
from sktl.tasks import ClassificationTask, RegressionTask, TaskSet
from sktl.training import BatchIterator, JointLoss, Network
from sktl.training._batches import LabelledRows
from sktl.training._net import Net, _can_be_fused
from sktl.weighting import GradientRule, choose_rule

TASKS = TaskSet((RegressionTask(0.0, 1.0), ClassificationTask(np.arange(2))))


class Interrupts(Callback):
    def on_batch_end(self, net, **kwargs):
        raise KeyboardInterrupt


@pytest.fixture
def dataset(rng):
    rows = ArrayRows(rng.normal(size=(8, 3)).astype(np.float32))
    return LabelledRows(rows, torch.zeros(8, 2), torch.ones(8, 2), np.arange(8))


@pytest.fixture
def make_net():
    def make(rule="equal", **others):
        stages = nn.ModuleList([nn.Linear(3, 4), nn.Linear(4, 5)])
        arguments = {"iterator_train": BatchIterator, "train_split": None, "verbose": 0, "max_epochs": 2}
        network = Network(stages, fuse_heads([build_head(5, 1), build_head(5, 1)]), 1, True)
        rule = choose_rule(rule) if isinstance(rule, str) else rule
        return Net(network, JointLoss(TASKS, rule), **{**arguments, **others})

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


def state_of(net):
    """Return all that a step may change, in the net and its optimiser."""
    tensors = [*net.module_.state_dict().values(), *net.criterion_.state_dict().values()]
    moments = [value for state in net.optimizer_.state.values() for value in state.values()]
    return [torch.as_tensor(tensor).clone() for tensor in tensors + moments]


def same(one, other):
    if len(one) != len(other):
        return False
    return all(torch.equal(a.nan_to_num(-1), b.nan_to_num(-1)) for a, b in zip(one, other, strict=True))


class TestBatchWithoutLabel:
    """The law of the loss: a batch with no label changes nothing."""

    @pytest.mark.parametrize("rule", ["equal", "uncertainty", "dwa", "rlw", "pcgrad"])
    @pytest.mark.parametrize("optimizer", [torch.optim.AdamW, torch.optim.SGD])
    def test_changes_nothing(self, make_net, rng, rule, optimizer):
        if rule == "pcgrad":
            pytest.importorskip("torchjd", reason="torchjd comes with the extra surgery")
        extra = {"optimizer__momentum": 0.9} if optimizer is torch.optim.SGD else {"optimizer__weight_decay": 0.5}
        net = make_net(rule, optimizer=optimizer, lr=0.1, **extra).initialize()
        net.module_.stages.append(nn.BatchNorm1d(5))
        net.module_.hold_batch_norm = False
        x, targets = torch.from_numpy(rng.normal(size=(4, 3))).float(), torch.ones(4, 2)
        net.train_step((x, (targets, torch.ones(4, 2))))
        before = state_of(net)
        step = net.train_step((x, (targets, torch.zeros(4, 2))))
        assert same(before, state_of(net))
        assert step["loss"].item() == 0.0
        net.train_step((x, (targets, torch.ones(4, 2))))
        assert not same(before, state_of(net))

    def test_towers_are_not_drawn_together(self, rng):
        stages = nn.ModuleList([nn.Linear(3, 4)])
        joined = SoftSharing(strength=10.0).join(stages, [build_head(4, 1), build_head(4, 1)], ["one"])
        network = Network(joined.stages, joined.head, 1, True, joined.has_towers, joined.tie)
        net = Net(network, JointLoss(TASKS, choose_rule("equal")), lr=0.1, verbose=0).initialize()
        x, targets = torch.from_numpy(rng.normal(size=(4, 3))).float(), torch.ones(4, 2)
        net.train_step((x, (targets, torch.ones(4, 2))))
        before = state_of(net)
        net.train_step((x, (targets, torch.zeros(4, 2))))
        assert same(before, state_of(net))

    def test_a_fit_goes_past_it(self, make_net, rng):
        rows = ArrayRows(rng.normal(size=(8, 3)).astype(np.float32))
        weights = torch.ones(8, 2)
        weights[4:] = 0
        net = make_net(batch_size=4).fit(LabelledRows(rows, torch.zeros(8, 2), weights, np.arange(8)))
        assert len(net.history) == 2
        assert [batch["train_loss"] == 0.0 for batch in net.history[0]["batches"]] == [False, True]


class Listens(Callback):
    """Keeps what happens in batches."""

    def __init__(self):
        self.seen = []

    def on_batch_begin(self, net, **kwargs):
        self.seen.append("begin")

    def on_grad_computed(self, net, named_parameters, **kwargs):
        assert all(parameter.grad is not None for _, parameter in named_parameters if parameter.requires_grad)
        self.seen.append("gradients")

    def on_batch_end(self, net, y_pred, **kwargs):
        assert y_pred.shape == (4, 2)
        self.seen.append("end")


class TestListeners:
    def test_a_callback_hears_of_every_batch(self, make_net, dataset):
        listener = Listens()
        make_net(callbacks=[listener], batch_size=4).fit(dataset)
        assert listener.seen == ["begin", "gradients", "end"] * 4

    def test_the_history_is_the_same_without_one(self, make_net, dataset):
        histories = []
        for callbacks in ([], [Listens()]):
            torch.manual_seed(0)
            net = make_net(callbacks=callbacks, batch_size=4, train_split=predefined_split(dataset))
            history = net.set_params(iterator_valid=BatchIterator).fit(dataset).history
            histories.append([{name: value for name, value in row.items() if name != "dur"} for row in history])
        assert len(histories[0][0]["batches"]) == 4  # two of training and two of validation
        assert histories[0] == histories[1]

    def test_losses_are_read_at_the_end_of_the_epoch_where_nobody_listens(self, make_net, dataset, monkeypatch):
        read = []
        item, tolist = torch.Tensor.item, torch.Tensor.tolist
        monkeypatch.setattr(torch.Tensor, "item", lambda self: read.append("item") or item(self))
        monkeypatch.setattr(torch.Tensor, "tolist", lambda self: read.append("list") or tolist(self))
        make_net(batch_size=2, optimizer__fused=True).fit(dataset)
        assert read == ["list"] * 2


def test_an_optimiser_may_ask_for_gradients_several_times(make_net, dataset):
    net = make_net(optimizer=torch.optim.LBFGS, optimizer__param_groups=[], lr=1.0, max_epochs=3, batch_size=8)
    net.fit(dataset)
    assert net.history[-1, "train_loss"] < 0.01 < net.history[0, "train_loss"]


def test_an_optimiser_without_groups_has_one(make_net, dataset):
    net = make_net(optimizer=torch.optim.LBFGS, lr=1.0, max_epochs=3, batch_size=8).fit(dataset)
    (group,) = net.optimizer_.param_groups
    assert len(group["params"]) == len(list(net.module_.parameters())) + len(list(net.criterion_.parameters()))
    assert net.history[-1, "train_loss"] < net.history[0, "train_loss"]


class TestEpochs:
    def test_the_loss_keeps_its_account_by_epoch(self, make_net, rng):
        rows = ArrayRows(rng.normal(size=(8, 3)).astype(np.float32))
        weights = torch.ones(8, 2)
        weights[:, 1] = 0
        dataset = LabelledRows(rows, torch.zeros(8, 2), weights, np.arange(8))
        net = make_net("dwa", lr=0.0, max_epochs=1, batch_size=3).fit(dataset)
        assert torch.isnan(net.criterion_.previous[1]).all()
        expected = 0.5 * net.module_(rows.batch(np.arange(8)))[:, 0].square().mean().item()
        assert net.criterion_.previous[0, 0].item() == pytest.approx(expected, rel=1e-5)
        assert torch.isnan(net.criterion_.previous[0, 1])
        net.partial_fit(dataset)
        np.testing.assert_allclose(net.criterion_.previous[:, 0], expected, rtol=1e-5)

    def test_validation_is_no_part_of_it(self, make_net, dataset):
        held_out = LabelledRows(dataset.rows, 100 + dataset.targets, dataset.weights, np.arange(8))
        held_out.targets[:, 1] = 1
        net = make_net("dwa", lr=0.0, max_epochs=1, train_split=predefined_split(held_out))
        net.set_params(iterator_valid=BatchIterator)
        net.fit(dataset)
        assert net.history[-1, "valid_loss"] > 1_000
        assert net.criterion_.previous[0, 0] < 100


class Recorded(GradientRule):
    """Keeps what it was given, and takes ten times the first gradient."""

    def combine(self, gradients):
        self.gradients = gradients.clone()
        return 10 * gradients[0]


class TestGradientRules:
    @pytest.fixture
    def batch(self, rng):
        x = torch.from_numpy(rng.normal(size=(6, 3))).float()
        targets = torch.from_numpy(np.column_stack([rng.normal(size=6), rng.integers(0, 2, size=6)])).float()
        return x, (targets, torch.from_numpy(rng.uniform(0.5, 2, size=(6, 2))).float())

    def gradients_of(self, net, batch):
        """Return the gradients of each task's mean loss, by autograd, for the stages and the head."""
        x, labels = batch
        found = []
        for task in range(2):
            net.module_.zero_grad()
            net.criterion_.contributions(net.module_(x), labels).mean(dim=0)[task].backward()
            found.append({name: p.grad.clone() for name, p in net.module_.named_parameters()})
        net.module_.zero_grad()
        return found

    def test_the_rule_sees_a_row_for_each_task(self, make_net, batch):
        net = make_net(Recorded()).initialize()
        rows = self.gradients_of(net, batch)
        net.train_step_single(batch)
        for row, gradient in zip(rows, net.criterion_.rule.gradients, strict=True):
            expected = torch.cat([g.flatten() for name, g in row.items() if name.startswith("stages")])
            torch.testing.assert_close(gradient, expected)

    def test_gradients_lie_in_memory_as_their_weights_do(self, make_net, batch):
        """A fused step goes along both, and would mix them up."""
        net = make_net(Recorded()).initialize()
        first, _ = self.gradients_of(net, batch)
        weight = net.module_.stages[0].weight
        weight.data = weight.data.T.contiguous().T
        net.train_step_single(batch)
        assert weight.grad.stride() == weight.stride() == (1, 4)
        torch.testing.assert_close(weight.grad, 10 * first["stages.0.weight"])

    def test_stages_take_what_it_makes_and_heads_their_own(self, make_net, batch):
        net = make_net(Recorded()).initialize()
        first, second = self.gradients_of(net, batch)
        net.train_step_single(batch)
        for name, parameter in net.module_.named_parameters():
            expected = 10 * first[name] if name.startswith("stages") else first[name] + second[name]
            torch.testing.assert_close(parameter.grad, expected)

    def test_a_task_without_a_label_is_left_out(self, make_net, batch):
        x, (targets, weights) = batch
        weights = weights.clone()
        weights[:, 0] = 0
        net = make_net(Recorded()).initialize()
        _, second = self.gradients_of(net, batch)
        net.train_step_single((x, (targets, weights)))
        (gradient,) = net.criterion_.rule.gradients
        torch.testing.assert_close(
            gradient, torch.cat([g.flatten() for name, g in second.items() if name.startswith("stages")])
        )

    def test_the_loss_is_that_of_equal_weights(self, make_net, batch):
        net = make_net(Recorded()).initialize()
        step = net.train_step_single(batch)
        expected = JointLoss(TASKS, choose_rule("equal"))(net.module_(batch[0]), batch[1])
        assert step["loss"].item() == pytest.approx(expected.item())
        assert step["y_pred"].shape == (6, 2)

    def test_without_stages_heads_learn_all_the_same(self, batch):
        network = Network(nn.ModuleList(), fuse_heads([build_head(3, 1), build_head(3, 1)]), 1, True)
        net = Net(network, JointLoss(TASKS, Recorded()), verbose=0).initialize()
        net.train_step_single(batch)
        assert (network.head[0].weight.grad != 0).all()
        assert not hasattr(net.criterion_.rule, "gradients")

    def test_towers_are_rows_that_do_not_overlap(self, batch):
        joined = SoftSharing(strength=0).join(nn.ModuleList([nn.Linear(3, 4)]), [build_head(4, 1)] * 2, ["one"])
        network = Network(joined.stages, joined.head, 1, True, True)
        net = Net(network, JointLoss(TASKS, Recorded()), verbose=0).initialize()
        net.train_step_single(batch)
        one, other = net.criterion_.rule.gradients
        assert (one * other == 0).all()
        assert one.any()
        assert other.any()


class TestFusedSteps:
    """Optimisers that step in one pass over the memory, where they may."""

    @pytest.mark.parametrize("optimizer", [torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD])
    def test_small_networks_take_them(self, make_net, dataset, optimizer):
        net = make_net(optimizer=optimizer).fit(dataset)
        assert net.optimizer_.param_groups[0]["fused"] is True

    def test_they_do_what_others_do(self, make_net, dataset):
        found = []
        for fused in (True, False):
            torch.manual_seed(0)
            net = make_net(optimizer=torch.optim.AdamW, optimizer__fused=fused, lr=0.01).fit(dataset)
            found.append(torch.cat([parameter.detach().flatten() for parameter in net.module_.parameters()]))
        torch.testing.assert_close(found[0], found[1])

    @pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
    def test_weights_of_convolutions_lie_as_their_gradients_do(self, layout):
        found = []
        for fused in (True, False):
            torch.manual_seed(0)
            stages = nn.Sequential(nn.Conv2d(4, 8, 3), nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 2, 1))
            stages = stages.to(memory_format=layout)
            assert all(map(_can_be_fused, stages.parameters()))
            optimizer = torch.optim.AdamW(stages.parameters(), lr=0.01, fused=fused)
            for _ in range(5):
                optimizer.zero_grad()
                x = torch.randn(4, 4, 8, 8, generator=torch.Generator().manual_seed(0))
                stages(x.contiguous(memory_format=torch.channels_last)).square().sum().backward()
                optimizer.step()
            found.append([parameter.detach() for parameter in stages.parameters()])
        torch.testing.assert_close(*found)

    def test_other_optimisers_and_layouts_do_without(self, make_net, dataset):
        assert "fused" not in make_net(optimizer=torch.optim.RMSprop).fit(dataset).optimizer_.param_groups[0]
        net = make_net(optimizer=torch.optim.AdamW)
        net.module.stages[0].kernel = nn.Parameter(torch.zeros(3, 2).T)
        assert not net.fit(dataset).optimizer_.param_groups[0]["fused"]


def test_modes_are_switched_where_they_change(make_net, dataset, monkeypatch):
    calls = []
    train = Network.train
    monkeypatch.setattr(Network, "train", lambda self, mode=True: calls.append(mode) or train(self, mode))
    given = {"train_split": predefined_split(dataset), "iterator_valid": BatchIterator, "batch_size": 2}
    make_net(max_epochs=3, **given).fit(dataset)
    assert calls == [True, False, True, False, True, False]  # twice an epoch, whatever the number of batches
