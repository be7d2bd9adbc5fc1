"""Rows of the tables of an evaluation, which other steps and the report read."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class SeedFigure:
    """A row of seeds.tsv: a metric of one member.

    scope : test or natural; class_ : a class, or "all"
    """

    scope: str
    seed: int
    class_: str
    metric: str
    value: float


@dataclass(frozen=True)
class PrecisionRecall:
    """A row of pr_curve.tsv or natural_pr_curve.tsv."""

    class_: str
    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True)
class RatesAtThreshold:
    """A row of roc_curve.tsv; the first threshold of a class is infinite."""

    class_: str
    threshold: float
    false_positive_rate: float
    true_positive_rate: float


@dataclass(frozen=True)
class Reliability:
    """A row of calibration.tsv: a bin of probabilities.

    temperature_scaling : before or after; confidence and accuracy are None without windows
    """

    temperature_scaling: str
    low: float
    high: float
    windows: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class ClassReliability:
    """A row of natural_calibration.tsv: a bin of probabilities of a class at natural prevalence.

    probability, share : mean probability, and share of the windows of the class; None without any
    """

    class_: str
    low: float
    high: float
    windows: int
    probability: float | None
    share: float | None


@dataclass(frozen=True)
class ComparedFigure:
    """A row of comparison.tsv: a metric of a model, and its difference from the reference model.

    setting : test, natural or calls; class_ : a class, "mean" (without background) or "all"
    low, high : of the 95 % interval; excludes_zero : yes or no, of the interval of the difference
    lowest_chromosome, highest_chromosome : range over the test chromosomes
    Numbers are NaN where they are not available.
    """

    setting: str
    model: str
    class_: str
    figure: str
    value: float
    low: float
    high: float
    reference: str
    difference: float = math.nan
    difference_low: float = math.nan
    difference_high: float = math.nan
    excludes_zero: str | None = None
    lowest_chromosome: float = math.nan
    highest_chromosome: float = math.nan
    seed_sd: float = math.nan
    seed_lowest: float = math.nan
    seed_highest: float = math.nan


@dataclass(frozen=True)
class AnnotationScore:
    """A row of `<sample>.annotations.tsv`: an external annotation, evaluated like a model.

    setting : test_centre or test_any_base (labelled test windows, by either rule of
        external/annotations.py), or calls (on the test chromosomes)
    right : correct ones among `calls`; found : recovered ones among `labelled`
    """

    setting: str
    annotation: str
    class_: str
    calls: int
    right: int
    labelled: int
    found: int
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    f1: float | None
    f1_low: float | None
    f1_high: float | None


@dataclass(frozen=True)
class CrisprFigures:
    """A row of `<sample>.<model>.crispr.tsv`: perturbed elements and calls of a model.

    scope : all or test; class_ : a class, or "any"
    """

    scope: str
    class_: str
    elements: int
    other_cells: int
    not_valid: int
    not_lifted: int
    not_predicted: int
    regulated: int
    called_regulated: int
    negatives: int
    called_negatives: int
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    negative_rate: float | None
    negative_rate_low: float | None
    negative_rate_high: float | None
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    f1: float | None
    f1_low: float | None
    f1_high: float | None
    average_precision: float | None
    average_precision_low: float | None
    average_precision_high: float | None
