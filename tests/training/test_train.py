import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from sktl.features import ArrayRows
from sktl.heads import build_head
from sktl.sharing import fuse_heads
from sktl.tasks import ClassificationTask, TaskSet
from sktl.training import JointLoss, Network, TrainingSettings, make_net
from sktl.training._train import train
from sktl.weighting import choose_rule

LOSS = JointLoss(TaskSet((ClassificationTask(np.arange(3)),)), choose_rule("equal"))


def settings_with(**others):
    arguments = {
        "max_epochs": 3,
        "batch_size": 8,
        "lr": 0.05,
        "lr_decay": 1.0,
        "optimizer": torch.optim.AdamW,
        "weight_decay": 0.0,
        "patience": None,
        "seed": 5,
        "device": torch.device("cpu"),
    }
    return TrainingSettings(**{**arguments, **others})


def make_network(dropout=0.0):
    torch.manual_seed(1)
    return Network(nn.ModuleList([nn.Linear(4, 6)]), fuse_heads([build_head(6, 3, dropout=dropout)]), 1, True)


@pytest.fixture
def data(rng):
    X = rng.normal(size=(40, 4)).astype(np.float32)
    y = X[:, :3].argmax(axis=1)
    return ArrayRows(X), torch.from_numpy(y)[:, None].float(), torch.ones(40, 1)


def weights_of(net):
    return {name: tensor.clone() for name, tensor in net.module_.state_dict().items()}


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_the_loss_falls(data):
    net = train(make_network(), LOSS, *data, settings_with(max_epochs=10), (np.arange(40), None))
    losses = net.history[:, "train_loss"]
    assert losses[-1] < 0.6 * losses[0]
    assert len(losses) == 10


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_the_seed_decides_whatever_was_drawn_before(data, dropout):
    everything = (np.arange(40), None)
    one = train(make_network(dropout), LOSS, *data, settings_with(), everything)
    network = make_network(dropout)
    torch.rand(17)
    same = train(network, LOSS, *data, settings_with(), everything)
    other = train(make_network(dropout), LOSS, *data, settings_with(seed=6), everything)
    assert equal(weights_of(one), weights_of(same))
    assert not equal(weights_of(one), weights_of(other))


def test_global_generators_are_left_alone(data):
    network = make_network(0.5)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    train(network, LOSS, *data, settings_with(), (np.arange(40), None))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])


def test_only_the_rows_of_the_split_are_seen(data):
    rows, targets, weights = data
    wrong = targets.clone()
    wrong[20:] = (wrong[20:] + 1) % 3
    split = (np.arange(20), None)
    one = train(make_network(), LOSS, rows, targets, weights, settings_with(), split)
    other = train(make_network(), LOSS, rows, wrong, weights, settings_with(), split)
    assert equal(weights_of(one), weights_of(other))


def test_rows_held_out_give_a_validation_loss(data):
    split = (np.arange(30), np.arange(30, 40))
    net = train(make_network(), LOSS, *data, settings_with(), split)
    rows, targets, weights = data
    net.module_.eval()
    with torch.no_grad():
        expected = LOSS(net.module_(rows.batch(split[1])), (targets[30:], weights[30:])).item()
    assert net.history[-1, "valid_loss"] == pytest.approx(expected, rel=1e-5)
    assert net.train_split is None


def test_early_stopping_goes_back_to_the_best_epoch(data):
    rows, _, weights = data
    targets = torch.from_numpy(np.random.default_rng(3).integers(0, 3, size=(40, 1)))  # nothing to learn but the noise
    settings = settings_with(max_epochs=60, lr=0.3, patience=4)
    net = train(make_network(), LOSS, rows, targets, weights, settings, (np.arange(20), np.arange(20, 40)))
    losses = net.history[:, "valid_loss"]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 4 < 60
    net.module_.eval()
    with torch.no_grad():
        now = LOSS(net.module_(rows.batch(np.arange(20, 40))), (targets[20:], weights[20:])).item()
    assert now == pytest.approx(losses[best], rel=1e-5)
    assert now < losses[-1]


def test_the_rate_goes_up_and_down_by_batch(data):
    rates = []

    class Listens(Callback):
        def on_batch_begin(self, net, training, **kwargs):
            rates.append(net.optimizer_.param_groups[0]["lr"])

        def __deepcopy__(self, memo):
            return self

    train(make_network(), LOSS, *data, settings_with(max_epochs=4, callbacks=[Listens()]), (np.arange(40), None))
    assert len(rates) == 4 * 5
    assert rates[:2] == pytest.approx([0.025, 0.05])
    assert max(rates) == pytest.approx(0.05)
    assert rates[-1] < 0.002


def normalizing():
    torch.manual_seed(1)
    stages = nn.ModuleList([nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6))])
    return Network(stages, fuse_heads([build_head(6, 3)]), 1, False)


@pytest.mark.parametrize("n_training", [33, 34, 17])
def test_no_step_is_for_one_sample(data, n_training):
    steps = []

    class Watches(Callback):
        def on_batch_end(self, net, batch=None, **kwargs):
            steps.append((len(batch[0]), net.optimizer_.param_groups[0]["lr"]))

    settings = settings_with(batch_size=16, max_epochs=2, callbacks=(Watches(),))
    train(normalizing(), LOSS, *data, settings, (np.arange(n_training), None))
    sizes = [size for size, _ in steps]
    assert sizes == {33: [16, 17], 34: [16, 16, 2], 17: [17]}[n_training] * 2
    assert steps[-1][1] == 0.0  # the schedule ends with the last of them


@pytest.mark.parametrize(("batch_size", "n_training"), [(1, 5), (8, 1)])
def test_batch_normalisation_of_single_samples(data, batch_size, n_training):
    message = rf"one sample at a time, got batch_size={batch_size} and {n_training} sample.* batch_norm='frozen'"
    with pytest.raises(ValueError, match=message):
        train(normalizing(), LOSS, *data, settings_with(batch_size=batch_size), (np.arange(n_training), None))


def test_other_errors_in_training_are_left_as_they_are(data):
    class Fails(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise ValueError("as it was")

    with pytest.raises(ValueError, match=r"^as it was$"):
        train(make_network(), LOSS, *data, settings_with(callbacks=(Fails(),)), (np.arange(40), None))


def test_callbacks_are_copied(data):
    class Counts(Callback):
        n_epochs = 0

        def on_epoch_end(self, net, **kwargs):
            self.n_epochs += 1

    given = Counts()
    net = train(make_network(), LOSS, *data, settings_with(callbacks=[("counts", given)]), (np.arange(40), None))
    assert given.n_epochs == 0
    assert dict(net.callbacks_)["counts"].n_epochs == 3


def test_arguments_for_skorch_win(data):
    settings = settings_with(net_params={"max_epochs": 1, "optimizer__amsgrad": True})
    net = train(make_network(), LOSS, *data, settings, (np.arange(40), None))
    assert len(net.history) == 1
    assert net.optimizer_.defaults["amsgrad"]


def test_weights_of_samples_count(data):
    rows, targets, _ = data
    weights = torch.ones(40, 1)
    weights[20:] = 0
    net = train(make_network(), LOSS, rows, targets, weights, settings_with(max_epochs=1), (np.arange(40), None))
    same = train(
        make_network(),
        LOSS,
        rows,
        targets.clone().index_fill_(0, torch.arange(20, 40), 0),
        weights,
        settings_with(max_epochs=1),
        (np.arange(40), None),
    )
    assert equal(weights_of(net), weights_of(same))


def test_a_net_that_is_made_is_ready(data):
    network = make_network()
    net = make_net(network, LOSS, settings_with())
    assert net.module_ is network
    assert net.initialized_
    assert len(net.history) == 0


@pytest.mark.parametrize("verbose", [0, 1])
def test_a_bar_shows_epochs_if_asked(data, capsys, verbose):
    train(make_network(), LOSS, *data, settings_with(verbose=verbose), (np.arange(40), None))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert ("training" in printed.err and "3/3" in printed.err) if verbose else printed.err == ""
