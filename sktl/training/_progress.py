"""A bar over epochs."""

from skorch.callbacks import Callback

from sktl.utils._progress import progress_bar

__all__ = ["EpochBar"]


class EpochBar(Callback):
    """Shows epochs and losses while a net is trained."""

    def __init__(self, verbose: int):
        self.verbose = verbose

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """Open the bar."""
        self.bar_ = progress_bar(net.max_epochs, "training", "epochs", self.verbose)

    def on_epoch_end(self, net, **kwargs):
        """Count an epoch and show its losses."""
        row = net.history[-1]
        self.bar_.set_postfix({name: f"{row[name]:.3g}" for name in ("train_loss", "valid_loss") if name in row})
        self.bar_.update()

    def on_train_end(self, net, X=None, y=None, **kwargs):
        """Close the bar."""
        self.bar_.close()
        del self.bar_
