"""Compares the page for the browser with Python on real reviews, in Chromium, and writes the figures as JSON.

Usage: `python scripts/check_browser.py --help`. Needs Chromium, and `pip install playwright`.
"""

import argparse
import json
import shlex
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from check_javascript import AWKWARD_TEXTS, read_reviews

from hf_lstm.cli.common.arguments import check_output_file
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError

if TYPE_CHECKING:
    from hf_lstm import LSTMSentiment

MAX_DIFFERENCE = 1e-4
"""Of a probability in the page and in Python, in float32."""
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_TEXTS_AT_ONCE = 20
_ASK = "(texts) => texts.map((text) => [model.tokenizer.encode(text).ids, model.predict(text)])"


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Export the page of a model, open it in Chromium without a network, and compare its ids and "
        "probabilities with those of Python, on reviews of the sample and on texts with awkward characters."
    )
    parser.add_argument("model", metavar="MODEL", help="model folder, or Hub id")
    parser.add_argument("--num-reviews", metavar="N", type=int, default=500, help="(default: %(default)s)")
    parser.add_argument("--no-times", dest="times", action="store_false", help="leave out times, on a busy machine")
    parser.add_argument("--output", metavar="FILE", type=Path, help="write the figures into this JSON file, too")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Compare, and print and write the figures.

    Raises:
        InputError: an id or a probability differs, or there is no Chromium.
    """
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    chromium = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if chromium is None:
        raise InputError("there is no Chromium: apt-get install chromium")
    from hf_lstm import LSTMSentiment
    from hf_lstm.files.writing import write_json
    from hf_lstm.records.places import strip_command

    model = LSTMSentiment.from_pretrained(arguments.model)
    reviews = read_reviews(arguments.num_reviews)
    texts = [*AWKWARD_TEXTS, *reviews]
    figures = {
        "command": strip_command(f"python scripts/check_browser.py {shlex.join(argv)}"),
        "model": Path(arguments.model).name,
        "num_reviews": len(reviews),
        "num_awkward_texts": len(AWKWARD_TEXTS),
        **compare(model, texts, chromium, times=arguments.times),
    }
    print(json.dumps(figures, indent=1))
    if arguments.output is not None:
        write_json(arguments.output, figures)
    if figures["texts_with_other_ids"] or not figures["largest_difference"] <= MAX_DIFFERENCE:
        raise InputError("the page differs from Python")


def compare(model: "LSTMSentiment", texts: Sequence[str], chromium: str, *, times: bool) -> dict[str, Any]:
    """Compare the page's answers with those of Python, and return figures of both."""
    from playwright.sync_api import sync_playwright

    from hf_lstm.export.browser import PAGE_FILE, export_browser

    answers = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        sizes = export_browser(model, Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(offline=True).new_page()
        page.set_default_timeout(600_000)
        started_s = time.perf_counter()
        page.goto((Path(folder) / PAGE_FILE).as_uri())
        page.evaluate("model.labels")
        load_s = time.perf_counter() - started_s
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            answers += page.evaluate(_ASK, list(texts[start : start + _TEXTS_AT_ONCE]))
        answer_s = time.perf_counter() - started_s - load_s
        version = browser.version
        browser.close()
    expected = model.predict_proba(list(texts), precision="float32", show_progress=False).tolist()
    differences = [
        max(abs(ours - theirs) for ours, theirs in zip(row, told, strict=True))
        for row, (_, told) in zip(expected, answers, strict=True)
    ]
    others = [ids != model.encode(text).tolist() for text, (ids, _) in zip(texts, answers, strict=True)]
    measured = {"load_s": round(load_s, 2), "ms_per_text": round(1000 * answer_s / len(texts), 1)}
    return {
        "chromium": version,
        "texts_with_other_ids": sum(others),
        "largest_difference": max(differences),
        "page_bytes": sum(sizes.values()),
        **(measured if times else {}),
    }


if __name__ == "__main__":
    run_command_line(main)
