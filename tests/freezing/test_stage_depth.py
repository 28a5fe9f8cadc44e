import numpy as np
import pytest

from sktl.freezing import stage_depth

NAMES = ("stem", "layer1", "layer2", "layer3")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (0, 0),
        (2, 2),
        (4, 4),
        (-1, 3),
        (-4, 0),
        (np.int64(3), 3),
        ("none", 0),
        ("all", 4),
        ("stem", 1),
        ("layer2", 3),
        ("layer3", 4),
    ],
)
def test_every_form_of_a_place(place, expected):
    depth = stage_depth(place, NAMES, "freeze")
    assert depth == expected
    assert type(depth) is int


@pytest.mark.parametrize("place", range(-4, 5))
def test_numbers_read_as_in_a_slice(place):
    assert NAMES[: stage_depth(place, NAMES, "freeze")] == (NAMES[:place] if place != 0 else ())


def test_a_stage_may_bear_the_name_of_a_keyword():
    assert stage_depth("all", ("all", "other"), "freeze") == 1


@pytest.mark.parametrize("place", [5, -5])
def test_out_of_range_lists_the_stages(place):
    with pytest.raises(ValueError, match=rf"stage={place} is out of range.*4 stages.*'stem', 'layer1'.*-4 and 4"):
        stage_depth(place, NAMES, "stage")


def test_an_unknown_name_lists_the_stages_and_the_nearest():
    with pytest.raises(ValueError, match=r"freeze='leyer3' names no stage.*'stem'.*Did you mean 'layer3'"):
        stage_depth("leyer3", NAMES, "freeze")


def test_a_mistyped_keyword_is_told():
    with pytest.raises(ValueError, match="Did you mean 'auto'"):
        stage_depth("auti", NAMES, "freeze")


def test_a_name_that_is_like_no_other_gets_no_guess():
    with pytest.raises(ValueError, match=r"names no stage; the stages are \['stem'.*\]\.$"):
        stage_depth("xyzzy", NAMES, "freeze")


@pytest.mark.parametrize("place", [True, 1.0, None, (1,)])
def test_other_types_are_refused(place):
    with pytest.raises(TypeError, match="freeze must be a whole number or a string, got"):
        stage_depth(place, NAMES, "freeze")
