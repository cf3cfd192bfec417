"""Renders cards of made-up runs, and reads their tables."""

import re
from pathlib import Path

from run_records import NEG_POS, make_config, make_recipe, make_results, parse_recipe, parse_results

from hf_lstm.hub.cards.card import render_card

REPO_ROOT = Path(__file__).resolve().parents[2]


def render(labels=NEG_POS, **changes):
    arguments = {
        "config": make_config(labels),
        "recipe": make_recipe(labels=labels),
        "results": make_results(labels),
        "repo_id": "me/imdb-lstm",
    }
    arguments |= changes
    parsed = {"recipe": parse_recipe(arguments["recipe"]), "results": parse_results(arguments["results"])}
    return render_card(**{**arguments, **parsed})


def read_tables(card):
    """The tables of a Markdown text, each a list of rows of cells."""
    tables = re.findall(r"(?:^\|.*\|$\n)+", card, flags=re.MULTILINE)
    cells = [[re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()] for table in tables]
    return [[[cell.strip() for cell in row] for row in table] for table in cells]
