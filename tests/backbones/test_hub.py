import hashlib
import http.client
import urllib.error

import pytest
import torch
from torchvision.models import SqueezeNet1_1_Weights, WeightsEnum

from sktl.backbones._hub import cached_file, fetch_state_dict, published_sha256
from sktl.exceptions import WeightsNotFoundError

MEMBER = SqueezeNet1_1_Weights.IMAGENET1K_V1


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return torch's cache folder, made for this test."""
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Return a file whose name carries its hash, at whose address the weights are said to lie."""
    torch.save({"a": torch.arange(3.0)}, tmp_path / "new.pth")
    content = (tmp_path / "new.pth").read_bytes()
    file = tmp_path / f"new-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    file.write_bytes(content)
    monkeypatch.setattr(MEMBER.value, "url", file.as_uri())
    return file


def test_every_published_address_tells_its_hash():
    from torchvision import models

    urls = [member.url for name in models.list_models(module=models) for member in models.get_model_weights(name)]
    assert all(len(published_sha256(url)) >= 8 for url in urls)
    assert published_sha256("https://example.org/a-dead-beef/plain.pth") == ""


def test_cached_file_lies_where_torch_looks(cache):
    assert cached_file("https://example.org/models/new-12345678.pth?version=2") == cache / "new-12345678.pth"


def test_is_fetched_once(cache, source, capfd):
    assert torch.equal(fetch_state_dict(MEMBER, "squeezenet1_1")["a"], torch.arange(3.0))
    said = capfd.readouterr()
    assert "Downloading" in said.out + said.err
    assert (cache / source.name).read_bytes() == source.read_bytes()
    source.unlink()
    assert torch.equal(fetch_state_dict(MEMBER, "squeezenet1_1")["a"], torch.arange(3.0))
    said = capfd.readouterr()
    assert said.out + said.err == ""


def test_a_damaged_file_in_the_cache_is_named(cache, source):
    (cache / source.name).write_bytes(source.read_bytes()[:-1] + b"?")
    expected = rf"the file '.*{source.name}' is damaged: its SHA-256 begins with \w{{8}}, not with .*Delete it"
    with pytest.raises(WeightsNotFoundError, match=expected):
        fetch_state_dict(MEMBER, "squeezenet1_1")


def test_something_else_at_the_address_is_not_kept(cache, source):
    source.write_bytes(b"<html>please log in</html>")
    with pytest.raises(WeightsNotFoundError, match=r"cannot be fetched .*invalid hash value"):
        fetch_state_dict(MEMBER, "squeezenet1_1")
    assert list(cache.iterdir()) == []


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_without_a_network_the_way_out_is_told(cache):
    with pytest.raises(WeightsNotFoundError) as caught:
        fetch_state_dict(MEMBER, "squeezenet1_1")
    message = str(caught.value)
    name = MEMBER.url.rpartition("/")[2]
    for told in ("'IMAGENET1K_V1' of 'squeezenet1_1'", MEMBER.url, name, str(cache), "weights=", "sktl[offline]"):
        assert told in message
    assert "'efficientnet_lite0' needs no network" in message
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("error", [urllib.error.URLError("no name"), TimeoutError(), http.client.IncompleteRead(b"")])
def test_what_went_wrong_is_told(cache, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(WeightsEnum, "get_state_dict", fail)
    with pytest.raises(WeightsNotFoundError, match=f"cannot be fetched \\({type(error).__name__}") as caught:
        fetch_state_dict(MEMBER, "squeezenet1_1")
    assert caught.value.__cause__ is error
