"""Keeps where a model's weights come from: recipe, results and report, as its folder has them."""

import dataclasses
import functools
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_lstm.config import DataConfig, ModelConfig, Recipe
from hf_lstm.files.names import METRICS_FILE, PLACES_FILE, RECIPE_FILE, REPORT_FOLDER, RESULTS_FILE, list_report_files
from hf_lstm.files.reading import MAX_TEXT_BYTES, read_bytes, read_json_if_there, refuse_outside_link
from hf_lstm.files.writing import write_file, write_json
from hf_lstm.records.places import list_places, strip_recipe, strip_results
from hf_lstm.records.reading import read_record, to_json
from hf_lstm.records.renaming import rename_labels
from hf_lstm.records.results import RunResults

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Provenance:
    """Says where weights come from.

    The files beside them say it, and are not checked before somebody asks.
    """

    folder: Path | None = None
    """The model folder; None for weights that were not loaded."""
    recipe_json: Mapping[str, Any] | None = None
    """Like `results_json` without folders of this machine."""
    results_json: Mapping[str, Any] | None = None
    places: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What local.json holds: paths on this machine by setting, such as `data.dataset`."""
    has_report: bool = True
    """Whether the report of the folder, if there is one, tells of these weights and labels."""

    @functools.cached_property
    def recipe(self) -> Recipe | None:
        """Return the recipe of the weights; None if nothing says it.

        Raises:
            InputError: recipe.json is not what a run writes.
        """
        return None if self.recipe_json is None else Recipe.from_json(self.recipe_json, RECIPE_FILE)

    @functools.cached_property
    def results(self) -> RunResults | None:
        """Return the results measured of the weights; None if nothing says them.

        Raises:
            InputError: results.json is not what a run writes.
        """
        return None if self.results_json is None else read_record(RunResults, self.results_json, RESULTS_FILE)

    @property
    def training_data(self) -> DataConfig | None:
        """Return the recipe's settings of the data, with the paths of what is still on this machine."""
        return None if self.recipe is None else locate_data(self.recipe.data, self.places)

    def rename_labels(self, names: Mapping[str, str], config: ModelConfig) -> "Provenance":
        """Rename labels in recipe and results; the report, whose plots show the old names, is dropped.

        Args:
            names: the new names by the old ones.
            config: of the model, with the new names.

        Raises:
            InputError: results.json is not what a run writes.
        """
        results = self.results
        return dataclasses.replace(
            self,
            recipe_json=_name_labels(self.recipe_json, config),
            results_json=None if results is None else to_json(rename_labels(results, names)),
            has_report=False,
        )

    def drop_stale_results(self, weights_sha256: str, config: ModelConfig) -> "Provenance":
        """Drop results and report, unless they are of these weights, and of the labels of `config`."""
        if self.results_json is not None:
            if self.results_json.get("weights_sha256", weights_sha256) != weights_sha256:
                logger.warning("the weights are not those that were measured: results.json and the card leave them out")
            elif self.results is not None and not self.results.is_of_labels(config.label_names):
                logger.warning(
                    "the labels are not those that were measured: results.json and the card leave them out; to keep "
                    "the figures under other names, use model.rename_labels"
                )
            else:
                return self
        return Provenance(recipe_json=_name_labels(self.recipe_json, config))


def _name_labels(recipe_json: Mapping[str, Any] | None, config: ModelConfig) -> Mapping[str, Any] | None:
    """Give a recipe the labels of a model, if it has any."""
    settings = None if recipe_json is None else recipe_json.get("model")
    if recipe_json is None or not isinstance(settings, Mapping) or "id2label" not in settings:
        return recipe_json
    id2label = {str(index): name for index, name in config.id2label.items()}
    return {**recipe_json, "model": {**settings, "id2label": id2label}}


def locate_data(data: DataConfig, places: Mapping[str, Any]) -> DataConfig:
    """Return the settings of data with the paths of those that are still on this machine.

    Args:
        data: with names alone.
        places: what local.json holds.
    """
    paths: dict[str, Any] = {
        name: path
        for name in ("dataset", "group_file")
        if isinstance(path := places.get(f"data.{name}"), str) and Path(path).exists()
    }
    return dataclasses.replace(data, **paths)


def read_provenance(folder: Path) -> Provenance:
    """Read where a folder's weights come from.

    Raises:
        InputError: a file is not a JSON object.
    """
    names = (RECIPE_FILE, RESULTS_FILE, PLACES_FILE)
    recipe, results, places = (read_json_if_there(folder / name) for name in names)
    if recipe is not None:
        places = {**list_places(recipe), **(places or {})}  # runs of version 0.1 have the paths in recipe.json
    return Provenance(
        folder,
        None if recipe is None else strip_recipe(recipe, results),
        None if results is None else strip_results(results),
        places or {},
    )


def write_provenance(folder: Path, provenance: Provenance) -> None:
    """Write recipe, results and report into a folder.

    What stood there of other weights goes.
    """
    for name, said in ((RECIPE_FILE, provenance.recipe_json), (RESULTS_FILE, provenance.results_json)):
        if said is None:
            (folder / name).unlink(missing_ok=True)
        else:
            write_json(folder / name, said)
    if provenance.folder is None or provenance.folder.resolve() != folder.resolve():
        (folder / PLACES_FILE).unlink(missing_ok=True)
    has_report = provenance.has_report and provenance.results_json is not None
    replace_report(provenance.folder if has_report else None, folder)


def write_recipe(
    folder: Path, recipe: Mapping[str, Any], results: Mapping[str, Any] | None = None, *, command: str | None = None
) -> None:
    """Write a recipe without folders of this machine, and these into a file of their own.

    Args:
        folder: of the model.
        recipe: as JSON.
        results: as JSON, if there are any: by the digest of their rows, public data get their public name.
        command: the command line, which is kept with the folders.
    """
    if places := list_places(recipe):
        write_json(folder / PLACES_FILE, places if command is None else {**places, "command": command})
    write_json(folder / RECIPE_FILE, strip_recipe(recipe, results))


def list_stale_files(folder: Path, provenance: Provenance) -> list[str]:
    """List what a folder holds of other weights than those that are written into it, as paths within it.

    `provenance` is that of the weights to write, as they were loaded.
    """
    report = [path.relative_to(folder).as_posix() for path in list_report_files(folder)]
    if provenance.folder is not None and provenance.folder.resolve() == folder.resolve():
        return [RECIPE_FILE, RESULTS_FILE, *report]
    return [RECIPE_FILE, RESULTS_FILE, PLACES_FILE, METRICS_FILE, *report]


def replace_report(source: Path | None, target: Path) -> None:
    """Replace the report in the model folder `target` by that of `source`.

    Args:
        source: a model folder; None to leave no report in `target`.
        target: a model folder, which may be `source` itself.
    """
    if source is not None and source.resolve() == target.resolve():
        return
    contents = {}
    if source is not None:
        for path in list_report_files(source):
            refuse_outside_link(source, path)
            contents[path.name] = read_bytes(path, MAX_TEXT_BYTES)
    for path in list_report_files(target):  # it tells of other weights
        if path.name not in contents:
            path.unlink()
    if contents:
        (target / REPORT_FOLDER).mkdir(exist_ok=True)
    for name, content in contents.items():
        write_file(target / REPORT_FOLDER / name, content)
