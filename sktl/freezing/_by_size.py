"""The freeze policy that goes by the size of the data."""

from sktl.freezing._situation import Situation

__all__ = ["freeze_by_size"]

# Below these, a linear head on frozen features wins in the few-shot comparisons of BiT and of Kumar et al. (2022).
HEAD_ONLY_PER_CLASS, HEAD_ONLY_SAMPLES = 5, 50
# Below this the last part alone is trained. The bounds here and below are proposals, still to be calibrated.
LAST_PART_PER_CLASS = 20
# Below either of these the early stages, which hold edges and textures, stay as they are.
KEEP_EARLY_PER_CLASS, KEEP_EARLY_SAMPLES = 100, 5_000
EARLY_STAGES = 3  # the stem and two stages
# The last stage of a ResNet holds two thirds of its parameters; the small last layer of a mobile net is no part
# worth training alone, so stages are set free until they hold this share. Transformer blocks are equal: half of them.
LAST_PART_SHARE = {"cnn": 0.2, "mlp": 0.2, "transformer": 0.5}


def freeze_by_size(situation: Situation) -> tuple[int, str]:
    """Return how many stages to freeze, and why, from the size of the data.

    Parameters
    ----------
    situation : Situation
        The sizes.

    Returns
    -------
    depth : int
        Stages to freeze, from the first on.
    reason : str
        A sentence to be checked by a person.
    """
    n, per_class = situation.n_samples, situation.samples_per_class
    sizes = f"{n} samples, {per_class:g} in the smallest class"
    if not situation.is_pretrained:
        return 0, "the weights are random, so every stage is trained"
    if per_class < HEAD_ONLY_PER_CLASS or n < HEAD_ONLY_SAMPLES:
        bound = f"fewer than {HEAD_ONLY_PER_CLASS} per class or {HEAD_ONLY_SAMPLES} in all"
        return situation.n_stages, f"{sizes}: {bound}, so the head alone is trained"
    if per_class < LAST_PART_PER_CLASS:
        depth = _without_last_part(situation)
        bound = f"fewer than {LAST_PART_PER_CLASS} per class"
        free = f"the last {situation.n_stages - depth} of {situation.n_stages} stages"
        return depth, f"{sizes}: {bound}, so {free} are trained"
    if per_class < KEEP_EARLY_PER_CLASS or n < KEEP_EARLY_SAMPLES:
        depth = min(EARLY_STAGES, situation.n_stages - 1)
        bound = f"fewer than {KEEP_EARLY_PER_CLASS} per class or {KEEP_EARLY_SAMPLES} in all"
        return depth, f"{sizes}: {bound}, so all but the first {depth} stages are trained"
    if situation.architecture == "transformer":
        return 1, f"{sizes}: enough to train everything but the stem, which transformers want frozen"
    return 0, f"{sizes}: enough to train every stage"


def _without_last_part(situation: Situation) -> int:
    """Return the largest depth that leaves the wanted share of the parameters free."""
    wanted = LAST_PART_SHARE[situation.architecture] * sum(situation.stage_sizes)
    depth = situation.n_stages - 1
    while depth > 0 and sum(situation.stage_sizes[depth:]) < wanted:
        depth -= 1
    return depth
