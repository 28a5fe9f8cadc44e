import pytest

from sktl.weighting import RULES, choose_rule


@pytest.mark.parametrize("name", RULES)
def test_by_name(name):
    assert type(choose_rule(name)) is RULES[name]


def test_a_name_that_is_nearly_known():
    expected = r"weighting must be one of \['equal', .*\], got 'uncertanty'; did you mean 'uncertainty'\?"
    with pytest.raises(ValueError, match=expected):
        choose_rule("uncertanty")


def test_a_name_that_is_like_no_other():
    with pytest.raises(ValueError, match=r"weighting must be one of \['equal', .*\], got 'xyz'$"):
        choose_rule("xyz")
