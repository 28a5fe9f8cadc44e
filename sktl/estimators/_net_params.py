"""Arguments of the skorch net as parameters of their own."""

from sklearn.base import BaseEstimator

__all__ = ["NetParams"]

PREFIX = "net_params__"


class NetParams(BaseEstimator):
    """Lets a search reach the entries of the dict ``net_params`` by name."""

    def get_params(self, deep=True):
        """Return the parameters, and with ``deep`` those in ``net_params`` as ``net_params__<name>``.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the parameters of parameters too.

        Returns
        -------
        dict
            Values by name.
        """
        params = super().get_params(deep=deep)
        nested = self.net_params if deep and isinstance(self.net_params, dict) else {}
        return params | {f"{PREFIX}{name}": value for name, value in nested.items()}

    def set_params(self, **params):
        """Set parameters, those in ``net_params`` as ``net_params__<name>``, which a search can do.

        Parameters
        ----------
        **params : dict
            Values by name.

        Returns
        -------
        self
            The estimator.
        """
        nested = {name: params.pop(name) for name in list(params) if name.startswith(PREFIX)}
        super().set_params(**params)
        if nested:  # always a new dict, as another estimator may hold the old one
            self.net_params = dict(self.net_params or {})
            self.net_params |= {name.removeprefix(PREFIX): value for name, value in nested.items()}
        return self
