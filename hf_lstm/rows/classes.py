"""Reads what scikit-learn calls y: a class for each text, or a matrix of 0 and 1."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from hf_lstm.errors import InputError, shorten

_EXPECTED = (
    "a class for each text, or where a text may have any number of labels a 0/1 matrix (num_texts, num_labels), as "
    "MultiLabelBinarizer().fit_transform(labels) makes"
)
_LISTS = (list, tuple, set, frozenset, np.ndarray)


def number_classes(y: ArrayLike, num_texts: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Number the classes of rows.

    Returns:
        The classes, sorted, and the number of each row's class. Of columns of 0 and 1, the numbers of the columns, and
        the columns themselves.

    Raises:
        InputError: there are not as many as texts, fewer than two, or they are no classes.
    """
    if y is None:
        raise InputError("LSTMClassifier requires y to be passed, but the target y is None")
    cells = _list_cells(y)
    if cells.ndim == 2 and cells.shape[1] > 1:
        marks = _read_marks(cells)
        if len(marks) != num_texts:
            raise InputError(f"X has {num_texts} texts, and y {len(marks)} rows; expected as many of both")
        return np.arange(marks.shape[1]), marks
    try:
        column: NDArray[Any] = column_or_1d(cells if issparse(y) else y, warn=True)
        check_classification_targets(column)
    except (ValueError, TypeError) as error:
        raise InputError(f"{str(error).splitlines()[0].rstrip('.')}: y must hold {_EXPECTED}") from None
    if len(column) != num_texts:
        raise InputError(f"X has {num_texts} texts, and y {len(column)} classes; expected as many of both")
    classes, ids = np.unique(column, return_inverse=True)
    if len(classes) < 2:
        raise InputError(f"y has {len(classes)} classes; training needs at least two classes")
    if len(set(map(str, classes))) < len(classes):
        raise InputError("two classes of y are written alike, such as 1 and '1'; expected classes of one type")
    return classes, ids.astype(np.int64)


def _list_cells(y: ArrayLike) -> NDArray[Any]:
    """List classes or marks as an array, (num_texts,) or (num_texts, num_columns).

    Raises:
        InputError: a row is a list of labels, or a class is missing.
    """
    given: Any = y
    rows = given.toarray() if issparse(given) else given
    try:
        cells = np.asarray(rows)
    except ValueError:  # lists of different lengths
        cells = np.fromiter(rows, dtype=object)
    several = None
    if cells.ndim == 2 and cells.shape[1] > 1:
        if cells.dtype.kind in "OU":
            several = next(
                (row for row, of_row in enumerate(cells) if any(isinstance(cell, str) for cell in of_row)), None
            )
        is_missing = np.zeros(0, dtype=bool)  # a mark that is missing is told with its column
    else:
        if cells.dtype.kind == "O":
            several = next((row for row, cell in enumerate(cells.flat) if isinstance(cell, _LISTS)), None)
        is_missing = np.asarray(pd.isna(cells))
    if several is not None:
        shown = cells[several].tolist() if isinstance(cells[several], np.ndarray) else cells[several]
        raise InputError(f"y, row {several}: {shorten(shown)} holds labels, but y must hold {_EXPECTED}")
    if is_missing.any():
        row = int(np.flatnonzero(is_missing)[0])
        raise InputError(f"y, row {row}: {cells.flat[row]} is no class (y contains NaN); drop the row")
    return cells


def _read_marks(cells: NDArray[Any]) -> NDArray[np.int64]:
    """Read a matrix of 0 and 1.

    Raises:
        InputError: a value is something else; its row and column are named.
    """
    is_mark = np.isin(np.where(pd.isna(cells), -1, cells), (0, 1))
    if not is_mark.all():
        row, column = np.argwhere(~is_mark)[0].tolist()
        shown = shorten(str(cells[row, column]))
        raise InputError(f"y, row {row}, column {column}: {shown} is neither 0 nor 1; y must hold {_EXPECTED}")
    return cells.astype(np.int64)
