import torch

from sktl.inputs._flip_and_crop import FlipAndCrop


def ramp(height, width):
    """Return a picture whose values tell the place: rows in the first channel, columns in the second."""
    rows = torch.arange(height)[:, None].expand(height, width)
    columns = torch.arange(width)[None].expand(height, width)
    return torch.stack([rows, columns, rows + columns]).float()


def views(transform, picture, n=200):
    torch.manual_seed(0)
    return [transform(picture) for _ in range(n)]


def test_a_view_is_a_part_of_the_picture_as_it_is():
    for view in views(FlipAndCrop(flip=0.0), ramp(40, 60)):
        top, left = int(view[0, 0, 0]), int(view[1, 0, 0])
        assert torch.equal(view, ramp(40, 60)[:, top : top + view.shape[1], left : left + view.shape[2]])


def test_areas_are_in_the_bounds():
    areas = [view[0].numel() / 2500 for view in views(FlipAndCrop(), ramp(50, 50))]
    assert 0.58 < min(areas) < 0.65
    assert 0.9 < max(areas) <= 1


def test_half_of_the_views_are_mirrored():
    mirrored = [bool(view[1, 0, 0] > view[1, 0, -1]) for view in views(FlipAndCrop(), ramp(40, 60))]
    assert 70 < sum(mirrored) < 130
    assert not any(view[1, 0, 0] > view[1, 0, -1] for view in views(FlipAndCrop(flip=0.0), ramp(40, 60)))


def test_tiny_and_narrow_pictures():
    for size in ((1, 1), (1, 50), (50, 2)):
        for view in views(FlipAndCrop(), ramp(*size), 20):
            assert view.numel() > 0
