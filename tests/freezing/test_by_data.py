import pytest

from sktl.freezing import Situation, late_stages_do_better
from sktl.freezing._by_data import freeze_by_data

SIZES = (10, 10, 20, 40, 60)
FAR, NEAR = {"last": 0.6, "late": 0.4}, {"last": 0.4, "late": 0.6}


def situation(n_samples, samples_per_class, losses=FAR, stage_sizes=SIZES, **others):
    return Situation(stage_sizes, n_samples, samples_per_class, probe_losses=lambda: losses, **others)


def depth_of(*args, **others):
    return freeze_by_data(situation(*args, **others))[0]


def never():
    raise AssertionError("heads were tried where sizes decide")


@pytest.mark.parametrize(("n_samples", "per_class"), [(49, 24), (50, 4), (1_000, 4), (2, 1)])
def test_few_samples_train_the_head_alone(n_samples, per_class):
    assert depth_of(n_samples, per_class) == 5
    assert freeze_by_data(Situation(SIZES, n_samples, per_class, probe_losses=never))[0] == 5


@pytest.mark.parametrize(("n_samples", "per_class"), [(50, 5), (4_999, 2_000), (10_000, 99), (50, 25)])
def test_middling_data_train_stages_where_the_later_ones_together_beat_the_last(n_samples, per_class):
    assert depth_of(n_samples, per_class, FAR) == 2


@pytest.mark.parametrize(("n_samples", "n_stages", "depth"), [(199, 5, 5), (200, 5, 2), (4_999, 9, 4), (200, 3, 1)])
def test_near_to_the_old_task_the_later_half_is_trained_by_enough(n_samples, n_stages, depth):
    assert depth_of(n_samples, 20, NEAR, (1,) * n_stages) == depth


def test_a_tie_is_near():
    assert depth_of(100, 20, {"last": 1.0, "late": 1.0}) == 5
    assert depth_of(100, 20, {"last": 1.0, "late": 0.998}) == 2


@pytest.mark.parametrize("losses", [None, {"last": float("nan"), "late": 0.7}, {"last": 0.6, "late": float("nan")}])
def test_without_losses_to_go_by_stages_are_trained(losses):
    assert depth_of(200, 20, losses) == 2
    assert freeze_by_data(Situation(SIZES, 200, 20))[0] == 2


def test_enough_data_train_everything_without_trying_heads():
    plenty = Situation(SIZES, 5_000, 100, probe_losses=never)
    assert freeze_by_data(plenty)[0] == 0
    assert depth_of(5_000, 100, architecture="transformer") == 1


@pytest.mark.parametrize(
    ("device", "n_parameters", "with_enough", "near"),
    [("cpu", 8e6, 3, 6), ("cpu", 8e6 - 1, 0, 3), ("cuda", 8e6, 0, 3), ("cuda", 1e9, 0, 3)],
)
def test_a_large_network_on_a_cpu_is_trained_less(device, n_parameters, with_enough, near):
    sizes, of_cpu = (0, 0, 0, n_parameters, 0, 0), "on a CPU and with 8 million parameters"
    depth, reason = freeze_by_data(Situation(sizes, 5_000, 100, device=device, probe_losses=never))
    assert (depth, f"{of_cpu} only the later half, for the time" in reason) == (with_enough, with_enough > 0)
    depth, reason = freeze_by_data(situation(1_000, 50, NEAR, sizes, device=device))
    assert (depth, f"{of_cpu} the head alone is trained, for the time" in reason) == (near, near == 6)
    assert freeze_by_data(situation(1_000, 50, FAR, sizes, device=device))[0] == 2


def test_random_weights_are_all_trained():
    assert depth_of(10, 2, is_pretrained=False) == 0


@pytest.mark.parametrize(("n_stages", "depth"), [(1, 0), (2, 1), (3, 2), (4, 2), (9, 2)])
def test_at_least_one_stage_is_trained_on_far_data(n_stages, depth):
    assert depth_of(1_000, 50, FAR, (1,) * n_stages) == depth


def test_the_reason_tells_the_rule_that_was_taken():
    def reason(*args, **others):
        return freeze_by_data(situation(*args, **others))[1]

    assert "head alone" in reason(20, 10)
    assert "0.4 on the later stages together and 0.6 on the last: the task is far" in reason(200, 10)
    assert "0.6 on the later stages together and 0.4 on the last: the task is near" in reason(200, 10, NEAR)
    assert "so the later half of the stages is trained" in reason(200, 10, NEAR)
    assert "with fewer than 200 samples the head alone is trained" in reason(199, 10, NEAR)
    assert "first 2 stages" in reason(200, 10, None)
    assert "every stage" in reason(9_000, 900)
    assert "random" in reason(9_000, 900, is_pretrained=False)


@pytest.mark.parametrize(("late", "expected"), [(0.5, True), (0.99, True), (0.9999, False), (1.0, False), (1.2, False)])
def test_losses_that_differ_by_the_solver_s_tolerance_are_alike(late, expected):
    assert late_stages_do_better({"last": 1.0, "late": late}) is expected
