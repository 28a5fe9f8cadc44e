from sktl.utils._recent import Recent


def test_the_last_used_are_kept():
    recent = Recent(2)
    assert (recent.put("a", 1), recent.put("b", 2)) == (1, 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b"), recent.get("c"), len(recent)) == (1, None, 3, 2)


def test_a_new_value_takes_the_place_of_the_old():
    recent = Recent(2)
    recent.put("a", 1)
    recent.put("a", 2)
    assert (recent.get("a"), len(recent)) == (2, 1)
