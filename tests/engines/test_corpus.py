"""Which files a corpus has, parts of them, and what a second start of the same output finds."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_lstm.engines import ray_engine
from hf_lstm.engines.corpus import CorpusFile, fetch, find_corpus
from hf_lstm.engines.ledger import open_ledger
from hf_lstm.engines.parts import PartScorer, Scoring, name_part, read_parts
from hf_lstm.errors import InputError
from hf_lstm.files.writing import PARTIAL_SUFFIX
from hf_lstm.model.text_classifier import digest_model
from hf_lstm.runtime import memory

TEXTS = ["a wonderful film", "", "a dull film", "the worst year", "a great cast"]


@pytest.fixture
def reviews(tmp_path):
    """A folder with a table of each kind, one of them deeper, and what is no table."""
    folder = tmp_path / "reviews"
    (folder / "more").mkdir(parents=True)
    pq.write_table(pa.table({"id": range(len(TEXTS)), "text": TEXTS}), folder / "a.parquet")
    (folder / "b.csv").write_text("label,review\n" + "".join(f'x,"{text}"\n' for text in TEXTS))
    (folder / "more" / "c.jsonl").write_text("".join(f'{{"text": "{text}"}}\n' for text in TEXTS))
    (folder / "notes.txt").write_text("no table")
    return folder


def find_names(*inputs):
    return [file.source.rpartition("/")[2] for file in find_corpus([str(each) for each in inputs], None, None)]


def test_files_folders_patterns_and_addresses_are_found(reviews):
    assert find_names(reviews) == ["a.parquet", "b.csv", "c.jsonl"]
    assert find_names(reviews / "*.csv", reviews / "a.parquet") == ["b.csv", "a.parquet"]
    assert find_names(reviews / "**" / "*.jsonl") == ["c.jsonl"]
    assert find_names(f"file://{reviews}/*.csv", f"file://{reviews}/more") == ["b.csv", "c.jsonl"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (["missing.csv"], "there is no such file"),
        (["*.csv"], "no file that can be read has such a name"),
        (["reviews", "reviews/b.csv"], "is named twice"),
        (["reviews/notes.md"], "there is no such file"),
        (["file:///nowhere/*.csv"], "no file that can be read has such an address"),
        (["nosuch://bucket/a.csv"], "nosuch"),
        (["reviews/empty"], "no table to score is there; it holds no files"),
    ],
)
def test_inputs_that_mean_no_file_are_refused(reviews, monkeypatch, inputs, message):
    (reviews / "empty").mkdir()
    monkeypatch.chdir(reviews.parent)
    with pytest.raises(InputError, match=message):
        find_corpus(inputs, None, None)


def test_a_file_at_an_address_is_named_in_what_is_wrong_with_it(reviews):
    source = f"file://{reviews}/b.csv"
    with pytest.raises(InputError, match=f"^{source}"):
        list(read_parts(source, "missing", None, ()))
    with fetch(source) as path:
        assert path.read_bytes() == (reviews / "b.csv").read_bytes()
    assert not path.exists()


@pytest.mark.parametrize("name", ["a.parquet", "b.csv", "more/c.jsonl"])
def test_parts_are_windows_scored_as_plain_predict_does(
    reviews, tmp_path, tiny_model, tiny_model_folder, monkeypatch, name
):
    monkeypatch.setattr(memory, "WINDOW_TEXTS", 2)
    scorer = PartScorer(Scoring(str(tiny_model_folder), str(tmp_path), digest_model(tiny_model)))
    parts = list(read_parts(str(reviews / name), None, None, {1}))
    assert [part and part.number for part in parts] == [0, None, 2]
    assert [scorer.score("x", part) for part in parts if part] == [2, 1]
    table = pq.read_table([tmp_path / name_part("x", number) for number in (0, 2)])
    answers = tiny_model.predict([TEXTS[row] for row in (0, 1, 4)])
    names = ["predicted_label", "score"] if name == "b.csv" else ["label", "score"]
    assert table.column_names[-2:] == names
    assert table[names[0]].to_pylist() == [answer["label"] for answer in answers]
    assert table["score"].to_pylist() == [round(answer["score"], 6) for answer in answers]


def test_another_model_is_refused(tiny_model_folder, tmp_path):
    with pytest.raises(InputError, match="another model"):
        PartScorer(Scoring(str(tiny_model_folder), str(tmp_path), "0" * 64))


FILES = [CorpusFile("/in/a.csv", "1"), CorpusFile("/in/b.csv", "1")]


def write_parts(output, file, *numbers):
    for number in numbers:
        (output / name_part(file.name, number)).touch()
    return set(numbers)


def test_a_second_start_knows_what_is_missing(tmp_path):
    output = tmp_path / "scored"
    with open_ledger(output, FILES, {"precision": "auto"}) as ledger:
        assert ledger.list_unfinished() == FILES
        for number in write_parts(output, FILES[0], 0, 1) | write_parts(output, FILES[1], 0):
            ledger.add_part(FILES[0].name, number)
        ledger.end_file(FILES[0].name, 2)
        ledger.save()
        with pytest.raises(RuntimeError, match=r"b\.csv"):
            ledger.require_all()
    (output / f".x.7{PARTIAL_SUFFIX}").touch()
    new = CorpusFile("/in/c.csv", "1")
    with open_ledger(output, [*FILES, new], {"precision": "auto"}) as ledger:
        assert ledger.list_unfinished() == [FILES[1], new]
        assert ledger.done[FILES[1].name] == {0}
    assert not list(output.glob(f".*{PARTIAL_SUFFIX}"))
    (output / name_part(FILES[0].name, 1)).unlink()
    with open_ledger(output, [*FILES, new], {"precision": "auto"}) as ledger:
        assert FILES[0] in ledger.list_unfinished()


@pytest.mark.parametrize(
    ("files", "precision", "message"),
    [
        (FILES, "float32", "was begun with precision auto"),
        ([FILES[0], FILES[1]._replace(version="2")], "auto", "b.csv: has changed"),
        (FILES[:1], "auto", "b.csv: is not among the inputs any more"),
    ],
)
def test_what_differs_from_the_first_start_is_refused(tmp_path, files, precision, message):
    with open_ledger(tmp_path / "scored", FILES, {"precision": "auto"}):
        pass
    with (
        pytest.raises(InputError, match=message),
        open_ledger(tmp_path / "scored", files, {"precision": precision}),
    ):
        pass


def test_an_output_with_other_things_is_refused(tmp_path):
    (tmp_path / "mine").touch()
    for output, message in ((tmp_path, "holds other files"), (tmp_path / "mine", "is a file")):
        with pytest.raises(InputError, match=message), open_ledger(output, FILES, {}):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_what_is_wrong_with_a_file_reaches_the_command_after_its_parts(
    reviews, tmp_path, tiny_model, tiny_model_folder, monkeypatch
):
    """What tasks and actors of Ray do, in this process."""
    monkeypatch.setattr(memory, "WINDOW_TEXTS", 2)
    (reviews / "b.csv").write_text("id,review\n1,a\n2,b\n3\n")
    files = pa.Table.from_pylist([{"source": str(reviews / "b.csv"), "file": "b", "done": []}])
    scoring = Scoring(str(tiny_model_folder), str(tmp_path), digest_model(tiny_model))
    scorer = ray_engine.ActorScorer(scoring)
    reports = [row for table in ray_engine._read(files, scoring) for row in scorer(table).to_pylist()]
    assert [(row["index"], row["num_rows"]) for row in reports] == [(0, 2), (None, None)]
    assert "row 3" in reports[1]["error"]
    other = ray_engine.ActorScorer(Scoring("missing", str(tmp_path), ""))
    assert "missing" in other(next(ray_engine._read(files, scoring)))["error"][0].as_py()
