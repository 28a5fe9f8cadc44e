import copy
import types

from skorch.history import History

from sktl.training._progress import EpochBar


def make_net(n_epochs, **losses):
    history = History()
    history.new_epoch()
    for name, value in losses.items():
        history.record(name, value)
    return types.SimpleNamespace(max_epochs=n_epochs, history=history)


def test_epochs_and_losses_are_shown(capsys):
    bar, net = EpochBar(verbose=1), make_net(2, train_loss=0.12345, valid_loss=7.0)
    bar.on_train_begin(net)
    bar.on_epoch_end(net)
    bar.on_train_end(net)
    printed = capsys.readouterr().err
    assert "1/2" in printed
    assert "train_loss=0.123, valid_loss=7" in printed


def test_silence_at_zero(capsys):
    bar, net = EpochBar(verbose=0), make_net(2, train_loss=0.1)
    bar.on_train_begin(net)
    bar.on_epoch_end(net)
    bar.on_train_end(net)
    assert capsys.readouterr().err == ""


def test_nothing_open_is_left_behind():
    bar, net = EpochBar(verbose=1), make_net(1)
    bar.on_train_begin(net)
    bar.on_train_end(net)
    assert vars(copy.deepcopy(bar)) == {"verbose": 1}
