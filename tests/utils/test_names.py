import pytest

from sktl.utils._names import nearest_names

KNOWN = ["resnet18", "resnet50", "wide_resnet50_2", "vgg16", "mobilenet_v2"]


@pytest.mark.parametrize(
    ("name", "first"), [("resnet5", "resnet50"), ("Vgg16", "vgg16"), ("mobilenetv2", "mobilenet_v2"), ("VGG", "vgg16")]
)
def test_the_nearest_comes_first(name, first):
    assert nearest_names(name, KNOWN)[0] == first


def test_names_that_contain_it_count():
    assert set(nearest_names("net50", KNOWN)) >= {"resnet50", "wide_resnet50_2"}


def test_no_name_comes_twice_or_is_made_up():
    near = nearest_names("resnet", KNOWN)
    assert len(near) == len(set(near))
    assert set(near) <= set(KNOWN)


def test_no_more_than_asked_for():
    assert len(nearest_names("resnet", KNOWN, n=2)) == 2


@pytest.mark.parametrize("name", ["", "zzz"])
def test_nothing_near(name):
    assert nearest_names(name, KNOWN) == []


def test_any_iterable():
    assert nearest_names("vgg", iter(KNOWN)) == ["vgg16"]
