"""Activations of frozen stages, each computed once."""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from sktl.engines import Engine
from sktl.features._cache import ActivationCache
from sktl.features._cut import Cut
from sktl.features._gathered import GatheredRows, may_gather, without_repeats
from sktl.features._plan import StoragePlan
from sktl.features._report import CacheReport
from sktl.features._rows import ArrayRows, Rows, StreamedRows
from sktl.features._samples import Samples
from sktl.features._turns import split_into_turns, work_in_turns
from sktl.utils._device import Send
from sktl.utils._heap import freed_memory_kept
from sktl.utils._prefetch import prefetch
from sktl.utils._progress import progress_bar

__all__ = ["FrozenActivations"]

# In a part that processes take turns at: within it, pictures are decoded while the network is at work on others.
LEAST_BATCHES = 4

Part = tuple[np.ndarray, np.ndarray]  # positions, and the rows that belong there


class FrozenActivations:
    """The activations of samples behind the stages of a backbone: read from a cache, else computed and put there.

    Rows behind a stage are computed from rows behind an earlier one where the cache holds those and the engine resumes.
    On the way the rows that the engine offers are kept too, as far as the cache has room to spare: another candidate of
    a search may ask for them.

    Parameters
    ----------
    engine : Engine
        What runs the stages.
    samples : Samples
        Its inputs.
    cache : ActivationCache or None
        Where rows are kept. None: nowhere.
    batch_size : int
        Samples that pass through the network at once.
    keeps_rows : bool, default=True
        Whether rows of the stages on the way are kept too.
    verbose : int, default=0
        From 1 on, a bar shows the progress.

    Attributes
    ----------
    report : CacheReport
        What was found, computed and kept so far.
    """

    def __init__(
        self,
        engine: Engine,
        samples: Samples,
        *,
        cache: ActivationCache | None,
        batch_size: int,
        keeps_rows: bool = True,
        verbose: int = 0,
    ):
        self.engine = engine
        self.backbone = engine.backbone
        self.samples = samples
        self.cache = cache
        self.batch_size = batch_size
        self.keeps_rows = keeps_rows
        self.verbose = verbose
        self.report = CacheReport()
        self._keys = samples.keys(np.arange(len(samples))) if cache is not None else []
        self._spaces: dict[Cut, bytes] = {}

    def features(self, depth: int | None = None) -> np.ndarray:
        """Return the activations behind ``depth`` stages (default: all), averaged to vectors (n, n_features)."""
        cut = Cut(self.backbone.n_stages if depth is None else depth, pooled=True)
        if self.cache is None:
            everything = np.arange(len(self.samples))
            gathered = GatheredRows(len(everything))
            with self._bar(len(everything)) as bar, freed_memory_kept():
                for part in self._compute(everything, cut, bar, plan=None):
                    gathered.add(*part)
            return gathered.rows
        return self._filled(cut)

    def stage_features(self, depths: Sequence[int] | None = None) -> list[np.ndarray]:
        """Return the averaged activations (n, n_features) behind some depths (default: every stage), by one pass."""
        depths = range(1, self.backbone.n_stages + 1) if depths is None else depths
        if len(depths) == 1:
            return [self.features(depths[0])]
        if self.cache is None:
            return self._offered_features(depths)
        # The first pass, to the last of them, keeps what the others ask for.
        last_first = sorted(depths, reverse=True)
        found = {depth: self._filled(Cut(depth, True), keeps_pooled=True) for depth in last_first}
        return [found[depth] for depth in depths]

    def _offered_features(self, depths: Sequence[int]) -> list[np.ndarray]:
        """Return the averages behind some depths, which the engine offers on its way to the last of them."""
        everything, cut = np.arange(len(self.samples)), Cut(max(depths), pooled=True)
        gathered = {depth: GatheredRows(len(everything)) for depth in depths}

        def take(batch: np.ndarray, depth: int, pooled: bool, rows: Callable[[], np.ndarray]) -> None:
            if pooled and depth in gathered and depth != cut.depth:
                gathered[depth].add(batch, rows())

        with self._bar(len(everything)) as bar, freed_memory_kept():
            for (_, batch), x in prefetch(self._load_ahead, self._batches(everything, cut)):
                last = self.engine.run(x, 0, cut.depth, True, functools.partial(take, batch))
                gathered[cut.depth].add(batch, last)
                self.report.n_computed += len(batch)
                bar.update(len(batch))
        return [gathered[depth].rows for depth in depths]

    def rows(self, depth: int) -> Rows:
        """Return what a network that is trained from stage ``depth`` on takes in, to be read in batches."""
        if depth == 0:
            return self._inputs()
        cut = Cut(depth)
        streamed = StreamedRows(len(self.samples), lambda indices: torch.from_numpy(self._look_up(indices, cut)))
        if self.cache is None:
            return streamed
        self._fill(cut)
        if not self.cache.contains(self._space(cut), self._keys).all():
            return streamed
        one = self._read(cut, np.arange(1))
        if one is None or not may_gather(one, len(self.samples)):
            return streamed
        everything = self._read(cut, np.arange(len(self.samples)))
        return streamed if everything is None else ArrayRows(everything)

    def _inputs(self) -> Rows:
        """Return what the first stage takes: an array if samples came as arrays and there is room, else a stream."""
        samples = self.samples
        streamed = StreamedRows(len(samples), samples.load)
        if not samples.in_memory or not may_gather(samples.load(np.arange(1)).numpy(), len(samples)):
            return streamed
        chunks = [np.arange(i, min(i + self.batch_size, len(samples))) for i in range(0, len(samples), self.batch_size)]
        return ArrayRows(np.concatenate([samples.load(chunk).numpy() for chunk in chunks]))

    def _space(self, cut: Cut) -> bytes:
        if cut not in self._spaces:
            self._spaces[cut] = cut.space(self.engine, self.samples.view, self.samples.known_shape)
        return self._spaces[cut]

    def _filled(self, cut: Cut, keeps_pooled: bool = False) -> np.ndarray:
        """Return all rows at a cut, of which the cache gets those that it lacks."""
        gathered = GatheredRows(len(self.samples))
        self._fill(cut, gathered, keeps_pooled)
        return gathered.rows

    def _fill(self, cut: Cut, gathered: GatheredRows | None = None, keeps_pooled: bool = False) -> None:
        """Compute the rows at a cut that the cache lacks; gather all rows there, if they are wanted.

        With ``keeps_pooled``, averages behind the stages on the way are put into the cache too. Processes that share a
        folder share the work: each goes to the parts of the rows that no other is at, and waits for the rest then.
        """
        assert self.cache is not None
        space = self._space(Cut(self.backbone.n_stages))
        is_missing = ~self.cache.contains(self._space(cut), self._keys)
        turns = split_into_turns(self._keys, is_missing, self.cache.n_shares, LEAST_BATCHES * self.batch_size)
        n_missing = len({self._keys[i] for i in np.flatnonzero(is_missing)})
        plan = StoragePlan(self.cache, n_missing, keeps_pooled, self.keeps_rows)
        with self._bar(n_missing) as bar, freed_memory_kept():
            fill = functools.partial(self._fill_part, cut=cut, bar=bar, plan=plan, gathered=gathered)
            self.report.n_not_stored = sum(work_in_turns(turns, functools.partial(self.cache.lock, space), fill))

    def _fill_part(
        self, positions: np.ndarray, cut: Cut, bar: Any, plan: StoragePlan, gathered: GatheredRows | None
    ) -> int:
        """Compute those of some rows that the cache lacks, under its lock; return how many it has not taken."""
        assert self.cache is not None
        stored = self.cache.contains(self._space(cut), [self._keys[i] for i in positions])
        held = positions[stored]
        if gathered is not None and len(held):
            rows = self._read(cut, held)
            if rows is None:
                stored[:], held = False, held[:0]
            else:
                gathered.add(held, rows)
        self.report.n_reused += len(held)
        missing, repeats = without_repeats(positions[~stored], self._keys)
        n_before = self.report.n_stored
        self.report.n_not_stored = 0
        for part in self._compute(missing, cut, bar, plan):
            if gathered is not None:
                gathered.add(*part)
            elif self.report.n_not_stored:
                break  # the others do not fit either; they are computed when they are needed
        if gathered is not None and len(repeats):
            first = {self._keys[i]: i for i in missing}
            gathered.add(repeats, gathered.rows[[first[self._keys[i]] for i in repeats]])
        return len(missing) - (self.report.n_stored - n_before)

    def _bar(self, n_samples: int) -> Any:
        return progress_bar(n_samples, f"features of {self.backbone.name}", "samples", self.verbose)

    def _compute(self, positions: np.ndarray, cut: Cut, bar: Any, plan: StoragePlan | None) -> Iterator[Part]:
        """Yield the rows at a cut, batch by batch with their positions; the plan says what is kept on the way."""
        batches = self._batches(positions, cut)
        for (start, batch), x in prefetch(self._load_ahead, batches):
            keys = [self._keys[i] for i in batch] if plan is not None else []
            rows = self._run(x, start, cut, plan, keys)
            if plan is not None:
                n_stored = plan.store(self._space(cut), keys, rows)
                self.report.n_stored += n_stored
                self.report.n_not_stored += len(batch) - n_stored
            self.report.n_computed += len(batch)
            bar.update(len(batch))
            yield batch, rows

    def _batches(self, positions: np.ndarray, cut: Cut) -> list[tuple[int, np.ndarray]]:
        """Return batches of positions, each with the deepest stage behind which their rows are known (0: the input)."""
        starts = np.zeros(len(positions), dtype=int)
        if self.cache is not None and self.engine.resumes:
            keys = [self._keys[i] for i in positions]
            for depth in range(1, cut.depth + cut.pooled):
                starts[self.cache.contains(self._space(Cut(depth)), keys)] = depth
        batches = []
        for start in np.unique(starts):
            alike = positions[starts == start]
            batches += [(int(start), alike[i : i + self.batch_size]) for i in range(0, len(alike), self.batch_size)]
        return batches

    def _look_up(self, positions: np.ndarray, cut: Cut) -> np.ndarray:
        """Return the rows at a cut for one batch, computed where the cache lacks them; nothing new is kept."""
        positions, back = np.unique(positions, return_inverse=True)
        gathered = GatheredRows(len(positions))
        stored = np.zeros(len(positions), dtype=bool)
        if self.cache is not None:
            stored = self.cache.contains(self._space(cut), [self._keys[i] for i in positions])
            held = np.flatnonzero(stored)
            rows = self._read(cut, positions[held]) if len(held) else None
            if rows is None:
                stored[:] = False
            else:
                gathered.add(held, rows)
        for start, batch in self._batches(positions[~stored], cut):
            gathered.add(np.searchsorted(positions, batch), self._run(self._load(start, batch), start, cut))
        return gathered.rows[back]

    def _load_ahead(self, item: tuple[int, np.ndarray]) -> torch.Tensor:
        """Return what a stage takes where the engine wants it."""
        start, batch = item

        def load(send: Send | None) -> torch.Tensor:
            if start == 0 and send is not None and self.samples.load_sent is not None:
                return self.samples.load_sent(batch, send)
            x = self._load(start, batch)
            return x if send is None else send(x)

        return self.engine.ahead(load)

    def _load(self, start: int, batch: np.ndarray) -> torch.Tensor:
        """Return what the stage ``start`` takes, as a tensor that may be written to."""
        if start == 0:
            return self.samples.load(batch)
        rows = self._read(Cut(start), batch)
        if rows is None:
            rows = self._run(self.samples.load(batch), 0, Cut(start))
        return torch.from_numpy(rows)

    def _read(self, cut: Cut, positions: np.ndarray) -> np.ndarray | None:
        """Return a new array of rows from the cache; None if another process has just made room at their cost."""
        assert self.cache is not None
        try:
            return self.cache.read(self._space(cut), [self._keys[i] for i in positions])
        except KeyError:
            return None

    def _run(
        self, x: torch.Tensor, start: int, cut: Cut, plan: StoragePlan | None = None, keys: Sequence[bytes] = ()
    ) -> np.ndarray:
        """Return the rows at the cut from what the stage ``start`` takes; offer a plan those on the way."""
        offer = None if plan is None else functools.partial(self._offer, plan, cut, list(keys))
        return self.engine.run(x, start, cut.depth, cut.pooled, offer)

    def _offer(
        self,
        plan: StoragePlan,
        wanted: Cut,
        keys: list[bytes],
        depth: int,
        pooled: bool,
        rows: Callable[[], np.ndarray],
    ) -> None:
        """Offer a plan the rows behind a stage on the way."""
        cut = Cut(depth, pooled)
        if cut != wanted and depth < self.backbone.n_stages and plan.wants(pooled):
            plan.offer(cut, self._space(cut), keys, rows())
