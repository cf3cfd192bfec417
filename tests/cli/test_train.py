"""`scripts/train.py` as users run it: its exit code, what it prints and what it leaves."""

import functools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from local_hub import WRITE_TOKEN

from hf_lstm import LSTMSentiment
from hf_lstm.cli.train import read_num_shards
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE, get_recipe

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "train.py"
REPO = f"me/reviews-{DEFAULT_RECIPE}"
QUICK = ["--set", "train.num_epochs=1", "model.hidden_size=4", "model.embedding_dim=4", "--no-progress"]


@pytest.fixture
def run(run_script):
    return functools.partial(run_script, SCRIPT)


@pytest.fixture
def start(tmp_path):
    """Run the script in a process of its own, in an empty folder."""

    def start_process(*arguments, **environment):
        return subprocess.run(
            [sys.executable, str(SCRIPT), *arguments],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=600,  # a machine that is busy needs minutes to import the libraries
        )

    return start_process


@pytest.fixture
def reviews(tmp_path):
    rows = [f"film {i} {'good' if i % 2 else 'bad'},{'pos' if i % 2 else 'neg'}" for i in range(60)]
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *rows]))
    return "reviews.csv"


def test_help_lists_recipes_and_settings_quickly(start):
    result = start("--help")
    assert result.returncode == 0
    for word in ("pooled-bilstm", "stopword-lstm", "packed-lstm", "--dataset", "sample", "--push"):
        assert word in result.stdout


def test_a_process_ends_with_one_line_and_exit_code_2(start, tmp_path):
    result = start("--recipe", "paked-lstm")
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--recipe", "paked-lstm"], "did you mean packed-lstm"),
        (["--set", "train.lr=1"], "there is no setting 'train.lr'"),
        (["--set", "train.batch_size=0"], "must be >= 1"),
        (["--seed", "-1"], "train.seed is -1"),
        (
            ["--init-from", "flagship", "--set", "model.hidden_size=4"],
            "model.hidden_size: the model to start from, flagship, determines this, and has 112; leave the setting out",
        ),
        (["--init-from", "base", "--embeddings", "x.txt"], "must be none with train.init_from"),
        (["--dataset", "no-such-file.csv"], "no-such-file.csv"),
        (["--dataset", "sample", "--device", "warp"], "there is no device 'warp'"),
        (["--dataset", "reviews.csv", "--text-column", "body"], "body"),
        (["--dataset", "sample", "--output-dir", "reviews.csv"], "is a file"),
        (["--private"], "--private needs --push"),
        (["--dataset", "sample", "--embeddings", "glove.txt"], "embeddings glove.txt: there is no such file"),
        (["--create-pr", "--revision", "x"], "--revision and --create-pr need --push"),
        (["--dataset", "sample", "--push"], "hf auth login"),
    ],
)
def test_wrong_use_is_one_clear_line_and_exit_code_2(run, reviews, tmp_path, arguments, expected):
    result = run(*arguments)
    assert result.returncode == 2
    assert expected in result.stderr
    assert result.stderr.splitlines()[-1].count("error: ") == 1
    assert os.listdir(tmp_path) == ["reviews.csv"]


def test_train_push_and_load_back_from_the_hub(run, reviews, hub, tmp_path):
    result = run("--dataset", reviews, "--output-dir", "out", "--push", *QUICK, HF_TOKEN=WRITE_TOKEN)
    assert result.returncode == 0, result.stderr
    assert WRITE_TOKEN not in result.stdout + result.stderr
    folder = tmp_path / "out"
    pushed = hub.files(REPO)
    private = {"local.json", "metrics.jsonl", "report/mistakes.md", "report/errors.jsonl"}
    written = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert pushed == {name: path.read_bytes() for name, path in written.items() if name not in private}
    assert private < set(written)
    assert f'from_pretrained("{REPO}")' in pushed["README.md"].decode()

    results = json.loads((folder / "results.json").read_text())
    assert results["command"].startswith("python scripts/train.py --dataset reviews.csv")
    local, loaded = LSTMSentiment.from_pretrained(folder), LSTMSentiment.from_pretrained(REPO)
    texts = ["film good", "film bad", ""]
    assert local.predict_proba(texts).equal(loaded.predict_proba(texts))


def test_push_opens_a_pull_request_against_a_branch(run, reviews, hub):
    hub.add_repo("me/mine", files={"notes.txt": b"kept"})
    hub.repos["model", "me/mine"].branches["next"] = hub.commits("me/mine")[-1]
    arguments = ["--recipe", "pooled-bilstm", "--no-baseline"]
    arguments += ["--push", "--repo-id", "me/mine", "--revision", "next", "--create-pr", "--commit-message", "Better"]
    result = run("--dataset", reviews, *arguments, *QUICK, HF_TOKEN=WRITE_TOKEN)
    assert result.returncode == 0, result.stderr
    assert f"pushed: {hub.endpoint}/me/mine/discussions/1" in result.stdout
    assert hub.files("me/mine") == hub.files("me/mine", revision="next") == {"notes.txt": b"kept"}
    assert "model.safetensors" in hub.files("me/mine", revision="refs/pr/1")
    assert hub.repos["model", "me/mine"].pull_requests[0].title == "Better"


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--set", "train.learning_rate=1e38", "train.batch_size=4"], 1, "training diverged"),
        (["--text-column", "no-such-column"], 2, "no-such-column"),
    ],
    ids=["diverged", "bad data"],
)
def test_a_run_that_fails_pushes_nothing(run, reviews, hub, tmp_path, arguments, code, expected):
    result = run("--dataset", reviews, "--push", *QUICK, *arguments, HF_TOKEN=WRITE_TOKEN)
    assert result.returncode == code
    assert expected in result.stderr
    assert hub.repos == {}
    assert {request.endpoint for request in hub.requests} <= {"whoami"}  # bad data are found before
    assert os.listdir(tmp_path) == ["reviews.csv"]


def restore_interrupts():
    """Shells start background jobs with Ctrl-C ignored, and so would be this test's process under one."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupted_run_says_how_to_go_on(tmp_path, reviews):
    """By Ctrl-C; the crash matrix sends SIGTERM, too."""
    arguments = ["--dataset", reviews, "--recipe", "pooled-bilstm", "--output-dir", "out"]
    arguments += ["--set", "train.num_epochs=100000", "train.patience=none", "model.hidden_size=4"]
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "--overwrite", *arguments],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=restore_interrupts,
    )
    for line in process.stderr:
        if "epoch 2/" in line:
            break
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=600)[1]  # the run itself would take hours
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert rest.splitlines()[-1] == f"stopped; go on with: python scripts/train.py {' '.join(arguments)} --resume"
    assert os.listdir(tmp_path / "out") == [".unfinished"]
    assert not list((tmp_path / "out").rglob("*.partial"))


def test_a_finished_run_is_left_alone(run, tmp_path):
    (tmp_path / "out").mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "results.json"):
        (tmp_path / "out" / name).write_text("{}")
    result = run("--resume", "--output-dir", "out")
    assert (result.returncode, result.stdout) == (0, "the run in out is finished: nothing to do\n")
    (tmp_path / "out" / "recipe.json").write_text(
        json.dumps({"name": "bilstm", "train": get_recipe("bilstm").to_json()["train"] | {"seed": 1}})
    )
    result = run("--resume", "--output-dir", "out", "--recipe", "bilstm", "--seed", "2")
    assert result.returncode == 2
    assert "is finished, and was another one: train.seed was 1 and is 2 now; pass --overwrite" in result.stderr


def test_a_run_goes_on_in_as_many_shards_as_it_began_with(tmp_path):
    assert read_num_shards(tmp_path) is None
    (tmp_path / "recipe.json").write_text('{"train": {"num_shards": 4}}')
    assert read_num_shards(tmp_path) == 4
    (tmp_path / ".unfinished").mkdir()
    (tmp_path / ".unfinished" / "run.json").write_text('{"settings": {"train": {"num_shards": 6}}}')
    assert read_num_shards(tmp_path) == 6
    (tmp_path / ".unfinished" / "run.json").write_text('{"settings": {"train": {"num_shards": null}}}')
    assert read_num_shards(tmp_path) is None


def test_what_cannot_be_done_in_a_folder_is_said_before_the_imports(tmp_path):
    (tmp_path / "closed").write_text("a file can't be written into, whoever one is")
    (tmp_path / "begun" / ".unfinished" / "checkpoints" / "checkpoint-000001").mkdir(parents=True)
    (tmp_path / "begun" / ".unfinished" / "run.json").write_text('{"settings": {"train": {"seed": 5}}}')
    code = """
import sys
from hf_lstm.cli.train import main
for arguments in (["closed/run"], ["begun", "--resume", "--dataset", "sample"]):
    try:
        main(["--output-dir", *arguments])
    except ValueError as error:
        print(error, "torch" in sys.modules)
"""
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    closed, begun = printed.splitlines()
    assert "cannot be written: Not a directory" in closed
    assert "train.seed was 5 and is 0 now" in begun
    assert closed.endswith(" False")
    assert begun.endswith(" False")
