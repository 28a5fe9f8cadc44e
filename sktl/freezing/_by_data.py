"""The freeze policy that goes by the size of the data, and by what linear heads are worth behind the later stages."""

import math

from sktl.freezing._situation import Situation

__all__ = ["freeze_by_data"]

# Proposals, which benchmarks/auto_freeze.py is to settle. Below either of these the head alone is trained.
HEAD_ONLY_PER_CLASS, HEAD_ONLY_SAMPLES = 5, 50
# From either of these on, enough is known without trying heads.
ENOUGH_PER_CLASS, ENOUGH_SAMPLES = 100, 5_000
# An earlier stage has to beat the last by this much for the task to count as far from that of the weights: less than
# that comes by chance among as many stages.
FAR_GAIN = 0.02
EARLY_STAGES = 2  # the stem and a stage: edges and textures serve any picture


def freeze_by_data(situation: Situation) -> tuple[int, str]:
    """Return how many stages to freeze, and why.

    Parameters
    ----------
    situation : Situation
        The sizes, and the scores behind the later stages, which are asked for where sizes alone do not decide.

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
        if situation.architecture == "transformer":
            return 1, f"{sizes}: enough to train everything but the stem, which transformers want frozen"
        return 0, f"{sizes}: enough to train every stage"
    scores = tuple(situation.score_stages()) if situation.score_stages is not None else ()
    if len(scores) < 2 or not all(math.isfinite(score) for score in scores):
        return early, f"{sizes}, so all but the first {early} stages are trained"
    best, last = max(scores[:-1]), scores[-1]
    found = f"a linear head gets {last:.3f} behind the last stage and {best:.3f} behind an earlier one"
    if best < last + FAR_GAIN:
        return n_stages, f"{sizes}; {found}: the task is near to that of the weights, so the head alone is trained"
    return early, f"{sizes}; {found}: the task is far from that of the weights, so all but {early} stages are trained"
