"""Forks processes that train together, as a new one would import PyTorch for seconds."""

import contextlib
import multiprocessing
import os

import torch
from free_ports import find_port

from hf_lstm.distributed.launch import Launch
from hf_lstm.distributed.processes import Processes

MAX_S = 600  # that a busy machine may need


def start_all(work, num_processes, *, connects=True):
    """Run `work(processes)` in processes, and return these, and a queue of what it returns or raises in each."""
    context, port = multiprocessing.get_context("fork"), find_port()
    answers = context.Queue()

    def run(rank):
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE=str(num_processes))
        os.environ["LOCAL_RANK"] = str(rank)
        torch.set_num_threads(1)
        processes = Processes(Launch(rank, num_processes, rank))
        try:
            with processes.connected() if connects else contextlib.nullcontext():
                answers.put((rank, work(processes)))
        except (Exception, SystemExit) as error:
            answers.put((rank, error))
        answers.close()
        answers.join_thread()
        os._exit(0)

    started = [context.Process(target=run, args=(rank,)) for rank in range(num_processes)]
    for process in started:
        process.start()
    return started, answers


def collect(started, answers, num_answers):
    try:
        return dict(answers.get(timeout=MAX_S) for _ in range(num_answers))
    finally:
        for process in started:
            process.join(MAX_S)
            process.kill()
