"""Renames labels in what a run measured."""

import dataclasses
from collections.abc import Mapping

from hf_lstm.records.results import RunResults, SplitFigures
from hf_lstm.records.rows import RowFindings


def rename_labels(results: RunResults, names: Mapping[str, str]) -> RunResults:
    """Rename the labels of results; `names` has the new name of each old one, or of some."""
    dataset = dataclasses.replace(results.dataset, findings=_rename_findings(results.dataset.findings, names))
    splits = {split: _rename_figures(figures, names) for split, figures in results.splits.items()}
    return dataclasses.replace(results, dataset=dataset, splits=splits)


def _rename_figures(figures: SplitFigures, names: Mapping[str, str]) -> SplitFigures:
    matrix, of_many = figures.confusion_matrix, figures.multi_label
    if of_many is not None:
        thresholds = {names.get(label, label): threshold for label, threshold in of_many.thresholds.items()}
        of_many = dataclasses.replace(of_many, thresholds=thresholds)
    return dataclasses.replace(
        figures,
        multi_label=of_many,
        per_label={names.get(label, label): of_label for label, of_label in figures.per_label.items()},
        confusion_matrix=dataclasses.replace(matrix, labels=[names.get(label, label) for label in matrix.labels]),
    )


def _rename_findings(findings: RowFindings, names: Mapping[str, str]) -> RowFindings:
    return dataclasses.replace(
        findings,
        small_labels={names.get(label, label): num_rows for label, num_rows in findings.small_labels.items()},
        only_labels={split: names.get(label, label) for split, label in findings.only_labels.items()},
    )
