"""Progress bars."""

from tqdm.auto import tqdm

__all__ = ["progress_bar"]


def progress_bar(total: int, what: str, unit: str, verbose: int) -> tqdm:
    """Return a bar that counts to ``total``; it is silent unless ``verbose`` is 1 or more."""
    return tqdm(total=total, desc=what, unit=unit, disable=verbose < 1, leave=True)
