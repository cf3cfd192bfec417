"""Adds the demo's second tab, for many texts.

They are pasted, or come as a file. The answers are a table, to look at and to download.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from hf_lstm.answers.wording import UNSURE_BELOW, Wording
from hf_lstm.api.bodies import MAX_CHARACTERS
from hf_lstm.demo.batch_rows import (
    COLUMNS,
    MAX_PASTED_CHARACTERS,
    MAX_ROWS,
    Row,
    Texts,
    build_table,
    classify_in_steps,
    count_shares,
    find_trained_column,
    read_pasted_lines,
    read_upload,
    write_csv,
)
from hf_lstm.demo.components import LOST, make_component
from hf_lstm.demo.content.verdicts import choose_tone, format_confidence, is_unsure
from hf_lstm.demo.endpoints import handle_errors, stream_hints
from hf_lstm.demo.guards.request_checks import MAX_UPLOAD_BYTES, UPLOAD_SUFFIXES
from hf_lstm.model.classifier import LSTMSentiment

_DOWNLOAD = """(csv) => {
  if (!csv) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\\ufeff", csv], { type: "text/csv;charset=utf-8" }));
  link.download = "classified.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}"""
"""Makes the file in the browser: the server keeps no result and serves no file."""
_CUT = f"""(lines, ...others) => {{
  const isLong = lines?.length > {MAX_PASTED_CHARACTERS};
  return [isLong ? [...lines].slice(0, {MAX_PASTED_CHARACTERS + 1}).join("") : lines, ...others];
}}"""
"""Sends no more than tells that there is too much: a longer request would be refused before a hint can be given."""


def add_batch_tab(model: LSTMSentiment, wording: Wording) -> None:
    """Add the tab and the endpoint `/classify_batch` to the page."""

    def read(lines: str | None, file: str | None, column: str | None) -> Texts:
        return read_pasted_lines(lines) if file is None else read_upload(Path(file), column, find_trained_column(model))

    @handle_errors
    def classify_batch(
        lines: str | None, file: str | None, column: str | None
    ) -> tuple[dict[str, float], dict[str, Any], str]:
        table = read(lines, file, column)
        rows = [row for step in classify_in_steps(model, table.texts) for row in step]
        return count_shares(rows), build_table(rows), write_csv(table, rows, model.config)

    def show_batch(lines: str | None, file: str | None, column: str | None) -> Iterator[tuple[dict[str, Any], str]]:
        table = read(lines, file, column)
        rows: list[Row] = []
        for step in classify_in_steps(model, table.texts):
            rows += step
            yield {"is_pending": True, "num_read": len(rows), "num_texts": len(table.texts)}, ""
        yield describe_rows(rows, model.config.label_names, wording), write_csv(table, rows, model.config)

    inputs = _add_inputs()
    button = gr.Button("Classify all", variant="primary", elem_id="classify-all")
    shown = make_component("batch", elem_id="batch", label="Answers")
    csv_text = gr.Textbox(visible=False, label="The answers as CSV")
    download = gr.Button("Download as CSV", interactive=False, elem_id="download")
    queue: dict[str, Any] = {"concurrency_id": "batch", "concurrency_limit": 1}
    waiting = button.click(
        None, None, [shown, download], js=f"() => [{{ is_pending: true }}, {_switch(False)}]", api_visibility="private"
    )
    answered = waiting.then(
        stream_hints(show_batch, lambda hint: (hint, "")),
        inputs,
        [shown, csv_text],
        js=_CUT,
        api_visibility="private",
        show_progress="hidden",  # the component shows it in its own way
        **queue,
    )
    answered.success(None, csv_text, download, js=f"(csv) => ({_switch('!!csv')})", api_visibility="private")
    answered.failure(None, None, shown, js=LOST, api_visibility="private")
    download.click(None, csv_text, None, js=_DOWNLOAD, api_visibility="private")
    gr.Button(visible=False).click(
        classify_batch,
        inputs,
        [
            gr.Label(label="Share of each label", visible=False),
            gr.Dataframe(headers=list(COLUMNS), datatype=["str", "str", "number"], label="Answers", visible=False),
            gr.Textbox(label="The answers as CSV", visible=False),
        ],
        api_name="classify_batch",
        api_description="Return the share of each label among the texts with a known word; the table of texts, "
        "labels and scores, which are calibrated probabilities; and the answers as CSV: all columns of the file, "
        "label, score, and the score of each label. Cells of it that a spreadsheet would run as formulas start with an "
        "apostrophe. The texts come from `lines`, one each, or from a "
        "file, `column` of it if it is a table.",
        **queue,
    )


def describe_rows(rows: Sequence[Row], label_names: Sequence[str], wording: Wording) -> dict[str, Any]:
    """Describe rows with their answers, as JSON for batch.js.

    It has the count of each label, orange before blue as on the first tab, or the most frequent of many labels first.
    None of the labels is called the winner. A row's tone is None without an answer.
    """
    shown = wording.map_labels(label_names)
    tones = {name: choose_tone(label, wording) for label, name in enumerate(label_names)}
    counts = Counter(name for row in rows if row.score is not None for name in row.labels or (row.label,))
    order = [name for name, _ in counts.most_common()]
    if wording.has_two:
        order = [label_names[1 - wording.first], label_names[wording.first]]
    return {
        "rows": [
            {
                "text": row.text,
                "labels": [shown.get(name, name) for name in row.labels or (row.label,)],
                "tone": None if row.score is None else tones.get(row.label, "unsure" if not row.labels else "for"),
                "confidence": "" if row.score is None else format_confidence(row.score),
                "is_unsure": row.score is not None and is_unsure(row.score),
            }
            for row in rows
        ],
        "counts": [
            {"label": shown.get(name, name), "count": counts[name], "tone": tones.get(name, "unsure")}
            for name in order
            if counts[name]
        ],
        "is_pair": wording.has_two,
        "unsure_below": format_confidence(UNSURE_BELOW),
    }


def _switch(is_on: bool | str) -> str:
    """Return the JavaScript value that switches a button on or off."""
    condition = is_on if isinstance(is_on, str) else str(is_on).lower()
    return f"{{ __type__: 'update', interactive: {condition} }}"


def _add_inputs() -> list[gr.components.Component]:
    """Add the fields for pasted lines, a file, and its column."""
    with gr.Row():
        with gr.Column(min_width=280):
            lines = gr.Textbox(
                label="One text on each line",
                lines=12,
                max_lines=12,
                placeholder="The first text\nThe second text",
                elem_id="lines",
            )
        with gr.Column(min_width=280):
            file = gr.File(
                label="Or a file: .csv, .tsv, .jsonl, or .txt",
                file_types=list(UPLOAD_SUFFIXES),
                height=174,
                elem_id="file",
            )
            column = gr.Textbox(
                label="Column of the texts", placeholder="found by itself if it is called text, review …"
            )
    gr.Markdown(
        f"Up to {MAX_ROWS:,} texts of up to {MAX_CHARACTERS:,} characters: {MAX_PASTED_CHARACTERS:,} characters of "
        f"pasted lines, or {MAX_UPLOAD_BYTES // 2**20} MB of a file in UTF-8. The download has all columns of the "
        "file, the label of each text, and the score of each label. Files are deleted within minutes, texts and "
        "answers are not kept.",
        elem_classes="note",
    )
    return [lines, file, column]
