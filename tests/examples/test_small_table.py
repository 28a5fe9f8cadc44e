"""The script on a small table beside a large one: its data, and that it runs."""

import importlib.util
import pathlib

import matplotlib
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "examples" / "small_table.py"


@pytest.fixture(scope="module")
def example():
    """Return the script as a module; its last lines run as a script only."""
    matplotlib.use("Agg")
    spec = importlib.util.spec_from_file_location("small_table_example", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_have_the_same_columns(example, rng):
    """The large table has six properties, the small one two, and nothing is missing."""
    X_large, y_large, X_small, small = example.make_tables(rng, n_large=50, n_small=30)
    assert X_large.shape == (50, example.N_COLUMNS) and X_small.shape == (30, example.N_COLUMNS)
    assert y_large.shape == (50, example.N_PROPERTIES)
    assert [len(y) for y in small.values()] == [30, 30]
    assert all(np.isfinite(values).all() for values in (X_large, y_large, X_small, *small.values()))


def test_one_property_is_linear_in_the_columns(example, rng):
    """A straight line explains the property of the columns, and hardly that of the hidden causes."""
    _, _, X, small = example.make_tables(rng)
    r2 = {title: LinearRegression().fit(X[:700], y[:700]).score(X[700:], y[700:]) for title, y in small.items()}
    assert r2["of the columns themselves"] > 0.9
    assert r2["of the same causes"] < 0.5


def test_it_runs(example, tmp_path, capsys):
    """The whole script, small: it prints four contestants for two properties, and draws."""
    plot = tmp_path / "plot.png"
    found = example.main(plot, counts=(20,), n_draws=1, max_epochs=2)
    printed = capsys.readouterr().out
    assert list(found) == ["of the same causes", "of the columns themselves"]
    for title, curves in found.items():
        assert f"a property {title}" in printed
        assert set(curves) == {"from the large table", "from scratch", "ridge regression", "random forest"}
        assert all(np.isfinite(values).all() for values in curves.values())
    assert plot.stat().st_size > 5_000
