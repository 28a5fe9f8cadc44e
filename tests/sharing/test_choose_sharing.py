import pytest

from sktl.sharing import SCHEMES, HardSharing, SoftSharing, choose_sharing


@pytest.mark.parametrize("name", SCHEMES)
def test_by_name(name):
    assert type(choose_sharing(name)) is SCHEMES[name]


def test_an_object_is_taken_as_it_is():
    scheme = SoftSharing(strength=3.0)
    assert choose_sharing(scheme) is scheme


@pytest.mark.parametrize(("name", "near"), [("hrad", "hard"), ("crossstitch", "cross_stitch")])
def test_a_name_that_is_not_known(name, near):
    with pytest.raises(ValueError, match=rf"sharing must be one of \['hard'.*got '{name}'; did you mean '{near}'\?"):
        choose_sharing(name)


def test_a_name_that_is_like_no_other():
    with pytest.raises(ValueError, match=r"sharing must be one of \[.*\] or an object, got 'xyz'$"):
        choose_sharing("xyz")


@pytest.mark.parametrize("thing", [None, 3, HardSharing])
def test_no_scheme_and_no_name(thing):
    with pytest.raises(TypeError, match=r"sharing must be one of .* or an object such as SoftSharing\(strength=1\.0\)"):
        choose_sharing(thing)
