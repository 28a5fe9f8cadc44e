"""The same estimator with nothing shared."""

import pytest
from scipy.stats import expon
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktl.model_selection._single_task_variant import single_task_variant
from sktl.sharing import NoSharing


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


@pytest.mark.parametrize(
    ("grid", "left"),
    [
        ({"sharing": ["hard", "soft"], "C": [1, 2]}, {"C": [1, 2]}),
        ({"sharing__strength": [1.0]}, {}),
        ([{"sharing": ["hard"]}, {"sharing": ["soft"], "C": [1]}], [{"C": [1]}]),
        ([{"sharing": ["hard"]}, {"sharing": ["none"]}], [{}]),
    ],
)
def test_a_search_goes_over_what_is_shared_no_longer(pooling, grid, left):
    """The rest of the grid stays, and the search that was given keeps all of it."""
    search = GridSearchCV(pooling(), grid)
    variant = single_task_variant(search)
    assert (variant.param_grid, variant.estimator.sharing, search.param_grid) == (left, "none", grid)
    pipeline = GridSearchCV(make_pipeline(pooling()), {"pooling__sharing": ["hard"], "pooling__C": [1]})
    assert single_task_variant(pipeline).param_grid == {"pooling__C": [1]}
    randomized = RandomizedSearchCV(pooling(), {"sharing": ["hard"], "C": expon()})
    assert list(single_task_variant(randomized).param_distributions) == ["C"]


def test_a_search_may_share_where_its_estimator_does_not(pooling):
    assert single_task_variant(GridSearchCV(pooling(sharing="none"), {"sharing": ["hard"]})).param_grid == {}


def test_a_search_over_whole_estimators(pooling):
    search = GridSearchCV(make_pipeline(pooling()), {"pooling": [pooling(), pooling(sharing="soft")]})
    with pytest.raises(ValueError, match=r"param_grid goes over whole estimators, 'pooling', .* single="):
        single_task_variant(search)


def test_what_cannot_be_compared(pooling):
    """No parameter, two of them, or nothing shared."""
    with pytest.raises(ValueError, match=r"Ridge has none; give the estimator to compare with as single="):
        single_task_variant(Ridge())
    with pytest.raises(ValueError, match="Pipeline has several: pooling-1__sharing, pooling-2__sharing"):
        single_task_variant(make_pipeline(pooling(), pooling()))
    with pytest.raises(ValueError, match="sharing='none' already"):
        single_task_variant(pooling(sharing="none"))
    with pytest.raises(ValueError, match=r"sharing=NoSharing\(\) already"):
        single_task_variant(pooling(sharing=NoSharing()))
