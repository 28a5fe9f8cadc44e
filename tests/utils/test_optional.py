import math

import pytest

from sktl.exceptions import MissingExtraError
from sktl.utils._optional import import_optional


def test_what_is_there_is_imported():
    assert import_optional("math", extra="test", purpose="A test") is math


@pytest.mark.parametrize("module", ["no_such_package", "no_such_package.inner.part"])
def test_what_is_missing_names_the_extra(module):
    message = r"'timm:x' needs the package 'no_such_package', which is not installed\. .*pip install 'sktl\[timm\]'"
    with pytest.raises(MissingExtraError, match=message):
        import_optional(module, extra="timm", purpose="'timm:x'")


def test_it_is_an_import_error():
    with pytest.raises(ImportError, match="no_such_package"):
        import_optional("no_such_package", extra="timm", purpose="A test")


def test_a_package_that_lacks_one_of_its_own_says_so(tmp_path, monkeypatch):
    (tmp_path / "broken_here.py").write_text("import gone_elsewhere")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="gone_elsewhere") as caught:
        import_optional("broken_here", extra="timm", purpose="A test")
    assert not isinstance(caught.value, MissingExtraError)
