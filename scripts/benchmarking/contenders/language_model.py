"""Times one step of a language model: both directions, sampled softmax, optimizer."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarking.contenders.peak import PEAK
from benchmarking.harness.spec import Answers, Contender, Figure, Metric
from benchmarking.tasks import count_useful_gflop
from hf_lstm.config import ModelConfig
from hf_lstm.config.pretrain import PretrainConfig

LM_BF16, LM_FP32 = "language model, bf16", "language model, fp32"
LM_BY_KERNEL = "language model, bf16, in PyTorch's kernel"
_WAYS: Mapping[str, Mapping[str, Any]] = {
    LM_BF16: {"precision": "bfloat16"},
    LM_BY_KERNEL: {"precision": "bfloat16", "goes_by_kernel": True},
    LM_FP32: {"precision": "float32"},
}


@dataclass(frozen=True, kw_only=True)
class PretrainingTask:
    """Defines a language model to train, and its texts."""

    texts: list[str]
    tokenizer_json: str
    model: ModelConfig
    """With vocabulary size; of one layer."""
    pretrain: PretrainConfig


def take_pretraining_steps(task: PretrainingTask, precision: Any, goes_by_kernel: bool = False) -> Answers:
    """Yield the seconds of a step, words read a second, and the LSTM's useful GFLOP/s, by round.

    Each round is on a new batch; the first one warms up.
    """
    from dataclasses import replace

    import torch
    from tokenizers import Tokenizer

    import hf_lstm.nn.cpu.plan
    from hf_lstm.encoding.encoder import Encoder
    from hf_lstm.pretraining.language_model import LanguageModel
    from hf_lstm.pretraining.loop import pretrain_step, start_pretraining
    from hf_lstm.runtime.devices import flush_denormals, name_dtype

    flush_denormals()  # as `hf-lstm pretrain` does
    if goes_by_kernel:
        hf_lstm.nn.cpu.plan.WIDE_DTYPES = frozenset()
    torch.manual_seed(task.pretrain.seed)
    whole_texts = replace(task.model, max_length_tokens=task.model.max_length_characters)
    texts = Encoder(Tokenizer.from_str(task.tokenizer_json), whole_texts).encode(task.texts)
    model = LanguageModel(task.model).train()
    run = start_pretraining(model, texts, replace(task.pretrain, precision=precision))
    pretrain_step(run)
    yield {
        "dtype": name_dtype(run.dtype),
        "batch_size": task.pretrain.batch_size,
        "num_candidates": task.pretrain.num_candidates,
        "embedding_dim": task.model.embedding_dim,
        "hidden_size": task.model.hidden_size,
    }
    while True:
        started = time.perf_counter()
        _, _, num_tokens = pretrain_step(run)
        step_s = time.perf_counter() - started
        yield {
            "step_s": step_s,
            "tokens_per_s": num_tokens / step_s,
            "useful_gflop_per_s": 3 * count_useful_gflop(task.model, num_tokens) / step_s,
        }


def list_pretraining_contenders(task: PretrainingTask) -> list[Contender]:
    """List this package's ways to take the step."""
    return [
        Contender(
            name=name,
            start=take_pretraining_steps,
            arguments={"task": task, **arguments},
            number_format=arguments["precision"],
        )
        for name, arguments in _WAYS.items()
    ]


def list_pretraining_figures() -> list[Figure]:
    """List words a second of the whole step, and shares of the peak, where the softmax does not count as useful."""
    words = {name: Metric(contender=name, name="tokens_per_s") for name in _WAYS}
    return [
        *[Figure(title=f"{name}: words a second", of=words[name], unit="tokens/s") for name in (LM_BF16, LM_FP32)],
        Figure(title="language model, bf16, against PyTorch's kernel", of=words[LM_BF16], to=words[LM_BY_KERNEL]),
        *[
            Figure(
                title=f"{name}: share of the matrix-product peak, LSTM's operations only",
                of=Metric(contender=name, name="useful_gflop_per_s"),
                to=Metric(contender=PEAK.name, name=f"{dtype}_gflop_per_s"),
                unit="%",
            )
            for name, dtype in ((LM_FP32, "float32"), (LM_BF16, "bfloat16"))
        ],
    ]
