import types

import pytest

from sktl.estimators._all_or_nothing import all_or_nothing


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_takes_back_what_was_set_added_and_deleted(error):
    estimator = types.SimpleNamespace(kept=1, changed=2, deleted=3)
    with pytest.raises(error), all_or_nothing(estimator):
        estimator.changed, estimator.added = 4, 5
        del estimator.deleted
        raise error
    assert vars(estimator) == {"kept": 1, "changed": 2, "deleted": 3}


def test_what_succeeds_stays():
    estimator = types.SimpleNamespace(changed=2)
    with all_or_nothing(estimator):
        estimator.changed = 4
    assert estimator.changed == 4
