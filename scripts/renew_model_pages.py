"""Writes the report, the plots and the card of a run anew, from what it measured.

Nothing is measured, and no data are read: after a change of how pages look, this brings those of a run up to date.

Usage: `python scripts/renew_model_pages.py --help`.
"""

import argparse
import dataclasses
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError
from hf_lstm.files.names import RESULTS_FILE
from hf_lstm.shipped import PLACES

if TYPE_CHECKING:
    from hf_lstm.records.report import Analysis, Measurement

_SHORT_TEXTS = "../../results/README.md#short-texts"
"""From the folder of a shipped model in the repository; `scripts/measure_short_texts.py` measures both."""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Write report, plots and card of a run anew, from its JSON files. Nothing is measured.",
        epilog="example: python scripts/renew_model_pages.py space/model",
    )
    parser.add_argument("model", metavar="MODEL", type=Path, help="folder of a run")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Write the pages of the folder."""
    folder: Path = parse_arguments(argv).model
    renew_pages(folder)
    print(f"report, plots and card of {folder} are up to date now")


def renew_pages(folder: Path) -> None:
    """Write the pages of a run, and its recipe and results without folders of this machine.

    Raises:
        InputError: the folder lacks a file of a run, or one is damaged.
    """
    from hf_lstm.files.names import REPORT_FOLDER
    from hf_lstm.hub.cards.card import write_card
    from hf_lstm.model.folder import read_config
    from hf_lstm.model.provenance import read_provenance, write_provenance
    from hf_lstm.report.writer import write_report

    provenance = read_provenance(folder)
    if provenance.recipe is None or provenance.results is None or not (folder / REPORT_FOLDER).is_dir():
        raise InputError(f"{folder}: has no recipe.json, results.json and report; expected the folder of a run")
    write_provenance(folder, provenance)
    measurement, analysis = read_report(folder / REPORT_FOLDER, provenance.results.dataset.source)
    write_report(folder / REPORT_FOLDER, measurement, analysis)
    write_card(
        folder,
        config=read_config(folder),
        recipe=provenance.recipe,
        results=provenance.results,
        repo_id=None,
        short_texts=_SHORT_TEXTS if is_shipped(provenance.results.weights_sha256) else None,
    )


def is_shipped(weights_sha256: str) -> bool:
    """Return whether weights are those of a model that comes with the package, which short texts were tried on."""
    from hf_lstm.files.reading import read_json

    results = [folders[-1] / RESULTS_FILE for folders in PLACES.values()]
    return any(path.is_file() and read_json(path).get("weights_sha256") == weights_sha256 for path in results)


def read_report(report: Path, source: str) -> "tuple[Measurement, Analysis]":
    """Read the records of a report; `source` is what its run calls the data."""
    from hf_lstm.files.reading import read_json
    from hf_lstm.records.places import name_place
    from hf_lstm.records.reading import read_record
    from hf_lstm.records.report import Analysis, Measurement, Mistake

    figures = read_json(report / "metrics.json")
    measurement = read_record(Measurement, figures, "metrics.json")
    name = source if measurement.is_own_data else name_place(measurement.dataset)
    analysis = read_record(Analysis, figures, "metrics.json")
    mistakes = defaultdict(list)
    with (report / "errors.jsonl").open(encoding="utf-8") as lines:  # which a text's other ends of lines do not cut
        for line in lines:
            mistake = read_record(Mistake, json.loads(line), "errors.jsonl")
            mistakes[mistake.label, mistake.predicted].append(mistake)
    pairs = [
        dataclasses.replace(pair, most_confident=mistakes[pair.label, pair.predicted]) for pair in analysis.mistakes
    ]
    return dataclasses.replace(measurement, dataset=name), dataclasses.replace(analysis, mistakes=pairs)


if __name__ == "__main__":
    run_command_line(main)
