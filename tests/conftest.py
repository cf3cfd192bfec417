"""Fixtures shared by all tests. The Hub client reads its environment at import, so it is set here, before that."""

import contextlib
import logging
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from local_hub import LocalHub

os.environ.setdefault("HF_HOME", tempfile.mkdtemp(prefix="hf-lstm-tests-"))
# Threads of PyTorch that wait would take the processor from what they wait for, where the machine is busy.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# Processes that test side by side share the cores: with more threads than these, small sums wait for one another.
if (num_workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))) > 1:
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // num_workers)))
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HF_HUB_DISABLE_XET"] = "1"  # the local Hub has no Xet storage; uploads exercise LFS
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
os.environ.pop("HF_TOKEN", None)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that runs the tests aside has Ctrl-C ignored, and so would all processes that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # likewise, by `nohup`

hypothesis.settings.register_profile("hf_lstm", deadline=None)  # the machine, or its disk, may be busy
hypothesis.settings.load_profile("hf_lstm")

LOCAL_HUB = LocalHub()
os.environ["HF_ENDPOINT"] = LOCAL_HUB.endpoint

TINY_TEXTS = [
    "a wonderful film with a great cast",
    "great fun from the first minute to the last",
    "a dull film and a waste of time",
    "the worst acting of the year",
]
REPO_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of full-size public data beside the checkout; tests that need it skip where it is absent."""
    folder = REPO_ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the full-size data in ../shared/data")
    return folder


SLOW = """
    docs/test_quickstart docs/test_feature_pages demo/browser scripts/trials/test_crash_matrix scripts/benchmarking
    searching/run training/run cli/test_train nn/ragged_lstm nn/cpu/test_threads export/browser
    encoding/test_encoder evaluation/test_rows hub/spaces/test_page space/test_app scripts/test_deploy_space
    scripts/trials/test_mutation_testing model/test_saving model/test_forking test_extras
""".split()
"""Files that take 5 seconds and more, and folders of such, the slowest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow files first: as the last ones, each would have one of two processes wait for the other."""
    ranks = {REPO_ROOT / "tests" / name: rank for rank, name in enumerate(SLOW)}
    items.sort(key=lambda item: ranks.get(item.path.with_suffix(""), ranks.get(item.path.parent, len(ranks))))


@pytest.fixture(autouse=True)
def _the_process_stays_as_it_was() -> Iterator[None]:
    """Undo what training does to the process that it runs in: later tests, as Hypothesis says, need all floats.

    And as many threads as before: with more than cores, they take ten times as long. And the level of the log, which
    commands set.
    """
    log = logging.getLogger("hf_lstm")
    level = log.level
    num_threads = torch.get_num_threads() if (torch := sys.modules.get("torch")) is not None else None
    yield
    log.setLevel(level)
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_flush_denormal(False)
        if num_threads is not None and torch.get_num_threads() != num_threads:
            torch.set_num_threads(num_threads)


@pytest.fixture(autouse=True)
def _commands_leave_this_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep commands that run in this process from ending it with them."""
    monkeypatch.setattr("hf_lstm.cli.common.process.ends_in_time", contextlib.nullcontext)


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    """The local Hub, empty and without faults; `HF_ENDPOINT` points to it in this process and those it starts."""
    LOCAL_HUB.reset()
    yield LOCAL_HUB
    LOCAL_HUB.reset()


@pytest.fixture
def tiny_model():
    """A random model of 8 units with a real tokenizer, labels neg and pos."""
    import torch

    from hf_lstm.config import ModelSettings, TokenizerConfig
    from hf_lstm.model.classifier import LSTMSentiment
    from hf_lstm.tokenization.build import train_tokenizer

    torch.manual_seed(0)
    tokenizer = train_tokenizer(TINY_TEXTS, TokenizerConfig())
    config = ModelSettings(embedding_dim=6, hidden_size=8, max_length_tokens=32)
    config = config.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=["neg", "pos"])
    return LSTMSentiment(config, tokenizer).eval()


@pytest.fixture
def tiny_model_folder(tiny_model, tmp_path):
    """The folder of a saved `tiny_model`."""
    tiny_model.save_pretrained(tmp_path / "tiny-model")
    return tmp_path / "tiny-model"


@pytest.fixture
def without_report(monkeypatch):
    """Have training write no report and no card, which take longer than to train a tiny model."""
    monkeypatch.setattr("hf_lstm.training.saving._add_report", lambda *_: None)


@pytest.fixture
def run_script(tmp_path, monkeypatch, capsys) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script in `tmp_path` to its exit, in this process: a new one would import the libraries for seconds."""

    def run(script, *arguments, **environment):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [str(script), *arguments])
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        log = logging.getLogger("hf_lstm")
        before = signal.getsignal(signal.SIGTERM), log.level
        try:
            with pytest.raises(SystemExit) as exit_:
                runpy.run_path(str(script), run_name="__main__")
        finally:
            signal.signal(signal.SIGTERM, before[0])
            log.setLevel(before[1])
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(sys.argv, exit_.value.code, printed.out, printed.err)

    return run
