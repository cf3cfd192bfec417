"""Renames labels: chooses the names of all, and puts them into what a run measured."""

import dataclasses
from collections.abc import Mapping, Sequence

from hf_lstm.errors import InputError, abbreviate
from hf_lstm.records.results import RunResults, SplitFigures
from hf_lstm.records.rows import RowFindings


def choose_names(old_names: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Return the names of all labels after a renaming of some.

    Args:
        old_names: of all labels, in their order.
        names: the new name of each label to rename, by its old one.

    Raises:
        InputError: a label is not known, a name is blank or no string, or two labels get the same one.
    """
    if not isinstance(names, Mapping):
        raise InputError(f"names is a {type(names).__name__}; expected a dict of new names by the old ones")
    for old, new in names.items():
        if old not in old_names:
            raise InputError(f"label {old!r}: the model has no such label; there are {abbreviate(old_names)}")
        if not isinstance(new, str) or not new.strip():
            raise InputError(f"label {old!r}: its new name is {new!r}; expected a text that is not blank")
    new_names = [names.get(old, old) for old in old_names]
    twice = sorted({name for name in new_names if new_names.count(name) > 1})
    if twice:
        raise InputError(f"two labels would be named {twice[0]!r}; each needs a name of its own")
    return new_names


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
