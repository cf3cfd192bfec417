"""Cuts the word vectors of a language model to the few numbers that come along with the package.

Usage: `python scripts/place_vectors.py --help`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from hf_lstm.cli.common.process import run_command_line
from hf_lstm.config.checks import require

ABOUT = """# Word vectors

{num_words:,} words of English film reviews, the most frequent ones, with {dimension} numbers each: the principal
components of the embedding of a language model (weights {digest}; [its run](../../../results/lm.json)), which has read
the reviews of IMDB's published splits `train` and `unsupervised` without their labels, and no text of `test`. Training
starts from them where a recipe has `train.init_from=auto`, as the default one does, and train is in English.

`vectors.safetensors` has `vectors`, int8 ({num_words}, {dimension}), and `steps`, float32 ({dimension},), by which they
are multiplied; `words.txt` has the words in that order, one a line.
They were written by

    {command}
"""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Write the word vectors of a language model, reduced to few numbers by a principal component "
        "analysis, where training finds those that come along.",
        epilog="example: python scripts/place_vectors.py runs/lm",
    )
    parser.add_argument("model", metavar="MODEL", type=Path, help="folder of a language model")
    parser.add_argument("--dimension", metavar="N", type=int, default=64, help="numbers a word (default: %(default)s)")
    parser.add_argument("--num-words", metavar="N", type=int, default=20_000, help="(default: %(default)s)")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Cut the vectors, and write them."""
    arguments = parse_arguments(argv)
    for name in ("dimension", "num_words"):
        require(getattr(arguments, name) >= 1, f"--{name.replace('_', '-')}", getattr(arguments, name), ">= 1")

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    import torch
    from safetensors.torch import save_file

    from hf_lstm.pretraining.folder import read_language_model
    from hf_lstm.tokenization.word_splitter import SPECIAL_TOKENS
    from hf_lstm.training.vectors.saved_models import reduce_vectors
    from hf_lstm.training.vectors.shipped import SHIPPED_VECTORS, VECTORS_FILE, WORDS_FILE

    model = read_language_model(arguments.model)
    vocab = {word: place for word, place in model.tokenizer.get_vocab().items() if word not in SPECIAL_TOKENS}
    words = sorted(vocab, key=vocab.__getitem__)[: arguments.num_words]  # ids are in the order of frequency
    table = model.weights["embedding.weight"].float()[[vocab[word] for word in words]]
    require(table.shape[1] >= arguments.dimension, "--dimension", arguments.dimension, f"at most {table.shape[1]}")
    vectors = reduce_vectors(table, arguments.dimension)
    steps = vectors.abs().amax(dim=0) / 127
    rounded = (vectors / steps).round().to(torch.int8).contiguous()
    SHIPPED_VECTORS.mkdir(exist_ok=True)
    save_file({"vectors": rounded, "steps": steps}, SHIPPED_VECTORS / VECTORS_FILE)
    (SHIPPED_VECTORS / VECTORS_FILE).chmod(0o644)  # which safetensors writes for its owner alone
    (SHIPPED_VECTORS / WORDS_FILE).write_text("\n".join(words) + "\n", encoding="utf-8")
    about = ABOUT.format(
        num_words=len(words),
        dimension=arguments.dimension,
        digest=model.weights_sha256[:12],
        command=f"python scripts/place_vectors.py {' '.join(argv)}",
    )
    (SHIPPED_VECTORS / "README.md").write_text(about, encoding="utf-8")
    print(f"{len(words):,} words with {arguments.dimension} numbers in {SHIPPED_VECTORS}")


if __name__ == "__main__":
    run_command_line(main)
