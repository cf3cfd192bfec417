"""Formats the page of a report, as Markdown that the Hub can show."""

from collections.abc import Iterable, Iterator, Sequence

from hf_lstm.edit_mark import add_edit_mark
from hf_lstm.evaluation.calibration import NUM_BINS
from hf_lstm.markdown import format_cell, format_interval, format_percent, format_table
from hf_lstm.records.places import KNOWN_ROWS
from hf_lstm.records.report import Analysis, LengthGroup, Measurement, UnseenFigures
from hf_lstm.records.results import MAX_MATRIX_LABELS, LabelFigures, MultiLabelFigures, SplitFigures
from hf_lstm.report.mistakes import format_mistake_counts, format_tricky_reviews
from hf_lstm.report.plots.canvas import NO_PLOTS

SCORES = ("precision", "recall", "f1")


def format_page(measurement: Measurement, analysis: Analysis, *, has_plots: bool) -> str:
    """Format the page of a report; its plots are files beside it.

    It has no text of the data.
    """
    sections = [
        _format_head(measurement, analysis.unseen),
        "" if has_plots else f"*{NO_PLOTS[0].upper()}{NO_PLOTS[1:]}.*",
        *_format_labels(measurement.metrics, has_plots),
        *_format_curves(measurement, has_plots),
        *_format_calibration(measurement, has_plots),
        *_format_lengths(analysis.by_length, measurement.max_length_tokens, has_plots),
        *(format_tricky_reviews(analysis.tricky_reviews) if measurement.dataset in KNOWN_ROWS.values() else ()),
        *format_mistake_counts(analysis.mistakes, measurement.metrics.confusion_matrix.labels),
    ]
    return add_edit_mark(join_sections(sections))


def join_sections(sections: Iterable[str]) -> str:
    """Join the paragraphs of a page; empty ones are left out."""
    return "\n\n".join(section for section in sections if section) + "\n"


def format_scores(figures: LabelFigures | SplitFigures | MultiLabelFigures) -> list[str]:
    """Format the `SCORES` of a label, or their means over all labels."""
    return [f"{score:.4f}" for score in (figures.precision, figures.recall, figures.f1)]


def _format_head(report: Measurement, unseen: UnseenFigures | None) -> str:
    metrics = report.metrics
    interval = format_interval(metrics.accuracy_interval)
    rows = [
        [
            "accuracy" if metrics.multi_label is None else "rows given just their labels",
            format_percent(metrics.accuracy),
            f"95 % interval {interval} (Wilson)",
        ],
        ["loss, nats", f"{metrics.loss:.4f}", f"calibrated {metrics.calibrated_loss:.4f}"],
        ["macro F1", f"{metrics.f1:.4f}", ""],
        *_format_many(metrics.multi_label),
        [
            "expected calibration error",
            format_percent(metrics.expected_calibration_error),
            f"calibrated {format_percent(metrics.calibrated_expected_calibration_error)}",
        ],
    ]
    if metrics.unknown_tokens is not None:
        rows.append(["unknown tokens", format_percent(metrics.unknown_tokens), "of those that the model reads"])
    if unseen is not None and unseen.accuracy is not None and unseen.accuracy_interval is not None:
        what = f"{unseen.num_rows_seen:,} rows removed, 95 % interval {format_interval(unseen.accuracy_interval)}"
        where = " or ".join(unseen.seen_in)
        rows.append(
            [f"accuracy without the rows that {where} has word for word", format_percent(unseen.accuracy), what]
        )
    for name, baseline in report.baselines.items():
        rows.append([f"{name} on the same rows", format_percent(baseline.accuracy), baseline.describe_lead("it")])
    cuts = [f"- {split}: {format_cell(cut)}." for split, cut in report.cuts.items()]
    warnings = [f"- {format_cell(line)}." for line in report.findings.describe()]
    return (
        f"# {format_cell(report.model)} on {format_cell(report.split)}\n\n"
        f"{metrics.num_rows:,} rows of {format_cell(report.dataset)}, split {format_cell(report.split)}; "
        f"{report.num_parameters:,} parameters, computed in {format_cell(report.precision)} on "
        f"{format_cell(report.device)}. "
        f"{_describe_prior_use(report)}All figures are sums over rows. `metrics.json` has them unrounded.\n\n"
        f"{format_table(['figure', 'value', ''], rows)}"
        + "\n\n".join(["", "Splits that the data lack were cut:", "\n".join(cuts)] if cuts else [])
        + "\n\n".join(["", "Rows to know of:", "\n".join(warnings)] if warnings else [])
    )


def _format_many(figures: MultiLabelFigures | None) -> Iterator[list[str]]:
    if figures is not None:
        yield ["micro F1", f"{figures.f1:.4f}", "of the labels of all rows together"]
        yield ["decisions right", format_percent(figures.decisions_right), "of each label for each row"]
        yield ["rows without a label", f"{figures.num_rows_without:,}", ""]


def _describe_prior_use(report: Measurement) -> str:
    """Describe how the model used these rows before, if it did."""
    if not report.is_own_data:
        return "The model was trained on another data set; whether that one has some of these rows is not known. "
    return {
        "train": "The model was trained on these rows. ",
        "validation": "The epoch that was kept and the temperature were chosen by these rows. ",
    }.get(report.split, "")


def _format_labels(metrics: SplitFigures, has_plots: bool) -> Iterator[str]:
    names = metrics.confusion_matrix.labels
    thresholds = {} if metrics.multi_label is None else metrics.multi_label.thresholds
    rows = []
    for name, label in metrics.select_labels().items():
        threshold = [f"{thresholds[name]:.4f}"] if thresholds else []
        rows.append([format_cell(name), *threshold, *format_scores(label), f"{label.support:,}"])
    for name, average in metrics.averages.items():
        rows.append([name, *([""] if thresholds else []), *format_scores(average), f"{metrics.num_rows:,}"])
    yield "## Classification report"
    yield metrics.describe_selection("`metrics.json`") or ""
    yield format_table(["label", *(["threshold"] if thresholds else []), *SCORES, "rows"], rows)
    if thresholds:
        yield (
            "A row is given each label whose calibrated probability reaches its threshold. Thresholds were fitted on "
            "the validation rows alone, each for the best F1 of its label."
        )
        return
    yield "## Confusion matrix"
    if not metrics.confusion_matrix.rows:
        yield f"It is left out of more than {MAX_MATRIX_LABELS} labels. The mistakes below are its largest cells."
    elif has_plots:
        yield "![Confusion matrix](confusion_matrix.png)"
    elif metrics.confusion_matrix.fits_page():
        cells = [
            [format_cell(name), *(f"{count:,}" for count in row)]
            for name, row in zip(names, metrics.confusion_matrix.rows, strict=True)
        ]
        yield format_table(["true \\ predicted", *map(format_cell, names)], cells)


def _format_curves(report: Measurement, has_plots: bool) -> Iterator[str]:
    if not report.epochs:
        return
    yield "## Training"
    if has_plots:
        yield "![Loss and accuracy of each epoch](learning_curves.png)"
    rows = [
        [f"{epoch.epoch}{' (kept)' if epoch.epoch == report.best_epoch else ''}"]
        + [f"{figures.loss:.4f}" for figures in (epoch.train, epoch.validation)]
        + [format_percent(figures.accuracy) for figures in (epoch.train, epoch.validation)]
        for epoch in report.epochs
    ]
    yield format_table(["epoch", "train loss", "validation loss", "train accuracy", "validation accuracy"], rows)


def _format_calibration(report: Measurement, has_plots: bool) -> Iterator[str]:
    metrics, temperature = report.metrics, report.temperature
    yield "## Calibration"
    error = format_percent(metrics.expected_calibration_error)
    function = "softmax" if metrics.multi_label is None else "sigmoid"
    if temperature == 1:
        yield (
            f"Probabilities are the {function} of the logits as they are. Their expected calibration error is {error}."
        )
    else:
        labels = " and changes no label. It"
        if metrics.multi_label is not None:
            labels = ", and then the threshold of each label. The temperature"
        yield (
            f"Probabilities are the {function} of the logits divided by the temperature {temperature:.3f}, which was "
            f"fitted on the validation rows{labels} takes the expected calibration error from "
            f"{error} to {format_percent(metrics.calibrated_expected_calibration_error)}, and the loss from "
            f"{metrics.loss:.4f} to {metrics.calibrated_loss:.4f}."
        )
    if metrics.multi_label is None:
        lowest = format_percent(1 / len(metrics.confusion_matrix.labels))
        yield (
            "The expected calibration error is the mean over rows of the distance between accuracy and confidence (the "
            f"probability of the predicted label) in {NUM_BINS} bins of equal width from {lowest} to 100 %."
        )
    else:
        yield (
            "The expected calibration error is the mean over all labels of all rows of the distance between the "
            f"probability of a label and how often rows have it, in {NUM_BINS} bins of equal width from 0 to 100 %."
        )
    if has_plots:
        yield "![Reliability](reliability.png)"


def _format_lengths(groups: Sequence[LengthGroup], max_length_tokens: int, has_plots: bool) -> Iterator[str]:
    yield "## Accuracy by length"
    yield f"The model reads {max_length_tokens:,} tokens of a text at most; here words are counted."
    if has_plots:
        yield "![Accuracy by length](accuracy_by_length.png)"
    rows = [
        [
            group.name_words(),
            f"{group.num_rows:,}",
            format_percent(group.accuracy),
            format_interval(group.accuracy_interval),
        ]
        for group in groups
    ]
    yield format_table(["words", "rows", "accuracy", "95 % interval"], rows)
