"""Scores files into a folder on a Ray cluster, and says how to go on."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from hf_lstm.cli.common.signals import EXIT_INTERRUPTED
from hf_lstm.cli.common.standard_streams import say
from hf_lstm.cli.scoring.inputs import explain_text_column, name_text_column
from hf_lstm.extras import require_library


def score_on_ray(arguments: argparse.Namespace) -> None:
    """Score files into a folder, by many processes."""
    require_library("ray")
    from hf_lstm.engines.corpus import find_corpus
    from hf_lstm.engines.parts import Scoring
    from hf_lstm.engines.ray_engine import score_corpus
    from hf_lstm.model.classifier import LSTMSentiment
    from hf_lstm.model.text_classifier import digest_model

    files = find_corpus([arguments.input, *arguments.more], arguments.text_column, arguments.encoding)
    model = LSTMSentiment.from_pretrained(arguments.model)
    is_folder = Path(arguments.model).is_dir()
    scoring = Scoring(
        model=str(Path(arguments.model).resolve()) if is_folder else str(arguments.model),
        output=str(arguments.output.resolve()),
        digest=digest_model(model),
        text_column=name_text_column(arguments, model),
        encoding=arguments.encoding,
        with_scores=arguments.scores,
        batch_size=arguments.batch_size,
        precision=arguments.precision,
        device=arguments.device,
    )
    with explain_text_column(arguments, model):
        scored = score_corpus(files, scoring, num_workers=arguments.workers)
    earlier = f", beside {scored.num_earlier_parts:,} files of earlier starts" if scored.num_earlier_parts else ""
    print(f"saved in {arguments.output}: {scored.num_rows:,} rows in {scored.num_parts:,} files{earlier}")


@contextlib.contextmanager
def saying_how_to_go_on() -> Iterator[None]:
    """Say of a block that is stopped how to go on."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as ending:
        say("stopped; the same command goes on with what is missing")
        sys.exit(ending.code if isinstance(ending, SystemExit) else EXIT_INTERRUPTED)
