"""Reads and cuts rows as the run of a model to start from did, so that none it has learned from becomes test."""

import dataclasses
import logging

from hf_lstm.config import DataConfig
from hf_lstm.evaluation.known_rows import inherit_columns, is_same_source
from hf_lstm.records.places import SAMPLE
from hf_lstm.rows.columns import Columns

logger = logging.getLogger(__name__)


def complete_data(data: DataConfig, earlier: DataConfig, source: str) -> DataConfig:
    """Fill in columns and, of the same data set, its cut, as an earlier run had them, where `data` has the default.

    Args:
        data: to be completed.
        earlier: of the earlier run.
        source: the name of its model, for the log.
    """
    if data.dataset != SAMPLE:  # whose columns are its own
        data = data.with_columns(*inherit_columns(Columns(data.text_column, data.label_column), earlier))
    if not is_same_source(data.dataset, earlier.dataset):
        return data
    taken = {
        field.name: value
        for field in dataclasses.fields(DataConfig)
        if field.name != "dataset"
        and getattr(data, field.name) == field.default != (value := getattr(earlier, field.name))
    }
    for name, value in taken.items():
        logger.info("data.%s is %s, as for the training of %s", name, value, source)
    return dataclasses.replace(data, **taken)
