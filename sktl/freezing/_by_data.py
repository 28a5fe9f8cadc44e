"""The freeze policy that goes by the size of the data, and by what linear heads are worth behind the later stages."""

import math
from collections.abc import Mapping

from sktl.freezing._situation import Situation

__all__ = ["freeze_by_data", "late_stages_do_better"]

# From benchmarks/auto_freeze.py, where five sets of pictures were drawn from, 2 to 50 per class. Below either of these
# the losses of held-out folds are noise, and training stages loses about as often as it gains.
HEAD_ONLY_PER_CLASS, HEAD_ONLY_SAMPLES = 5, 50
# Near to the old task, from as many on training the later half of the stages gains. With 100 pictures that is level
# with the head alone on the mean of two networks (benchmarks/results/auto_freeze-other-draws.md).
NEAR_SAMPLES = 200
EARLY_STAGES = 2  # the stem and a stage: edges and textures serve any picture; training them too gained nothing
# From both of these on enough is known without trying heads. Not part of the study, which ends at 500 pictures.
ENOUGH_PER_CLASS, ENOUGH_SAMPLES = 100, 5_000
# Parameters from which on a CPU needs minutes for what a small network gains in seconds near to the old task, and hours
# with enough samples. Training the first half of the stages gained nothing with 50 per class, nor with 500
# (benchmarks/results/auto_freeze-500-per-class.md).
LARGE = 8e6
# Heads on folds are solved to a tolerance; where the last stage has all that the others have, losses differ by that.
ALIKE = 1e-3


def late_stages_do_better(losses: Mapping[str, float]) -> bool:
    """Return whether a linear head on the later stages does better on held-out folds than one on the last stage.

    Parameters
    ----------
    losses : mapping of str to float
        The held-out loss of a head on the ``"last"`` stage, and on the ``"late"`` ones side by side.

    Returns
    -------
    bool
        False where they differ by less than the solver's tolerance.

    Examples
    --------
    >>> from sktl.freezing import late_stages_do_better
    >>> late_stages_do_better({"last": 0.88, "late": 0.67})
    True
    """
    return losses["late"] < (1 - ALIKE) * losses["last"]


def freeze_by_data(situation: Situation) -> tuple[int, str]:
    """Return how many stages to freeze, and why.

    Parameters
    ----------
    situation : Situation
        The sizes, and the losses of heads behind the later stages, which are asked for where sizes alone do not decide.

    Returns
    -------
    depth : int
        Stages to freeze, from the first on.
    reason : str
        A sentence to be checked by a person.
    """
    n, per_class, n_stages = situation.n_samples, situation.samples_per_class, situation.n_stages
    sizes = f"{n} samples, {per_class:g} in the smallest class"
    if not situation.is_pretrained:
        return 0, "the weights are random, so every stage is trained"
    if per_class < HEAD_ONLY_PER_CLASS or n < HEAD_ONLY_SAMPLES:
        bound = f"fewer than {HEAD_ONLY_PER_CLASS} per class or {HEAD_ONLY_SAMPLES} in all"
        return n_stages, f"{sizes}: {bound}, so the head alone is trained"
    early = min(EARLY_STAGES, n_stages - 1)
    if per_class >= ENOUGH_PER_CLASS and n >= ENOUGH_SAMPLES:
        depth, why = _with_enough(situation)
        return depth, f"{sizes}: enough to train {why}"
    losses = situation.probe_losses() if situation.probe_losses is not None else None
    if losses is None or not all(math.isfinite(loss) for loss in losses.values()):
        return early, f"{sizes}, so all but the first {early} stages are trained"
    last, late = losses["last"], losses["late"]
    found = f"linear heads have a held-out loss of {late:.3g} on the later stages together and {last:.3g} on the last"
    if late_stages_do_better(losses):
        far = "the task is far from that of the weights"
        return early, f"{sizes}; {found}: {far}, so all but {early} stages are trained"
    depth, why = _near_the_old_task(situation)
    return depth, f"{sizes}; {found}: the task is near to that of the weights, so {why}"


def _with_enough(situation: Situation) -> tuple[int, str]:
    if _is_slow(situation):
        return situation.n_stages // 2, f"every stage, but {_slow(situation)} only the later half, for the time"
    if situation.architecture == "transformer":
        return 1, "everything but the stem, which transformers want frozen"
    return 0, "every stage"


def _near_the_old_task(situation: Situation) -> tuple[int, str]:
    if situation.n_samples < NEAR_SAMPLES:
        return situation.n_stages, f"with fewer than {NEAR_SAMPLES} samples the head alone is trained"
    if _is_slow(situation):
        return situation.n_stages, f"{_slow(situation)} the head alone is trained, for the time"
    return situation.n_stages // 2, "the later half of the stages is trained"


def _is_slow(situation: Situation) -> bool:
    return situation.device == "cpu" and situation.n_parameters >= LARGE


def _slow(situation: Situation) -> str:
    return f"on a CPU and with {situation.n_parameters / 1e6:.0f} million parameters"
