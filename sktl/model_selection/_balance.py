"""Parts of given sizes in which every state of a label is as frequent as in the whole."""

import itertools

import numpy as np

__all__ = ["balance_parts"]

# Of two parts, the samples most worth exchanging are tried against each other, this many from each. With 200 tasks on
# 1,000 samples, half as many left a distance 6 % larger, and twice as many no smaller one.
N_CANDIDATES = 16
# They are sought among no more samples of a part than this, so that a step costs the same in large sets. With 600 tasks
# on 20,000 samples, half as many left a distance 7 % larger, and four times as many took five times as long.
POOL = 500
# Exchanges that gain less than this are rounding.
LEAST_GAIN = 1e-9


def balance_parts(parts: np.ndarray, states: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """Return parts of the same sizes as those given, balanced by exchanging samples.

    What is made small is Σ (n_ps − e_ps)² / e_ps over parts p and states s, the distance that Pearson's test goes by:
    n_ps counts the labels of part p in state s, e_ps is their number if they were spread in proportion to the
    sizes. Each step exchanges two samples of two parts, as long as that helps. So sizes are kept exactly, which the
    greedy assignment of iterative stratification (Sechidis et al., 2011) does not do, and a rare state weighs more than
    a frequent one.

    Parameters
    ----------
    parts : ndarray of int of shape (n_samples,)
        The part of each sample to start from, counted from 0.
    states : ndarray of int of shape (n_samples, n_tasks)
        The state of each label, numbered through over all tasks.
    rng : RandomState
        Draws the samples that are tried in parts of more than 500.
    """
    exchange = _Exchange(parts, states, rng)
    pairs = list(itertools.combinations(np.unique(parts), 2))
    # Every sample moves once on average at most; less than half of that was needed wherever it was counted.
    steps_left, idle = len(parts), 0
    for one, two in itertools.cycle(pairs):
        steps = exchange.settle(one, two, steps_left)
        steps_left -= steps
        idle = 0 if steps else idle + 1
        if idle == len(pairs) or not steps_left:
            break
    return exchange.parts()


class _Exchange:
    """Samples in parts, which are exchanged as long as that brings the parts nearer to the whole."""

    def __init__(self, parts: np.ndarray, states: np.ndarray, rng: np.random.RandomState):
        self.states, self.rng = states, rng
        self.members = [np.flatnonzero(parts == part) for part in range(int(parts.max()) + 1)]
        self.shares = np.bincount(parts) / len(parts)
        totals = np.bincount(states.ravel())
        self.weights = 1 / np.maximum(totals, 1)
        counts = [np.bincount(states[indices].ravel(), minlength=len(totals)) for indices in self.members]
        self.excess = np.array(counts) - np.outer(self.shares, totals)

    def parts(self) -> np.ndarray:
        """Return the part of each sample."""
        parts = np.empty(len(self.states), dtype=np.intp)
        for part, indices in enumerate(self.members):
            parts[indices] = part
        return parts

    def settle(self, one: int, two: int, most: int) -> int:
        """Exchange samples of two parts while that helps; return how many times."""
        for step in range(most):
            found = self._best(one, two)
            if found is None:
                return step
            self._swap(one, two, *found)
        return most

    def _best(self, one: int, two: int) -> tuple[int, int] | None:
        """Return the places of the samples that are best exchanged; None where no exchange helps."""
        slope = self.weights * (self.excess[one] / self.shares[one] - self.excess[two] / self.shares[two])
        our_places, our_worth = self._candidates(one, slope)
        their_places, their_worth = self._candidates(two, -slope)
        ours = self.states[self.members[one][our_places]][:, None]
        theirs = self.states[self.members[two][their_places]][None]
        moved = ((ours != theirs) * (self.weights[ours] + self.weights[theirs])).sum(axis=2)
        gain = our_worth[:, None] + their_worth - moved * (1 / self.shares[one] + 1 / self.shares[two]) / 2
        first, second = np.unravel_index(gain.argmax(), gain.shape)
        return (int(our_places[first]), int(their_places[second])) if gain[first, second] > LEAST_GAIN else None

    def _candidates(self, part: int, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of the samples that a part would best give away, and what that is worth."""
        size = len(self.members[part])
        pool = np.arange(size) if size <= POOL else self.rng.randint(size, size=POOL)
        worth = slope[self.states[self.members[part][pool]]].sum(axis=1)
        best = np.argsort(-worth, kind="stable")[:N_CANDIDATES]
        return pool[best], worth[best]

    def _swap(self, one: int, two: int, first: int, second: int) -> None:
        """Exchange two samples."""
        ours, theirs = self.members[one][first], self.members[two][second]
        self.members[one][first], self.members[two][second] = theirs, ours
        # Each task has states of its own, so that none stands twice in a row.
        for sample, source, target in ((ours, one, two), (theirs, two, one)):
            self.excess[source, self.states[sample]] -= 1
            self.excess[target, self.states[sample]] += 1
