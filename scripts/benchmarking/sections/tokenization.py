"""Times the way from text to ids, without a model."""

import contextlib
import functools
import os
import time
from collections.abc import Callable

from benchmarking.harness.forked import SliceProcesses
from benchmarking.harness.spec import Answer, Answers, Contender, Figure, Metric, Section
from benchmarking.reviews import find_lowercase_words
from hf_lstm.runtime.cores import count_cores

_UNK_TOKEN_ID = 1


def encode_with_ours(
    tokenizer_json: str, texts: list[str], uses_all_cores: bool, has_own_threads: bool = False
) -> Answers:
    """Yield MB/s of this package's encoder.

    The facts say whether its ids are those of `re`. Of all cores, each has a process with one thread or, with
    `has_own_threads`, a thread of one process.
    """
    import torch
    from tokenizers import Tokenizer

    from hf_lstm.config.model import MAX_LENGTH, ModelSettings
    from hf_lstm.encoding.encoder import Encoder

    _limit_cores(uses_all_cores)
    tokenizer = Tokenizer.from_str(tokenizer_json)
    whole_texts = ModelSettings(max_length_tokens=MAX_LENGTH, max_length_characters=MAX_LENGTH)
    config = whole_texts.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=("neg", "pos"))
    encode = Encoder(tokenizer, config).encode
    expected = look_up_words(tokenizer.get_vocab(), texts)
    encoded = encode(texts)
    agrees = [encoded[row].tolist() for row in range(len(texts))] == expected
    del encoded, expected
    has_processes = uses_all_cores and not has_own_threads
    if has_processes:
        torch.set_num_threads(1)  # of each
    yield from _time_encoding(encode, texts, has_processes, {"ids_are_those_of_re": agrees})


def encode_with_re(tokenizer_json: str, texts: list[str], uses_all_cores: bool) -> Answers:
    """Yield MB/s of a regular expression and a dictionary."""
    from tokenizers import Tokenizer

    _limit_cores(uses_all_cores)
    encode = functools.partial(look_up_words, Tokenizer.from_str(tokenizer_json).get_vocab())
    yield from _time_encoding(encode, texts, uses_all_cores, {})


def encode_with_tokenizers(tokenizer_json: str, texts: list[str], uses_all_cores: bool) -> Answers:
    """Yield MB/s of the `tokenizers` library.

    It shares the work out among threads of its own.
    """
    from tokenizers import Tokenizer

    _limit_cores(uses_all_cores)
    encode = Tokenizer.from_str(tokenizer_json).encode_batch_fast
    yield from _time_encoding(encode, texts, False, {})


def look_up_words(vocab: dict[str, int], texts: list[str]) -> list[list[int]]:
    """Look up the ids of each text's words in plain Python."""
    return [[vocab.get(word, _UNK_TOKEN_ID) for word in find_lowercase_words(text)] for text in texts]


def _limit_cores(uses_all_cores: bool) -> None:
    if not uses_all_cores:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _time_encoding(
    encode: Callable[[list[str]], object], texts: list[str], with_a_process_per_core: bool, facts: Answer
) -> Answers:
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    with contextlib.ExitStack() as stack:
        encode_all: Callable[[], object] = functools.partial(encode, texts)
        if with_a_process_per_core:
            encode_all = stack.enter_context(SliceProcesses(encode, texts)).do_all
        encode_all()
        yield {**facts, "megabytes": megabytes}
        while True:
            started = time.perf_counter()
            encode_all()
            yield {"mb_per_s": megabytes / (time.perf_counter() - started)}


def build_tokenization(tokenizer_json: str, texts: list[str]) -> Section:
    """Build the section on turning the words of `texts` into ids.

    They are lower-cased first.
    """
    starts = {"ours": encode_with_ours, "Python's re": encode_with_re, "tokenizers": encode_with_tokenizers}
    cores = {"1 core": False, "all cores": True}
    speeds = {(who, where): Metric(contender=f"{who}, {where}", name="mb_per_s") for who in starts for where in cores}
    in_threads = "ours, a thread per core"
    return Section(
        title=r"lower-cased \b\w+\b to ids",
        contenders=[
            *(
                Contender(
                    name=f"{who}, {where}",
                    start=start,
                    arguments={"tokenizer_json": tokenizer_json, "texts": texts, "uses_all_cores": uses_all_cores},
                )
                for where, uses_all_cores in cores.items()
                for who, start in starts.items()
            ),
            Contender(
                name=in_threads,
                start=encode_with_ours,
                arguments={
                    "tokenizer_json": tokenizer_json,
                    "texts": texts,
                    "uses_all_cores": True,
                    "has_own_threads": True,
                },
            ),
        ],
        figures=[
            Figure(
                title="ours, a thread per core against 1 core",
                of=Metric(contender=in_threads, name="mb_per_s"),
                to=speeds["ours", "1 core"],
                at_least=1.8 if count_cores() == 2 else None,  # the aim is of two
            ),
            *(
                Figure(
                    title=f"ours against {peer}, {where}",
                    of=speeds["ours", where],
                    to=speeds[peer, where],
                    at_least=1 if peer == "Python's re" else None,
                )
                for where in cores
                for peer in ("Python's re", "tokenizers")
            ),
        ],
        settings={
            "num_reviews": len(texts),
            "num_cores": count_cores(),
            "all_cores": "a process per core, with one thread each; `tokenizers` has threads of its own",
        },
    )
