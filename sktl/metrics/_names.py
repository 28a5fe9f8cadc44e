"""Names of tasks, from two sides."""

from collections.abc import Sequence

from sktl.utils._labels import LabelTable

__all__ = ["match_names", "name_tasks"]


def name_tasks(table: LabelTable, names: Sequence[str] | None, whose: str) -> tuple[tuple[str, ...], bool]:
    """Return the names of the tasks, and whether anyone gave them: the columns of y, or ``names``.

    Names that only count, as "task0" and "task1", give way to others.

    Raises
    ------
    ValueError
        Where both give names and these differ, or their number does.
    """
    if names is None:
        return table.names, table.named
    names = tuple(str(name) for name in names)
    if len(names) != table.n_tasks:
        raise ValueError(f"y has {table.n_tasks} tasks, where {whose} has {len(names)} ({', '.join(names)})")
    if names == tuple(f"task{number}" for number in range(len(names))):
        return table.names, table.named
    if table.named:
        match_names(table.names, names, "y", whose)
    return names, True


def match_names(names: Sequence[str], others: Sequence[str], whose: str, whose_others: str) -> None:
    """Raise where two lists of tasks differ, in what they hold or in its order.

    Raises
    ------
    ValueError
        Which says what differs.
    """
    if tuple(names) == tuple(others):
        return
    if sorted(names) == sorted(others):
        raise ValueError(
            f"the tasks of {whose} and of {whose_others} are the same in another order ({', '.join(names)} against "
            f"{', '.join(others)}): bring the columns of {whose} into the order of {whose_others}"
        )
    own, foreign = [name for name in names if name not in others], [name for name in others if name not in names]
    raise ValueError(
        f"the tasks of {whose} and of {whose_others} are not the same: "
        + "; ".join(
            f"{', '.join(map(repr, only))} only in {place}"
            for only, place in ((own, whose), (foreign, whose_others))
            if only
        )
    )
