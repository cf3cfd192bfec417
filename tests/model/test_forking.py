"""Processes forked after loading, as by `Pool`, `Dataset.map(num_proc=2)` or a web server, answer as their parent."""

import os
import subprocess
import sys

import pytest
import torch

from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.tokenization.build import train_tokenizer

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

BEGIN = """
import os, signal, sys, threading
import torch
from hf_lstm import LSTMSentiment
torch.set_num_threads(2)
texts = [" ".join(f"word{i * j % 3000}" for j in range(60)) for i in range(40)]

def answer(model):
    explained = model.explain(texts[1])
    return [model.predict_proba(texts[0]), model.predict_proba(texts[:2]), model.predict_proba(texts),
            torch.tensor([word["contribution"] for word in explained])]

def fork(call):
    child = os.fork()
    if child == 0:
        signal.alarm(240)  # still hanging then
        try:
            ok = call()
        except BaseException as error:
            print(type(error), error, flush=True)
            ok = False
        os._exit(0 if ok else 1)
    return os.waitpid(child, 0)[1] == 0

def agree(model, right):
    return all(torch.allclose(a, b, rtol=0, atol=1e-6) for a, b in zip(answer(model), right))

def run_in_thread(call):
    results = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join()
    return results[0]

folder = sys.argv[1]
"""

# Each begins with a model that was loaded and has answered nothing; `right` is what a process of its own answered.
ORDERS = {
    "load, fork": "print(fork(lambda: agree(model, right)))",
    "load, predict, fork": "answer(model); print(fork(lambda: agree(model, right)))",
    "fork in a thread": "print(run_in_thread(lambda: fork(lambda: agree(model, right))))",
    "predict in a thread, fork": "run_in_thread(lambda: answer(model)); print(fork(lambda: agree(model, right)))",
    "predict, fork in a thread": "answer(model); print(run_in_thread(lambda: fork(lambda: agree(model, right))))",
    "fork, fork": "print(fork(lambda: agree(model, right) and fork(lambda: agree(model, right))))",
    "train, fork": """
model.train()
model(torch.randint(2, 3000, (64, 60)), torch.full((64,), 60)).sum().backward()
model.eval()
print(fork(lambda: agree(model, right)))
""",
    "fork, train": """
def train():
    model.train()
    model(torch.randint(2, 3000, (64, 60)), torch.full((64,), 60)).sum().backward()
    return all(parameter.grad is not None for parameter in model.parameters())
print(fork(train))
""",
    "fork, more threads": """
def widen():
    torch.set_num_threads(3)
    return agree(model, right)
print(fork(widen))
""",
    "forked past Python's hooks": """
import ctypes
child = ctypes.PyDLL(None).fork()
if child == 0:
    ctypes.pythonapi.PyOS_AfterFork_Child()
    signal.alarm(240)
    os._exit(0 if agree(model, right) and torch.get_num_threads() == 1 else 1)
print(os.waitpid(child, 0)[1] == 0)
""",
    "the parent goes on": "fork(lambda: True); print(agree(model, right) and torch.get_num_threads() == 2)",
    "a pool": """
import multiprocessing
def predict(text):
    return model.predict_proba([text, text])[0]
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(torch.allclose(torch.stack(pool.map(predict, texts[:4])), right[2][:4], rtol=0, atol=1e-6))
""",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model large enough that to check its weights takes PyTorch's threads, with its answers."""
    torch.manual_seed(0)
    tokenizer = train_tokenizer([" ".join(f"word{i}" for i in range(3000))], TokenizerConfig())
    config = ModelSettings(embedding_dim=64, hidden_size=64, bidirectional=True, pooling="mean_max")
    config = config.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=["neg", "pos"])
    folder = tmp_path_factory.mktemp("models") / "model"
    LSTMSentiment(config, tokenizer).save_pretrained(folder)
    run("torch.save(answer(LSTMSentiment.from_pretrained(folder)), folder + '/right.pt')", folder)
    return folder


def run(code, folder):
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", BEGIN + code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_forked_process_answers_as_its_parent_would(folder):
    """All orders run in one program, each in a process of its own that was forked before anything was loaded."""
    code = f"""
orders = {ORDERS!r}
for name, order in orders.items():
    child = os.fork()
    if child == 0:
        model, right = LSTMSentiment.from_pretrained(folder), torch.load(folder + "/right.pt")
        print(name, end=": ", flush=True)
        exec(order)
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
"""
    assert run(code, folder).splitlines() == [f"{name}: True" for name in ORDERS]
