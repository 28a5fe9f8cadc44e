import pickle

import pytest
import torch
from sklearn.base import clone
from torchvision.transforms import v2

from sktl.inputs import Augmentation, choose_augmentation


def halve(sample):
    return sample / 2


def test_none_is_none():
    assert choose_augmentation(None) is None


@pytest.mark.parametrize("augment", ["auto", halve, v2.Compose([v2.RandomHorizontalFlip()])])
def test_a_transform_gets_the_defaults(augment):
    chosen = choose_augmentation(augment)
    assert (chosen.transform, chosen.n_views, chosen.average) == (augment, 4, True)


def test_an_augmentation_is_taken_as_it_is():
    given = Augmentation(v2.RandomRotation(10), n_views=1, average=False)
    assert choose_augmentation(given) is given


@pytest.mark.parametrize(
    ("augment", "error", "match"),
    [
        ("strong", ValueError, "augment is 'strong': expected None, 'auto', a function, or Augmentation"),
        (Augmentation("strong"), ValueError, "augment is 'strong'"),
        (3, TypeError, "augment is 3: expected None, 'auto'"),
        (v2.RandomRotation, TypeError, r"augment is the class RandomRotation: give an object, RandomRotation\(...\)"),
        (Augmentation, TypeError, r"augment is the class Augmentation: give an object"),
        ([halve], TypeError, r"augment is a list: join transforms by torchvision\.transforms\.v2\.Compose"),
        (v2.RandomRotation(10), TypeError, r"get_params .*: give augment=Augmentation\(RandomRotation\(...\)\)"),
        (Augmentation(n_views=0), ValueError, "n_views of Augmentation must be 1 or more, got 0"),
        (Augmentation(n_views=2.0), TypeError, r"n_views of Augmentation must be a whole number, got 2\.0"),
        (Augmentation(n_views=True), TypeError, "n_views of Augmentation must be a whole number, got True"),
        (Augmentation(average=2), TypeError, "average of Augmentation must be True or False, got 2"),
    ],
)
def test_what_is_no_augmentation(augment, error, match):
    with pytest.raises(error, match=match):
        choose_augmentation(augment)


def test_parameters_are_those_of_an_estimator():
    # torchvision's own get_params is a function of the transform's parameters
    augmentation = Augmentation(v2.RandomRotation(10))
    assert set(augmentation.get_params()) == {"transform", "n_views", "average"}
    assert augmentation.set_params(n_views=7, average=False).get_params()["n_views"] == 7
    with pytest.raises(ValueError, match="Invalid parameter 'views'"):
        augmentation.set_params(views=2)


@pytest.mark.parametrize("transform", ["auto", halve, lambda x: x, v2.RandomRotation(10)])
def test_a_clone_has_the_same_transform(transform):
    augmentation = Augmentation(transform, n_views=3, average=False)
    copy = clone(augmentation)
    assert copy is not augmentation
    assert copy.get_params() == augmentation.get_params()


def test_it_is_pickled_with_its_transform():
    copy = pickle.loads(pickle.dumps(Augmentation(v2.ColorJitter(0.2), n_views=2)))
    assert repr(copy) == repr(Augmentation(v2.ColorJitter(0.2), n_views=2))
    assert copy.transform(torch.zeros(3, 4, 4)).shape == (3, 4, 4)
