import pytest

from sktl.utils._progress import progress_bar


def test_a_bar(capsys):
    with progress_bar(3, "reading", "pictures", verbose=1) as bar:
        for _ in range(3):
            bar.update()
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "reading" in printed.err
    assert "3/3" in printed.err
    assert "pictures" in printed.err


@pytest.mark.parametrize("verbose", [0, False])
def test_silence(capsys, verbose):
    with progress_bar(3, "reading", "pictures", verbose) as bar:
        bar.update(3)
        bar.set_postfix({"loss": 1})
    assert capsys.readouterr() == ("", "")
