import os
import sys
from pathlib import Path

import pytest

from hf_lstm.cli.common.arguments import add_data_arguments, add_settings_argument, check_output_file
from hf_lstm.cli.common.parser import build_parser, name_command
from hf_lstm.errors import InputError


@pytest.mark.parametrize("name", ["figures.json", "folder/new.json", "folder/there.json"])
def test_a_file_that_can_be_written_is_fine(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "there.json").write_text("{}")
    check_output_file(None)
    check_output_file(tmp_path / name)
    check_output_file(Path(name))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("none/a.json", "there is no folder .*none; make it first"),
        ("folder", "is a folder, expected the name of a file"),
    ],
)
def test_unusable_outputs_are_refused(tmp_path, name, expected):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=f"^--output .*{name}: {expected}"):
        check_output_file(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_an_output_that_somebody_else_reads_from_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    (tmp_path / "b.csv").symlink_to("a.csv")
    (tmp_path / "c.csv").symlink_to("none/a.csv")
    for name in ("a.csv", "b.csv"):
        with pytest.raises(InputError, match=f"{name}: is a pipe or a device, expected the name of a file"):
            check_output_file(tmp_path / name)
    with pytest.raises(InputError, match=r"c\.csv: there is no folder .*/none; make it first"):
        check_output_file(tmp_path / "c.csv")


def test_a_folder_that_can_not_be_written_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (tmp_path, os.W_OK))  # root may write anywhere
    with pytest.raises(InputError, match="can't be written; choose another"):
        check_output_file(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("called", "command", "expected"),
    [
        ("/usr/local/bin/hf-lstm", "predict", "hf-lstm predict"),
        ("C:/Scripts/hf-lstm.exe", "serve", "hf-lstm serve"),
        ("/somewhere/hf_lstm/__main__.py", "predict", "python -m hf_lstm predict"),
        ("scripts/train.py", "predict", "python scripts/predict.py"),
        ("/home/me/checkout/scripts/train.py", "train", "python scripts/train.py"),
        ("export_onnx.py", "export", "python scripts/export_onnx.py"),
        ("app.py", "serve", "python space/app.py"),
        ("scripts/train.py", "push", "hf-lstm push"),
        ("/somewhere/pytest/__main__.py", "train", "hf-lstm train"),
        ("", "train", "hf-lstm train"),
    ],
)
def test_a_command_is_called_as_the_process_was(monkeypatch, called, command, expected):
    monkeypatch.setattr(sys, "argv", [called, "x"])
    assert name_command(command) == expected


def test_help_wraps_what_is_read_and_not_what_is_pasted(monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setattr(sys, "argv", ["hf-lstm"])
    example = " ".join(["word"] * 20)
    lines = build_parser("train", "does " * 20, examples=[example]).format_help().splitlines()
    assert f"  hf-lstm train {example}" in lines
    assert max(map(len, lines[:-1])) <= 50


@pytest.mark.parametrize(
    ("command", "arguments", "hint"),
    [
        ("train", ["--num-epochs", "2"], "; a setting of the recipe is given as --set train.num_epochs=..."),
        ("pretrain", ["--learning_rate=2"], "; a setting of the recipe is given as --set pretrain.learning_rate=..."),
        ("train", ["--nope", "2"], ""),
        ("train", ["my.csv", "b.csv"], "; rows to read are given as --dataset my.csv b.csv"),
    ],
)
def test_a_setting_given_as_an_option_is_told_how_it_is_given(monkeypatch, capsys, command, arguments, hint):
    monkeypatch.setattr(sys, "argv", ["hf-lstm", command])
    parser = build_parser(command, "It.", examples=[""])
    add_settings_argument(parser)
    add_data_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(arguments)
    assert capsys.readouterr().err.endswith(f"error: unrecognized arguments: {' '.join(arguments)}{hint}\n")
