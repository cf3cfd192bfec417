"""What `train` and `evaluate` are told of their data reaches the reader, and the recipe remembers it."""

import argparse

import pytest

from hf_lstm.cli.common.arguments import add_data_arguments
from hf_lstm.cli.common.recipes import collect_assignments
from hf_lstm.cli.train import parse_arguments
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes.catalog import get_recipe
from hf_lstm.data.loading import load_splits
from hf_lstm.errors import InputError


@pytest.mark.parametrize(
    ("given", "expected"),
    [(["a.csv"], "a.csv"), (["a.csv", "b c.csv"], "a.csv 'b c.csv'"), (["my file.csv"], "my file.csv"), ([], "sample")],
)
def test_several_files_are_one_source(given, expected):
    parser = argparse.ArgumentParser()
    add_data_arguments(parser, default_dataset="sample")
    assert parser.parse_args(["--dataset", *given] if given else []).dataset == expected


def test_a_recipe_remembers_files_encoding_and_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "b c.csv"):
        rows = "".join(f"{name} фильм {i},{i % 2}\n" for i in range(20))
        (tmp_path / name).write_text(f"text,label\n{rows}", encoding="cp1251")
    arguments = parse_arguments(["--dataset", "a.csv", "b c.csv", "--set", "data.encoding=cp1251"])
    data = override_recipe(get_recipe("packed-lstm"), collect_assignments(arguments)).data
    assert data.dataset == "a.csv 'b c.csv'"
    assert sum(map(len, load_splits(data).values())) == 40
    assert data.with_columns(None, None, encoding="cp1252", config="x").encoding == "cp1252"
    with pytest.raises(InputError, match=r"not UTF-8 \(byte .*--encoding"):
        load_splits(data.__class__(dataset="a.csv"))
