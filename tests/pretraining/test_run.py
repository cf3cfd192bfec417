"""From texts to a folder, and from there to a classifier."""

import json
import logging
from pathlib import Path

import pytest
import torch

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.cli.pretrain import main
from hf_lstm.config import DataConfig, ModelSettings
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes.ours import POOLED_BILSTM
from hf_lstm.pretraining.folder import read_language_model
from hf_lstm.sources.label_feature import Labels
from hf_lstm.training.bases.language_model import BaseLanguageModel
from hf_lstm.training.bases.loading import check_own_settings, load_base_model
from hf_lstm.training.options import RunOptions
from hf_lstm.training.run import run_experiment

TEXTS = ["it is a good film , is it ?", "it is a bad film !", "a good film", "bad , bad , bad", "is it ?"]
SETTINGS = (
    "tokenizer.max_words=20 model.embedding_dim=6 model.hidden_size=8 model.pooling=mean "
    "pretrain.num_epochs=2 pretrain.batch_size=2 pretrain.num_candidates=8 pretrain.precision=float32"
).split()


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS))
    return path


@pytest.fixture
def folder(texts: Path, tmp_path: Path) -> Path:
    """The folder of a tiny language model."""
    main(["--unlabeled", str(texts), "--output-dir", str(tmp_path / "lm"), "--no-progress", "--set", *SETTINGS])
    return tmp_path / "lm"


def test_a_run_leaves_a_whole_folder(folder: Path, texts: Path) -> None:
    written = {path.name for path in folder.iterdir()}
    assert written == {
        "config.json", "model.safetensors", "tokenizer.json", "recipe.json", "results.json", "metrics.jsonl",
        "local.json",
    }  # fmt: skip
    results = json.loads((folder / "results.json").read_text())
    assert results["texts"]["unlabeled"] == texts.name  # no folder of this machine
    assert json.loads((folder / "local.json").read_text())["pretrain.unlabeled"] == str(texts)
    public = "".join((folder / name).read_text() for name in ("recipe.json", "results.json", "config.json"))
    assert str(texts.parent) not in public
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records if "loss" in record] == [1, 2, 3, 4]
    assert results["texts"]["num_texts"] == {"train": 4, "validation": 1}
    assert [epoch["epoch"] for epoch in results["epochs"]] == [1, 2]
    assert all(len(epoch["validation_perplexity"]) == 2 for epoch in results["epochs"])
    saved = read_language_model(folder)
    assert saved.weights_sha256 == results["weights_sha256"]
    assert saved.recipe is not None
    assert saved.recipe.pretrain.num_epochs == 2
    assert saved.config.vocab_size == results["vocab_size"] == saved.tokenizer.get_vocab_size()


def test_a_classifier_starts_from_embedding_and_lstm(folder: Path) -> None:
    base = load_base_model(str(folder))
    assert isinstance(base, BaseLanguageModel)
    settings = ModelSettings(embedding_dim=99, hidden_size=99, pooling="last_mean_max", output_dropout=0.2)
    config = base.resolve(Labels(("no", "yes", "perhaps")), settings)
    torch.manual_seed(1)
    target = LSTMSentiment(config, base.tokenizer)
    drawn = target.classifier.weight.clone()
    facts = base.copy_weights(target)
    assert facts.weights_sha256 == base.saved.weights_sha256
    assert not facts.keeps_classifier
    assert (config.num_labels, config.pooling, config.output_dropout) == (3, "last_mean_max", 0.2)  # the recipe's
    assert (config.embedding_dim, config.hidden_size, config.bidirectional) == (6, 8, True)  # the language model's
    for name, weight in base.saved.weights.items():
        assert torch.equal(target.state_dict()[name], weight), name
    assert torch.equal(target.classifier.weight, drawn)


def test_a_file_without_labels_tells_no_column_of_the_rows_of_a_classifier(tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("text,notes\n" + "".join(f'no,"{text}"\n' for text in TEXTS))
    (tmp_path / "rows.csv").write_text(
        "notes,mood\n" + "".join(f'"{text} {row}",{row % 2}\n' for row in range(9) for text in TEXTS)
    )
    given = ["--text-column", "notes", "--unlabeled", str(tmp_path / "two.csv"), "--no-progress"]
    main([*given, "--output-dir", str(tmp_path / "lm"), "--set", *SETTINGS])
    assert load_base_model(str(tmp_path / "lm")).complete_data(DataConfig()) == DataConfig()
    given += ["--dataset", str(tmp_path / "rows.csv"), "--label-column", "mood"]
    main([*given, "--output-dir", str(tmp_path / "lm2"), "--set", *SETTINGS])
    completed = load_base_model(str(tmp_path / "lm2")).complete_data(DataConfig())
    assert (completed.text_column, completed.label_column) == ("notes", "mood")


def test_a_language_model_classifies_nothing(folder: Path) -> None:
    with pytest.raises(InputError, match=r"language model, which classifies nothing.*--init-from"):
        LSTMSentiment.from_pretrained(folder)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("config.json", '{"model_type": "hf_lstm_language_model"}', "config.json"),
        ("recipe.json", "{}", "recipe.json: there is no 'data'"),
        ("model.safetensors", "x", "not a safetensors file"),
    ],
)
def test_a_damaged_folder_is_one_line(folder: Path, name: str, content: str, expected: str) -> None:
    (folder / name).write_text(content)
    with pytest.raises(InputError, match=expected):
        load_base_model(str(folder))


def test_the_same_seed_gives_the_same_weights(folder: Path, texts: Path, tmp_path: Path) -> None:
    main(["--unlabeled", str(texts), "--output-dir", str(tmp_path / "lm2"), "--no-progress", "--set", *SETTINGS])
    assert (folder / "model.safetensors").read_bytes() == (tmp_path / "lm2" / "model.safetensors").read_bytes()


def test_a_finished_run_is_not_taken_for_one_on_other_texts(folder: Path, texts: Path, caplog) -> None:
    caplog.set_level(logging.INFO, "hf_lstm")
    again = ["--unlabeled", str(texts), "--output-dir", str(folder), "--no-progress", "--resume", "--set", *SETTINGS]
    main(again)
    assert caplog.messages[-1] == f"the run in {folder} is finished: nothing to do"
    texts.write_text(texts.read_text() + "\na text that is new")
    with pytest.raises(InputError, match=r"another one: num_texts\.train was \d+ and is \d+ now; texts_sha256 was "):
        main(again)


def test_a_finished_classifier_from_a_language_model_is_not_taken_for_another(folder: Path, tmp_path: Path) -> None:
    rows = "".join(f'"{text} {row}",{row % 2}\n' for row in range(9) for text in TEXTS)
    (tmp_path / "rows.csv").write_text("text,label\n" + rows)
    recipe = override_recipe(POOLED_BILSTM, [f"data.dataset={tmp_path / 'rows.csv'}", f"train.init_from={folder}"])
    recipe = override_recipe(recipe, ["train.num_epochs=1", "model.pooling=max"])
    options = RunOptions(output_dir=tmp_path / "run", show_progress=False, device="cpu", resume=True)
    results = run_experiment(recipe, options)
    assert results.init_from is not None
    assert results.init_from.is_language_model
    assert run_experiment(recipe, options) == results
    for change, said in [
        ("model.pooling=mean", r"model\.pooling was max and is mean now"),
        ("data.validation_fraction=0.25", r"data\.validation_fraction was 0\.\d+ and is 0\.25 now"),
    ]:
        with pytest.raises(InputError, match=f"another one: {said}; pass --overwrite"):
            run_experiment(override_recipe(recipe, [change]), options)


def test_without_texts_it_says_what_to_pass() -> None:
    with pytest.raises(InputError, match="pass --dataset, --unlabeled, or both"):
        main([])


def test_texts_of_single_words_teach_nothing(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("one\ntwo\nthree\n")
    with pytest.raises(InputError, match="no text has two words"):
        main(["--unlabeled", str(tmp_path / "words.txt"), "--output-dir", str(tmp_path / "lm"), "--no-progress"])
    assert not (tmp_path / "lm").exists()


def test_settings_that_a_language_model_leaves_open_may_be_given(folder: Path) -> None:
    recipe = override_recipe(POOLED_BILSTM, [f"train.init_from={folder}", "train.learning_rate=0.1"])
    recipe = override_recipe(recipe, ["model.pooling=max", "model.embedding_dropout=0.1"])
    check_own_settings(recipe)
    for change in ("model.hidden_size=99", "tokenizer.max_words=9"):
        with pytest.raises(InputError, match=f"{change.split('=')[0]}: the model to start from, .* determines this"):
            check_own_settings(override_recipe(recipe, [change]))


def test_a_classifier_to_start_from_leaves_open_what_no_weight_depends_on(tiny_model_folder: Path) -> None:
    recipe = override_recipe(POOLED_BILSTM, [f"train.init_from={tiny_model_folder}"])
    same = ["model.hidden_size=8", "model.pooling=last"]  # as the model has them
    check_own_settings(override_recipe(recipe, [*same, "model.max_length_tokens=9", "model.truncation=last"]))
    check_own_settings(override_recipe(recipe, ["model.dropout=0.3", "model.word_dropout=0.1", "model.dtype=float16"]))
    with pytest.raises(InputError, match=r"model\.pooling: the model to start from, .* determines this, and has last;"):
        check_own_settings(override_recipe(recipe, ["model.pooling=max"]))
    check_own_settings(recipe, ["model.max_length_tokens", "model.dropout", "train.learning_rate"])
    with pytest.raises(InputError, match=r"model\.head_norm: the model to start from"):
        check_own_settings(recipe, ["model.head_norm"])
