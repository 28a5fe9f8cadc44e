"""Pictures in every container give the same tensors."""

import io
import pathlib
import threading

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset, Subset, TensorDataset, random_split
from torchvision.transforms.v2 import functional

from sktl.exceptions import UnreadableImageError
from sktl.inputs import _images as images_module
from sktl.inputs import _pictures as pictures_module
from sktl.inputs import find_scale, open_images
from sktl.utils._preprocessing import Preprocessing

SMALL = Preprocessing(size=(24, 24), resize=28)
AS_IT_IS = Preprocessing(size=None, resize=None, mean=(0.0,), std=(1.0,))


def encoded(array, format="PNG"):
    file = io.BytesIO()
    Image.fromarray(array).save(file, format)
    return file.getvalue()


class Pairs(Dataset):
    """Pictures with labels, as torchvision's data sets give them."""

    def __init__(self, items, labelled=True):
        self.items, self.labelled = items, labelled

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return (self.items[index], 1) if self.labelled else self.items[index]


@pytest.fixture
def arrays(rng):
    return rng.integers(0, 256, (5, 40, 56, 3), dtype=np.uint8)


@pytest.fixture
def files(arrays, tmp_path):
    paths = [tmp_path / f"{index}.png" for index in range(len(arrays))]
    for path, array in zip(paths, arrays, strict=True):
        path.write_bytes(encoded(array))
    return paths


def pil(arrays):
    return [Image.fromarray(array) for array in arrays]


def objects(items, shape=(-1,)):
    column = np.empty(len(items), dtype=object)
    column[:] = items
    return column.reshape(shape)


FROM_ARRAYS = {
    "n, H, W, C": lambda x: x,
    "n, C, H, W": lambda x: x.transpose(0, 3, 1, 2),
    "n, C, H, W contiguous": lambda x: np.ascontiguousarray(x.transpose(0, 3, 1, 2)),
    "negative strides": lambda x: x[::-1].copy()[::-1],
    "tensor": torch.from_numpy,
    "tensor n, C, H, W": lambda x: torch.from_numpy(x).permute(0, 3, 1, 2),
    "list of arrays": list,
    "tuple of arrays": tuple,
    "list of tensors C, H, W": lambda x: [torch.from_numpy(a).permute(2, 0, 1) for a in x],
    "series of arrays": lambda x: pd.Series(list(x), index=[9, 3, 3, -1, 0]),
    "list of PIL": pil,
    "object array of PIL": lambda x: objects(pil(x)),
    "column of PIL": lambda x: objects(pil(x), (-1, 1)),
    "frame of PIL": lambda x: pd.DataFrame({"picture": pil(x)}),
    "bytes": lambda x: [encoded(a) for a in x],
    "bytearray": lambda x: [bytearray(encoded(a)) for a in x],
    "memoryview": lambda x: [memoryview(encoded(a)) for a in x],
    "tiff bytes": lambda x: [encoded(a, "TIFF") for a in x],
    "series of bytes": lambda x: pd.Series([encoded(a) for a in x], index=list("edcba")),
    "pairs": lambda x: [(p, "ant") for p in pil(x)],
    "dataset of PIL and labels": lambda x: Pairs(pil(x)),
    "dataset of PIL": lambda x: Pairs(pil(x), labelled=False),
    "dataset of arrays": lambda x: Pairs(list(x)),
    "dataset of lists": lambda x: Pairs([[a, 2] for a in x], labelled=False),
    "tensor dataset": lambda x: TensorDataset(torch.from_numpy(x).permute(0, 3, 1, 2)),
    "tensor dataset items": lambda x: [*TensorDataset(torch.from_numpy(x), torch.zeros(5))],
    "subset": lambda x: Subset(Pairs(pil(x)), range(5)),
}
FROM_FILES = {
    "list of paths": list,
    "list of str": lambda paths: [str(p) for p in paths],
    "array of str": lambda paths: np.array([str(p) for p in paths]),
    "column of str": lambda paths: np.array([[str(p)] for p in paths]),
    "column of paths": lambda paths: objects(paths, (-1, 1)),
    "series of str": lambda paths: pd.Series([str(p) for p in paths], index=[5, 5, 1, 0, 2]),
    "string series": lambda paths: pd.Series([str(p) for p in paths], dtype="string"),
    "frame of str": lambda paths: pd.DataFrame({"file": [str(p) for p in paths]}, index=list("abcde")),
    "dataset of paths": Pairs,
}


def by_hand(array, preprocessing=SMALL):
    """Return what torchvision's own functions make of a picture (H, W, 3) of uint8."""
    x = torch.from_numpy(array).permute(2, 0, 1).contiguous()
    x = functional.center_crop(functional.resize(x, [preprocessing.resize], antialias=True), [*preprocessing.size])
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (preprocessing.mean, preprocessing.std))
    return (x.to(torch.float32) / 255 - mean) / std


@pytest.mark.parametrize("form", FROM_ARRAYS)
def test_every_container_gives_the_same_bits(form, arrays):
    X = FROM_ARRAYS[form](arrays)
    images = open_images(X)
    loaded = images.load([3, 0, 3], SMALL)
    assert loaded.dtype == torch.float32
    assert loaded.is_contiguous()
    assert len(images) == images.n_samples == 5
    assert torch.equal(loaded, torch.stack([by_hand(arrays[i]) for i in (3, 0, 3)]))
    assert images.unreadable() == {}
    assert find_scale(images) == 1.0


@pytest.mark.parametrize("form", FROM_FILES)
def test_every_container_of_files_gives_the_same_bits(form, arrays, files):
    images = open_images(FROM_FILES[form](files))
    assert torch.equal(images.load(np.array([4, 1]), SMALL), torch.stack([by_hand(arrays[i]) for i in (4, 1)]))
    assert images.shape is None
    assert images.unreadable() == {}


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("resize", [None, 30])
def test_a_batch_has_the_bits_of_its_pictures_alone(interpolation, resize, arrays):
    preprocessing = Preprocessing(size=(24, 20), resize=resize, interpolation=interpolation)
    images = open_images(arrays)
    alone = [images.load([i], preprocessing) for i in range(5)]
    assert torch.equal(images.load(range(5), preprocessing), torch.cat(alone))
    assert torch.equal(open_images(pil(arrays)).load(range(5), preprocessing), torch.cat(alone))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int64, np.uint32, ">f4", ">i2"])
def test_floats_and_other_integers_are_divided_by_the_scale(dtype, arrays):
    images = open_images(arrays.astype(dtype))
    assert find_scale(images) == images.scale == 255.0
    expected = torch.from_numpy(arrays).permute(0, 3, 1, 2) / 255
    assert torch.equal(images.load(range(5), AS_IT_IS), expected)
    assert torch.equal(open_images(list(arrays.astype(dtype))).load(range(5), AS_IT_IS), expected)


def test_bfloat16_tensors(arrays):
    images = open_images(torch.from_numpy(arrays).bfloat16())
    expected = torch.from_numpy(arrays[1]).permute(2, 0, 1).bfloat16().float() / torch.tensor(float(images.scale))
    assert torch.equal(images.load([1], None)[0], expected)


def test_bool_is_black_and_white(rng):
    X = rng.random((3, 9, 7)) < 0.5
    expected = torch.from_numpy(X).float()[:, None].expand(-1, 3, -1, -1)
    assert torch.equal(open_images(X).load(range(3), AS_IT_IS), expected)
    assert torch.equal(open_images([Image.fromarray(x) for x in X]).load(range(3), AS_IT_IS), expected)


def test_uint16_is_divided_by_its_largest_value(rng):
    X = rng.integers(0, 65536, (3, 9, 7, 1), dtype=np.uint16)
    expected = torch.from_numpy(X[..., 0].astype(np.float32) / np.float32(65535))[:, None]
    assert torch.equal(open_images(X, n_channels=1).load(range(3), AS_IT_IS), expected)
    assert torch.equal(open_images(torch.from_numpy(X), n_channels=1).load(range(3), AS_IT_IS), expected)


def test_a_given_scale_is_kept_and_values_beyond_it_are_allowed():
    images = open_images(np.full((2, 4, 4), 20.0), scale=16.0, n_channels=1)
    assert images.scale == 16.0
    assert find_scale(images) == 255.0
    assert (images.load([1], None) == 1.25).all()


def test_the_scale_of_a_list_counts_all_its_arrays():
    images = open_images([np.full((4, 4), 0.5), np.full((3, 5), 12.0), np.zeros((2, 2), dtype=np.uint8)])
    assert images.scale == 16.0
    assert images.shape is None


def test_grey_is_repeated_as_grey_files_are(rng, tmp_path):
    grey = rng.integers(0, 256, (2, 33, 47), dtype=np.uint8)
    path = tmp_path / "grey.png"
    path.write_bytes(encoded(grey[0]))
    expected = open_images(np.stack([grey] * 3, axis=-1)).load([0], SMALL)
    for X in (grey, grey[..., None], grey[:, None], list(grey), pil(grey), [path], [encoded(grey[0])]):
        assert torch.equal(open_images(X).load([0], SMALL), expected)


def test_a_network_of_one_channel_sees_files_in_grey(rng):
    array = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    expected = torch.from_numpy(np.array(Image.fromarray(array).convert("L"))) / 255
    assert torch.equal(open_images(pil([array]), n_channels=1).load([0], AS_IT_IS)[0, 0], expected)


def test_a_network_of_four_channels_sees_alpha(rng):
    array = rng.integers(0, 256, (2, 8, 8, 4), dtype=np.uint8)
    expected = torch.from_numpy(array).permute(0, 3, 1, 2) / 255
    assert torch.equal(open_images(array, n_channels=4).load([0, 1], None), expected)
    assert torch.equal(open_images(pil(array), n_channels=4).load([0, 1], None), expected)


def test_multispectral_arrays(rng):
    X = rng.integers(0, 256, (2, 16, 20, 7), dtype=np.uint8)
    expected = torch.from_numpy(X).permute(0, 3, 1, 2) / 255
    for form in (X, X.transpose(0, 3, 1, 2), list(X)):
        assert torch.equal(open_images(form, n_channels=7).load([0, 1], None), expected)


def test_pictures_of_different_sizes(arrays):
    cut = [arrays[0], arrays[1, :30], arrays[2, :, :41]]
    for X in (cut, pil(cut), [encoded(a) for a in cut], Pairs(cut)):
        images = open_images(X)
        assert images.shape is None
        assert torch.equal(images.load(range(3), SMALL), torch.stack([by_hand(a) for a in cut]))


def test_sizes_that_differ_need_a_size(arrays):
    images = open_images([arrays[0], arrays[1, :30]])
    with pytest.raises(ValueError, match=r"X\[0\] has the height and width \(40, 56\) and X\[1\] \(30, 56\)"):
        images.load([0, 1], None)


@pytest.mark.parametrize(
    ("X", "shape"),
    [
        (np.zeros((2, 8, 9)), (8, 9)),
        (np.zeros((2, 8, 9, 3)), (8, 9, 3)),
        (torch.zeros((2, 3, 8, 9)), (3, 8, 9)),
        ([np.zeros((8, 9, 3))] * 2, (8, 9, 3)),
    ],
)
def test_shape_is_that_of_one_sample_as_it_came(X, shape):
    assert open_images(X).shape == shape


@pytest.mark.parametrize("form", [np.array, list, torch.from_numpy])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_arrays_are_not_changed(form, dtype, arrays):
    given = arrays.astype(dtype)
    images = open_images(form(given))
    images.load(range(5), SMALL)
    images.load(range(5), None)
    assert np.array_equal(given, arrays)


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.float32, np.int64])
@pytest.mark.parametrize("preprocessing", [None, Preprocessing(size=(6, 5), resize=None)])
def test_a_list_of_arrays_that_run_backwards_or_are_read_only(arrays, dtype, preprocessing):
    X = (arrays % 2).astype(dtype)
    expected = open_images(np.ascontiguousarray(X[:, ::-1, :, ::-1])).load([2, 0], preprocessing)
    backwards = [one[::-1, :, ::-1] for one in X]
    assert torch.equal(open_images(backwards).load([2, 0], preprocessing), expected)
    X.flags.writeable = False
    assert torch.equal(open_images([one[::-1, :, ::-1] for one in X]).load([2, 0], preprocessing), expected)
    assert torch.equal(open_images(list(X)).load([1], preprocessing), open_images(X).load([1], preprocessing))


@pytest.mark.parametrize("form", [np.asarray, list, torch.from_numpy, lambda x: pd.Series(list(x))])
def test_arrays_are_not_copied(form, arrays):
    images = open_images(form(arrays))
    arrays[2] = 255
    assert (images.load([2], None) == 1).all()


def test_a_memory_map_is_read_in_parts(arrays, tmp_path):
    np.save(tmp_path / "x.npy", arrays)
    images = open_images(np.load(tmp_path / "x.npy", mmap_mode="r"))
    assert torch.equal(images.load([2], SMALL)[0], by_hand(arrays[2]))


@pytest.fixture
def decoded(monkeypatch):
    """Count the pictures decoded."""
    sources = []
    decode = pictures_module.decode

    def counting(source, *others):
        sources.append(source)
        return decode(source, *others)

    monkeypatch.setattr(pictures_module, "decode", counting)
    return sources


def test_only_what_is_asked_for_is_decoded(files, decoded):
    images = open_images(files)
    images.keys(range(5))
    assert images.scale == 1.0
    assert decoded == []
    images.load([3, 1], SMALL)
    assert sorted(decoded) == [files[1], files[3]]
    decoded.clear()
    images.unreadable()
    assert sorted(decoded) == files


@pytest.mark.parametrize(("side", "expected"), [(147, 1), (148, 3)])
def test_keys_of_large_arrays_are_made_by_several_threads(side, expected, monkeypatch):
    """From 64 KiB on: 148 x 148 pixels in colour."""
    n_threads = []
    plain = images_module.ordered_map
    monkeypatch.setattr(images_module, "ordered_map", lambda *args: n_threads.append(args[2]) or plain(*args))
    X = (np.arange(4 * side * side * 3) % 251).astype(np.uint8).reshape(4, side, side, 3)
    keys = open_images(X, n_jobs=3).keys([0, 2, 1, 2])
    assert n_threads == [expected]
    assert keys == [open_images(X[index : index + 1]).keys([0])[0] for index in (0, 2, 1, 2)]


def test_a_dataset_is_opened_by_its_first_item():
    asked = []

    class Counting(Pairs):
        def __getitem__(self, index):
            asked.append(index)
            return super().__getitem__(index)

    images = open_images(Counting(pil(np.zeros((4, 8, 8), dtype=np.uint8))))
    images.load([2], None)
    assert asked == [0, 2]


def test_a_dataset_of_floats_finds_its_scale_by_reading_all():
    X = np.zeros((4, 3, 8, 8))
    X[3] = 200.0
    images = open_images(Pairs(list(X)))
    assert images.scale == 255.0
    assert images.load([3], None).max() == torch.tensor(200.0) / torch.tensor(255.0)


def test_a_dataset_of_floats_is_checked_as_it_is_read():
    X = torch.zeros(4, 3, 8, 8)
    X[2, 0, 0, 0] = -1.5
    images = open_images(Pairs(list(X)), scale=1.0)
    images.load([1], None)
    with pytest.raises(ValueError, match=r"X\[2\] holds the negative value -1\.5"):
        images.load([1, 2], None)


def test_a_dataset_keeps_the_layout_of_its_first_item(rng):
    narrow = rng.integers(0, 256, (3, 8, 3), dtype=np.uint8)
    images = open_images(Pairs([np.zeros((3, 8, 9)), narrow]))
    assert torch.equal(images.load([1], None)[0], torch.from_numpy(narrow) / 255)


def test_a_dataset_that_begins_in_grey_tells_the_layout_later():
    images = open_images(Pairs([np.zeros((8, 8)), np.zeros((8, 6, 3)), np.ones((3, 8, 6))]), scale=1.0)
    assert images.load([1], None).shape == (1, 3, 8, 6)
    assert images.load([2], None).shape == (1, 3, 8, 6)


def test_a_split_of_a_dataset(arrays):
    train, _ = random_split(Pairs(pil(arrays)), [3, 2], generator=torch.Generator().manual_seed(1))
    expected = torch.stack([by_hand(arrays[i]) for i in train.indices])
    assert torch.equal(open_images(train).load(range(3), SMALL), expected)
    assert torch.equal(open_images([train[i] for i in range(3)]).load(range(3), SMALL), expected)


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
def test_threads_change_nothing(n_jobs, files, arrays):
    images = open_images(files, n_jobs=n_jobs)
    assert torch.equal(images.load(range(5), SMALL), open_images(arrays).load(range(5), SMALL))


def test_only_files_and_bytes_are_decoded_in_threads(files, arrays):
    """A user's Dataset, and PIL images that share a file, need not bear threads."""
    here = threading.current_thread()

    class Alone(Pairs):
        def __getitem__(self, index):
            assert threading.current_thread() is here
            return super().__getitem__(index)

    assert open_images(Alone(list(arrays)), n_jobs=4).load(range(5), SMALL).shape[0] == 5

    seen, two_are_here = set(), threading.Event()

    class Path(type(files[0])):
        def __fspath__(self):
            seen.add(threading.current_thread())
            if len(seen) > 1:
                two_are_here.set()
            assert two_are_here.wait(30)
            return super().__fspath__()

    open_images([Path(file) for file in files], n_jobs=2).load(range(5), SMALL)
    assert len(seen) == 2


@pytest.mark.parametrize("n_jobs", [1, 4])
def test_unreadable_pictures_are_named(n_jobs, files):
    files[1].write_bytes(b"")
    files[3].write_bytes(files[3].read_bytes()[:2000])
    images = open_images(files, n_jobs=n_jobs)
    reasons = images.unreadable()
    assert sorted(reasons) == [1, 3]
    assert reasons[1] == f"X[1] ({str(files[1])!r}) cannot be read: it is empty, 0 bytes long"
    with pytest.raises(UnreadableImageError, match=r"X\[1\] \('.*1\.png'\) cannot be read: it is empty"):
        images.load(range(5), SMALL)
    with pytest.raises(UnreadableImageError, match=r"X\[3\] \('.*3\.png'\) cannot be read: "):
        images.load([4, 3, 0], SMALL)
    assert images.load([0, 2, 4], SMALL).shape == (3, 3, 24, 24)


def test_unreadable_items_of_a_dataset(arrays):
    class Broken(Pairs):
        def __getitem__(self, index):
            if index in (0, 2):
                raise OSError("disk on fire")
            return super().__getitem__(index)

    images = open_images(Broken(list(arrays.astype(float))))
    assert images.unreadable() == {
        index: f"X[{index}] cannot be read: the Dataset says: disk on fire" for index in (0, 2)
    }
    assert images.scale == 255.0
    assert images.load([1, 3], SMALL).shape == (2, 3, 24, 24)
    for ask in (lambda: images.load([2], SMALL), lambda: images.keys([2])):
        with pytest.raises(UnreadableImageError, match=r"X\[2\] cannot be read: the Dataset says: disk on fire"):
            ask()


def test_a_closed_or_truncated_pil_image_is_unreadable(files):
    whole = files[0].read_bytes()
    truncated = Image.open(io.BytesIO(whole[: len(whole) // 2]))
    with Image.open(files[1]) as closed:
        pass
    images = open_images([truncated, closed, Image.open(files[2])])
    assert sorted(images.unreadable()) == [0, 1]
    with pytest.raises(UnreadableImageError, match=r"X\[0\] cannot be read: "):
        images.load([0], SMALL)


@pytest.mark.parametrize("form", [list, np.array, TensorDataset])
def test_arrays_with_other_channels_are_refused(form):
    X = np.zeros((2, 8, 9, 4), dtype=np.uint8)
    X = form(torch.from_numpy(X)) if form is TensorDataset else form(X)
    with pytest.raises(ValueError, match=r"has 4 channels: the network takes 3\. Drop the alpha channel"):
        open_images(X).load([0], None)


def test_files_with_other_channels_are_refused(files):
    with pytest.raises(ValueError, match=r"X\[2\] has 3 channels: the network takes 5\. Choose"):
        open_images(files, n_channels=5).load([2], None)


def test_no_index_is_refused(arrays):
    with pytest.raises(ValueError, match="no index given"):
        open_images(arrays).load([], SMALL)


@pytest.mark.parametrize("scale", [0, -1.0, float("nan")])
def test_a_scale_is_positive(scale, arrays):
    with pytest.raises(ValueError, match=r"scale is .*: expected a positive number"):
        open_images(arrays, scale=scale)


def test_photographs_on_disk(shared):
    paths = sorted(pathlib.Path(shared, "data", "hymenoptera", "val", "ants").iterdir())[:3]
    arrays = [np.array(Image.open(path).convert("RGB")) for path in paths]
    loaded = open_images(paths).load(range(3), Preprocessing())
    assert torch.equal(loaded, torch.stack([by_hand(a, Preprocessing()) for a in arrays]))


class TestAlter:
    """Views of pictures, made before they are prepared."""

    @pytest.fixture(params=["array", "list of arrays", "list of PIL", "paths", "bytes"])
    def X(self, request, arrays, files):
        return files if request.param == "paths" else FROM_ARRAYS.get(request.param, lambda x: x)(arrays)

    def test_it_gets_each_picture_with_its_place(self, X, arrays):
        got = {}

        def alter(position, picture):
            got[position] = picture
            return picture

        open_images(X).load([4, 1], SMALL, alter)
        assert sorted(got) == [0, 1]
        for position, index in ((0, 4), (1, 1)):
            assert got[position].dtype == torch.float32
            assert torch.equal(got[position], torch.from_numpy(arrays[index]).permute(2, 0, 1) / 255)

    def test_what_it_returns_is_prepared(self, X, arrays):
        loaded = open_images(X).load([4, 1], SMALL, lambda position, picture: picture[:, : 30 + position, 5:])
        for position, index in ((0, 4), (1, 1)):
            part = np.ascontiguousarray(arrays[index, : 30 + position, 5:])
            assert torch.allclose(loaded[position], by_hand(part), atol=0.02)  # rounded to bytes on the way there
        assert loaded.is_contiguous()

    @pytest.mark.parametrize("preprocessing", [None, AS_IT_IS])
    def test_without_a_size_views_have_that_of_the_picture(self, arrays, preprocessing):
        images = open_images([arrays[0], arrays[1, :30]])
        for index, size in ((0, (40, 56)), (1, (30, 56))):
            loaded = images.load([index], preprocessing, lambda position, picture: picture[:, :20, :20])
            assert loaded.shape == (1, 3, *size)
        whole = images.load([0], preprocessing, lambda position, picture: picture)
        assert torch.equal(whole, images.load([0], preprocessing))

    def test_grey_pictures_have_the_channels_of_the_network(self, arrays):
        shapes = []

        def alter(position, picture):
            shapes.append(tuple(picture.shape))
            return picture[:1].add_(0.0)

        loaded = open_images(arrays[..., 0]).load([0], SMALL, alter)
        assert shapes == [(3, 40, 56)]
        assert loaded.shape == (1, 3, 24, 24)

    def test_the_scale_of_floats_counts(self, arrays):
        got = []
        open_images(arrays[:1].astype(np.float64)).load(
            [0], SMALL, lambda position, picture: got.append(picture) or picture
        )
        assert torch.equal(got[0], torch.from_numpy(arrays[0]).permute(2, 0, 1) / 255)

    def test_an_error_names_the_picture(self, X):
        def fails(position, picture):
            raise RuntimeError("oh")

        with pytest.raises(RuntimeError, match="oh") as caught:
            open_images(X).load([3], SMALL, fails)
        assert caught.value.__notes__ == ["This was while drawing a view of X[3]."]
