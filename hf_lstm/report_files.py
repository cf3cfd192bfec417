"""The files of a report beside a model: which they are, and how they follow the weights that they tell of."""

from pathlib import Path

from hf_lstm.model_files import REPORT_FOLDER, REPORT_SUFFIXES, write_file


def list_report_files(model_folder: Path) -> list[Path]:
    """Return the report's files in a model folder, by name: nothing hidden, and no type that a report does not have."""
    found = (model_folder / REPORT_FOLDER).glob("[!.]*")
    return sorted(path for path in found if path.suffix in REPORT_SUFFIXES and path.is_file())


def carry_report(source: Path | None, target: Path) -> None:
    """Make the report in the model folder `target` that of `source`.

    Args:
        source: a model folder; None if nothing is told of the weights in `target`, so that no report stays there.
        target: a model folder, which may be `source` itself.
    """
    if source is not None and source.resolve() == target.resolve():
        return
    contents = {path.name: path.read_bytes() for path in list_report_files(source)} if source is not None else {}
    for path in list_report_files(target):  # it tells of other weights
        if path.name not in contents:
            path.unlink()
    if contents:
        (target / REPORT_FOLDER).mkdir(exist_ok=True)
    for name, content in contents.items():
        write_file(target / REPORT_FOLDER / name, content)
