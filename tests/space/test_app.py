"""`space/app.py` and the folder that becomes a Space."""

import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from gradio_client import Client
from random_model import build_model

from hf_lstm.errors import InputError

REPO_ROOT = Path(__file__).resolve().parents[2]
APP = REPO_ROOT / "space" / "app.py"
MAX_STARTUP_CPU_S = 30
"""Time on the wall would tell of the machine's other work."""
MAX_STARTUP_IMPORTS = 4
"""On a slow machine: the same, in the time of importing what a start needs."""


def read_cpu_s(pid):
    """Return the processor time that a process has taken, in seconds; 0 where there is no /proc."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_imports_cpu_s():
    code = "import time, torch, gradio; print(time.process_time())"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"MODEL_ID": "x", "GRADIO_SERVER_PORT": "http"}, "GRADIO_SERVER_PORT is 'http'"),
        ({"MODEL_ID": "no-such-folder/really/not"}, "no-such-folder/really/not"),
        ({"MODEL_ID": str(REPO_ROOT / "tests")}, "has no config.json"),
    ],
)
def test_app_refuses_settings_in_one_line(environment, expected, monkeypatch):
    for name in ("MODEL_ID", "GRADIO_SERVER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=re.escape(expected)):
        runpy.run_path(str(APP))["main"]([])


def test_app_without_a_model_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.delenv("MODEL_ID", raising=False)
    shutil.copy(APP, tmp_path)
    with pytest.raises(InputError, match="no model is given, and MODEL_ID is not set"):
        runpy.run_path(str(tmp_path / "app.py"))["main"]([])


def test_app_serves_a_folder_until_it_is_terminated(tmp_path):
    """The folder beside it, which it serves if it is told of none, is that of test_space_readme.py."""
    model = build_model()
    model.save_pretrained(tmp_path / "model")
    # Beside the package, as in a Space, with a Hub that can't be reached.
    (tmp_path / "space").mkdir()
    shutil.copy(APP, tmp_path / "space")
    (tmp_path / "space" / "hf_lstm").symlink_to(REPO_ROOT / "hf_lstm")
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "1"}
    environment["MODEL_ID"] = "../model"
    command = [sys.executable, "app.py"]
    with subprocess.Popen(
        command, cwd=tmp_path / "space", env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            address = re.fullmatch(r"serving \.\./model at (\S+)\n", process.stdout.readline())[1]
            started_s = read_cpu_s(process.pid)
            assert started_s < MAX_STARTUP_CPU_S or started_s < MAX_STARTUP_IMPORTS * measure_imports_cpu_s()
            answer = Client(address, verbose=False, httpx_kwargs={"timeout": 600}).predict(
                "a wonderful film", api_name="/classify"
            )
            assert answer["label"] == model.predict("a wonderful film")["label"]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(600) == 143
        assert process.stderr.read() == ""


def test_the_space_is_what_its_card_says():
    _, front_matter, _ = (REPO_ROOT / "space" / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    card = yaml.safe_load(front_matter)
    assert card["sdk"] == "gradio"
    assert (REPO_ROOT / "space" / card["app_file"]).is_file()
    assert card["models"] == card["preload_from_hub"]
    assert len(card["short_description"]) <= 60
    required = (REPO_ROOT / "space" / "requirements.txt").read_text().splitlines()
    pyproject = (REPO_ROOT / "pyproject.toml").read_text()
    for line in required:
        assert line.startswith(("#", "--extra-index-url")) or f'"{line}"' in pyproject
