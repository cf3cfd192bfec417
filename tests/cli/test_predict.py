"""`scripts/predict.py`: what it prints, writes and refuses."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_lstm.cli.predict import main
from hf_lstm.config import DataConfig
from hf_lstm.config.recipes.catalog import get_recipe
from hf_lstm.errors import InputError
from hf_lstm.runtime import memory

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "predict.py"
TEXTS = [
    "a wonderful film",
    "",
    'dull, "slow"\nand long',
    "the worst \x1b[31mred\x1b[0m" + " year" * 50,
    "a great cast",
]


@pytest.fixture
def predict(tmp_path, tiny_model_folder, monkeypatch, capsys):
    """Run the script's main function in `tmp_path`, in windows of two texts, and return what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(memory, "WINDOW_TEXTS", 2)

    def run_main(*arguments):
        main([str(tiny_model_folder), *arguments])
        return capsys.readouterr().out

    return run_main


@pytest.fixture
def answers(tiny_model):
    return [(answer["label"], round(answer["score"], 6)) for answer in tiny_model.predict(TEXTS)]


@pytest.fixture
def reviews(tmp_path):
    """A file of each type that holds `TEXTS`."""
    with (tmp_path / "reviews.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["id", "review"], *([i, text] for i, text in enumerate(TEXTS))])
    lines = [json.dumps({"text": text}) for text in TEXTS]
    (tmp_path / "reviews.jsonl").write_text("\n".join(lines))


def test_a_text_gives_label_and_score(predict, answers):
    label, score = answers[0]
    assert predict(TEXTS[0]) == f"{label} {score:.4f}\n"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_file_gives_a_line_for_each_row_in_order(predict, answers, reviews, suffix):
    rows = [line.split("\t") for line in predict(f"reviews{suffix}", "--precision", "float32").splitlines()]
    assert [row[0] for row in rows] == [label for label, _ in answers]
    assert [float(row[1]) for row in rows] == pytest.approx([score for _, score in answers], abs=1e-2)
    assert [row[2] for row in rows][:3] == ["a wonderful film", "", 'dull, "slow" and long']
    shown = rows[3][2]
    assert len(shown) == 80
    assert shown.isprintable()


def test_a_file_is_read_in_the_encoding_that_is_told(predict, tmp_path):
    (tmp_path / "a.csv").write_text("text\nфильм\n", encoding="cp1251")
    assert predict("a.csv", "--encoding", "cp1251").rstrip().endswith("фильм")


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl"])
def test_output_keeps_the_texts(predict, answers, reviews, tmp_path, suffix):
    out = predict("reviews.csv", "--output", f"scored{suffix}", "--batch-size", "1")
    assert out == f"saved in scored{suffix}\n"
    with (tmp_path / f"scored{suffix}").open(newline="") as stream:
        if suffix == ".jsonl":
            rows = list(map(json.loads, stream))
        else:
            rows = list(csv.DictReader(stream, delimiter="\t" if suffix == ".tsv" else ","))
    assert [list(row) for row in rows] == [["id", "review", "label", "score"]] * len(TEXTS)
    assert [(row["id"], row["review"]) for row in rows] == [(str(i), text) for i, text in enumerate(TEXTS)]
    assert [row["label"] for row in rows] == [label for label, _ in answers]
    assert [float(row["score"]) for row in rows] == pytest.approx([score for _, score in answers], abs=1e-2)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["reviews.txt"], "reviews.txt: there is no such file; to score a text that looks like a path"),
        (["some/text"], "some/text: there is no such file"),
        (["tiny-model"], "tiny-model: is a folder; name one file at a time"),
        (["review*.csv"], "review*.csv: is a pattern; name one file at a time"),
        (["reviews.csv", "--text-column", "words"], "there is no column 'words'; the columns are 'id', 'review'"),
        (["reviews.csv", "--output", "scored.xlsx"], "scored.xlsx: unknown file type '.xlsx'"),
        (["reviews.csv", "--output", "none/scored.csv"], "there is no folder none"),
        (["reviews.csv", "--output", "./reviews.csv"], "is the input itself"),
        (["-", "--text-column", "review"], "standard input has no columns"),
        (["a film", "--batch-size", "0"], "batch_size is 0"),
    ],
)
def test_wrong_use_is_refused(predict, reviews, tmp_path, arguments, expected):
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(InputError) as error:
        predict(*arguments)
    assert expected in str(error.value)
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["a.csv", "b.csv"], "several inputs after the model (a.csv, b.csv ...)"),
        (["a.csv", "--workers", "2"], "--workers needs --engine ray"),
        (["a.csv", "--engine", "ray"], "--engine ray needs --output"),
        (["a.csv", "--engine", "ray", "--output", "scored", "--workers", "0"], "expected at least 1"),
    ],
)
def test_arguments_that_do_not_fit_the_engine_are_refused(arguments, expected, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["model", *arguments])
    assert expected in " ".join(capsys.readouterr().err.split())


def test_a_missing_column_is_said_before_a_model_is_loaded(reviews, tmp_path):
    with pytest.raises(InputError, match="there is no column 'words'"):
        main(["no-such-model", str(tmp_path / "reviews.csv"), "--text-column", "words"])


def test_a_damaged_row_leaves_no_output(predict, tmp_path):
    (tmp_path / "damaged.jsonl").write_text('{"text": "good"}\n' * 5 + '{"text": null}\n')
    with pytest.raises(InputError, match=r"damaged\.jsonl, row 6 \(line 6\), column 'text': there is no text"):
        predict("damaged.jsonl", "--output", "scored.csv")
    assert sorted(os.listdir(tmp_path)) == ["damaged.jsonl", "tiny-model"]


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".parquet"])
@pytest.mark.parametrize("output", [None, "scored.csv", "scored.jsonl", "scored.parquet"])
def test_a_file_without_rows_is_told_and_gives_an_output_without_rows(predict, monkeypatch, tmp_path, suffix, output):
    told = []
    monkeypatch.setattr("hf_lstm.cli.predict.say", told.append)
    if suffix == ".parquet":
        pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "none.parquet")
    else:
        (tmp_path / f"none{suffix}").write_text("text\n" if suffix == ".csv" else "")
    predict(f"none{suffix}", *(["--output", output] if output else []))
    assert told == [f"none{suffix}: there is no row to score"]
    if output == "scored.csv":
        assert (tmp_path / output).read_text() == '"text","label","score"\n'
    elif output == "scored.jsonl":
        assert (tmp_path / output).read_text() == ""
    elif output:
        table = pq.read_table(tmp_path / output)
        assert (table.num_rows, table.column_names) == (0, ["text", "label", "score"])


def test_standard_input_of_a_process(tiny_model_folder, answers):
    command = [sys.executable, str(SCRIPT), str(tiny_model_folder), "-"]
    lines = "\ufeffa wonderful film\r\n\n".encode()
    result = subprocess.run(command, input=lines, capture_output=True, timeout=600)
    lines = result.stdout.decode().splitlines()
    assert [line.split("\t")[::2] for line in lines] == [[answers[0][0], "a wonderful film"], [answers[1][0], ""]]
    assert result.returncode == 0
    assert result.stderr == b""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"good\ncaf\xe9\n", "standard input, line 2: not UTF-8"),
        (
            gzip.compress(b"good\n", mtime=0),
            "standard input: is compressed with gzip; expected lines of text: name the file",
        ),
        (b"PAR1\x15\0\x15", "standard input: is a Parquet file; expected lines of text: name the file"),
    ],
)
def test_standard_input_that_is_no_text_is_one_line(run_script, tiny_model_folder, monkeypatch, content, said):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    result = run_script(SCRIPT, str(tiny_model_folder), "-")
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: {said}")


def test_a_reader_that_goes_away_is_no_error_message(tiny_model_folder, tmp_path):
    (tmp_path / "many.txt").write_text("a wonderful film\n" * 20_000)
    command = [sys.executable, str(SCRIPT), str(tiny_model_folder), str(tmp_path / "many.txt")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def test_help_does_not_wait_for_torch():
    code = f"import runpy, sys; runpy.run_path({str(SCRIPT)!r}); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"


def test_the_score_of_each_label(predict, tiny_model, reviews, tmp_path):
    probabilities = tiny_model.predict_proba(TEXTS).tolist()
    predict("reviews.csv", "--output", "scored.parquet", "--scores")
    table = pq.read_table(tmp_path / "scored.parquet")
    assert table.column_names == ["id", "review", "label", "score", "score_neg", "score_pos"]
    for row, (neg, pos) in zip(table.to_pylist(), probabilities, strict=True):
        assert (row["score_neg"], row["score_pos"]) == pytest.approx((neg, pos), abs=1e-2)
        assert row["score"] == max(row["score_neg"], row["score_pos"])
    lines = predict(TEXTS[0], "--scores").splitlines()
    assert sorted(line.split()[0] for line in lines) == ["neg", "pos"]
    assert float(lines[0].split()[1]) == pytest.approx(max(probabilities[0]), abs=1e-2)


def test_texts_are_read_from_the_column_of_training(predict, tiny_model, tiny_model_folder, tmp_path):
    recipe = replace(get_recipe("packed-lstm"), data=DataConfig(text_column="body"), model=tiny_model.config)
    (tiny_model_folder / "recipe.json").write_text(json.dumps(recipe.to_json()))
    (tmp_path / "both.csv").write_text("text,body\na dull film,a great cast\n")
    (tmp_path / "one.csv").write_text("text\na dull film\n")
    assert predict("both.csv").endswith("\ta great cast\n")
    assert predict("both.csv", "--text-column", "text").endswith("\ta dull film\n")
    with pytest.raises(InputError, match=r"there is no column 'body'; .* the model was trained with 'body'"):
        predict("one.csv")


@pytest.mark.parametrize("order", [(), ("--scores",)])
def test_without_a_model_that_of_the_package_answers(capsys, order):
    main([*order, "A wonderful film, I loved every minute of it.", "--precision", "float32"])
    assert capsys.readouterr().out.startswith("pos ")


def test_a_model_without_a_text_is_told_so(tiny_model_folder, capsys):
    with pytest.raises(SystemExit):
        main([str(tiny_model_folder)])
    assert "is a folder; give a text or a file after the model" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([])
    assert capsys.readouterr().err.endswith("the following arguments are required: INPUT\n")
