"""Times a new process up to its first answer.

The imports are timed apart.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarking.contenders.neural.distilbert import REQUIRES as DISTILBERT_REQUIRES
from benchmarking.contenders.neural.distilbert import DistilBERT, WordPiece
from benchmarking.harness.spec import Answers, Contender, Figure, Metric, Section
from benchmarking.tasks import RandomModel

_REVIEW = "A wonderful film."
_TORCH, _OURS, _DISTILBERT = "import torch", "ours: first prediction", "DistilBERT: first prediction"

# Programs as users write them; each prints one line when it is done.
_IMPORTS = {
    _TORCH: "import torch; print()",
    "import hf_lstm": "from hf_lstm import LSTMSentiment; print()",
    "import transformers": "from transformers import DistilBertForSequenceClassification, pipeline; print()",
}
_PREDICT_WITH_OURS = """
import sys
from hf_lstm import LSTMSentiment
print(LSTMSentiment.from_pretrained(sys.argv[1]).predict(sys.argv[2]), flush=True)
"""
_PREDICT_WITH_DISTILBERT = """
import sys
from transformers import pipeline
print(pipeline("text-classification", model=sys.argv[1])(sys.argv[2]), flush=True)
"""


def time_process_start(program: str, arguments: list[str]) -> Answers:
    """Yield the seconds up to a new Python process's first line.

    Raises:
        RuntimeError: it prints none.
    """
    _time_first_line(program, arguments)  # so that all files are in the system's cache
    yield {}
    while True:
        yield {"first_line_s": _time_first_line(program, arguments)}


def time_our_start(model: RandomModel, folder: Path) -> Answers:
    """Yield the seconds of a new process up to our first prediction.

    The model is saved to `folder` first, and loaded from there.
    """
    model.build().save_pretrained(folder)
    yield from time_process_start(_PREDICT_WITH_OURS, [str(folder), _REVIEW])


def time_distilbert_start(wordpiece: WordPiece, folder: Path) -> Answers:
    """Yield the seconds of a new process up to DistilBERT's first prediction.

    It is saved to `folder` first, and loaded from there.
    """
    DistilBERT(wordpiece, "float32").save(folder)
    yield from time_process_start(_PREDICT_WITH_DISTILBERT, [str(folder), _REVIEW])


def _time_first_line(program: str, arguments: list[str]) -> float:
    command = [sys.executable, "-c", program, *arguments]
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # as usual, compiled files are left by an earlier start
    with tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            first_line_s = time.perf_counter() - started
        if not line:
            errors.seek(0)
            raise RuntimeError(f"the process printed nothing: {errors.read().strip().splitlines()[-1:]}")
    return first_line_s


def build_cold_start(model: RandomModel, wordpiece: WordPiece, scratch: Path) -> Section:
    """Build the section on starting a process.

    Models are saved below `scratch`.
    """
    seconds: Mapping[str, Metric] = {
        name: Metric(contender=name, name="first_line_s") for name in (_TORCH, _OURS, _DISTILBERT)
    }
    return Section(
        title="from the start of a Python process to its first line",
        contenders=[
            *(
                Contender(
                    name=name,
                    start=time_process_start,
                    arguments={"program": program, "arguments": []},
                    requires=DISTILBERT_REQUIRES if "transformers" in name else (),
                )
                for name, program in _IMPORTS.items()
            ),
            Contender(name=_OURS, start=time_our_start, arguments={"model": model, "folder": scratch / "ours"}),
            Contender(
                name=_DISTILBERT,
                start=time_distilbert_start,
                arguments={"wordpiece": wordpiece, "folder": scratch / "distilbert"},
                requires=DISTILBERT_REQUIRES,
            ),
        ],
        figures=[
            Figure(title="ours: first prediction", of=seconds[_OURS], unit="s", at_most=2.5),
            Figure(
                title="ours beyond `import torch`",
                of=seconds[_OURS],
                to=seconds[_TORCH],
                relation="difference",
                unit="s",
                at_most=0.3,
            ),
            Figure(title="DistilBERT against ours", of=seconds[_DISTILBERT], to=seconds[_OURS]),
        ],
        settings={"review": _REVIEW},
    )
