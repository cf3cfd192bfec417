"""Says how to install libraries that inference does not need."""

import contextlib
import importlib.util
from collections.abc import Iterator, Mapping

from hf_lstm.errors import InputError

_INSTALLED_BY: Mapping[str, str] = {
    "datasets": "'hf-lstm[train]'",
    "evaluate": "'hf-lstm[train]'",
    "jinja2": "'hf-lstm[train]'",
    "matplotlib": "'hf-lstm[train]'",
    "sklearn": "'hf-lstm[train]'",
    "gradio": "'hf-lstm[demo]'",
    "gradio_client": "'hf-lstm[demo]'",
    "httpx": "'hf-lstm[demo]'",  # comes with gradio
    "fastapi": "'hf-lstm[api]'",
    "uvicorn": "'hf-lstm[api]'",
    "onnx": "'hf-lstm[onnx]'",
    "onnxruntime": "'hf-lstm[onnx]'",
    "transformers": "'hf-lstm[transformers]'",
    "python_calamine": "'hf-lstm[excel]'",
    "trackio": "'hf-lstm[trackio]'",
    "tensorboard": "'hf-lstm[tensorboard]'",
    "wandb": "'hf-lstm[wandb]'",
    "optuna": "'hf-lstm[search]'",
    "ray": "'hf-lstm[ray]'",
    "pyarrow": "pyarrow",  # to score a Parquet file needs only this; every extra is larger
}
"""What to pass to `pip install` for each library."""


def is_installed(library: str) -> bool:
    """Return whether a library is installed, without importing it."""
    return importlib.util.find_spec(library) is not None


def require_library(library: str) -> None:
    """Check that a library is installed.

    Raises:
        InputError: it is not; the message says how to install it.
    """
    if not is_installed(library):
        raise _build_error(library)


@contextlib.contextmanager
def explained_imports() -> Iterator[None]:
    """Say how to install a library that an import in the block misses, as a module of an extra does.

    Raises:
        ModuleNotFoundError: with that message.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        told = explain_missing_library(error)
        if told is None:
            raise
        raise ModuleNotFoundError(str(told), name=error.name) from None


def name_install_command(library: str) -> str:
    """Return the command that installs a library: `pip install 'hf-lstm[train]'`."""
    return f"pip install {_INSTALLED_BY[library]}"


def explain_missing_library(error: ModuleNotFoundError) -> InputError | None:
    """Build the error that says how to install a missing library.

    None if no extra has the library.
    """
    library = (error.name or "").partition(".")[0]
    return _build_error(library) if library in _INSTALLED_BY else None


def _build_error(library: str) -> InputError:
    return InputError(f"this needs {library}, which is not installed; run {name_install_command(library)}")
