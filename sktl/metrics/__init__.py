"""Metrics and reports for several tasks with labels missing."""

from sktl.metrics._report import MultiTaskReport, multitask_report
from sktl.metrics._score import multitask_score
from sktl.metrics._scorer import MultiTaskScorer, make_multitask_scorer

__all__ = [
    "make_multitask_scorer",
    "multitask_score",
    "multitask_report",
    "MultiTaskReport",
    "MultiTaskScorer",
]
