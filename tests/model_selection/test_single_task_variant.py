"""The same estimator with nothing shared."""

import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktl.model_selection._single_task_variant import single_task_variant


def test_the_parameter_is_found_anywhere(pooling):
    """By itself, at the end of a pipeline, and in a search around it; the rest stays."""
    alone = pooling(C=3.0)
    variant = single_task_variant(alone)
    assert (variant.sharing, variant.C, alone.sharing) == ("none", 3.0, "hard")
    pipeline = make_pipeline(StandardScaler(), pooling())
    assert single_task_variant(pipeline)[-1].sharing == "none"
    assert pipeline[-1].sharing == "hard"
    assert single_task_variant(GridSearchCV(pipeline, {"pooling__C": [1]})).estimator[-1].sharing == "none"


def test_other_parameters_do_not_count(pooling):
    """Only a parameter of that very name does."""

    class Odd(pooling):
        def __init__(self, sharing="hard", C=1.0, weight_sharing=2):
            super().__init__(sharing, C)
            self.weight_sharing = weight_sharing

    variant = single_task_variant(Odd())
    assert (variant.sharing, variant.weight_sharing) == ("none", 2)


def test_what_cannot_be_compared(pooling):
    """No parameter, two of them, or nothing shared."""
    with pytest.raises(ValueError, match=r"Ridge has none; give the estimator to compare with as single="):
        single_task_variant(Ridge())
    with pytest.raises(ValueError, match="Pipeline has several: pooling-1__sharing, pooling-2__sharing"):
        single_task_variant(make_pipeline(pooling(), pooling()))
    with pytest.raises(ValueError, match="sharing='none' already"):
        single_task_variant(pooling(sharing="none"))
