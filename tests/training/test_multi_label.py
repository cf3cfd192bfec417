"""Training on rows with any number of labels, from rows to a folder that answers, explains and is fine-tuned."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch
from topic_rows import TOPICS, make_rows

import hf_lstm
from hf_lstm import InputError, LSTMSentiment
from hf_lstm.config.overrides import change_settings
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE, get_recipe
from hf_lstm.evaluation.calibration import fit_config
from hf_lstm.files.names import CONFIG_FILE
from hf_lstm.sources.in_memory import resolve_source
from hf_lstm.training.setup import prepare_run

SMALL = {
    "embedding_dim": 24, "hidden_size": 16, "num_epochs": 5, "batch_size": 8, "learning_rate": 1e-2, "min_count": 1,
    "precision": "float32",
}  # fmt: skip
NUM_ROWS = 220
SORTED = sorted(TOPICS)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of the default recipe, with its n-gram teacher."""
    folder = tmp_path_factory.mktemp("run") / "topics"
    return hf_lstm.train(make_rows(NUM_ROWS), DEFAULT_RECIPE, output_dir=folder, show_progress=False, **SMALL)


def test_topics_are_learned_and_all_figures_are_there(trained):
    test = trained.results.splits["test"]
    assert test.multi_label.f1 > 0.9
    assert test.multi_label.num_rows_without > 0
    assert list(test.per_label) == SORTED
    assert test.confusion_matrix.labels == SORTED
    assert test.confusion_matrix.rows == []
    baseline = trained.results.baselines[0].splits["test"]
    assert baseline.model_accuracy == pytest.approx(test.accuracy)
    assert trained.results.is_of_labels(SORTED)
    for name in ("report.md", "metrics.json", "mistakes.md", "reliability.png"):
        assert (trained.folder / "report" / name).is_file()
    assert not (trained.folder / "report" / "confusion_matrix.png").exists()
    card = (trained.folder / "README.md").read_text(encoding="utf-8")
    assert "any number of 4 labels" in card
    assert "one of the labels" not in card
    assert "softmax" not in card


def test_thresholds_are_those_of_validation_alone(trained):
    texts, labels = make_rows(NUM_ROWS)
    in_split = hf_lstm.evaluate(trained.model, (texts, labels), split="validation", show_progress=False)
    assert in_split.metrics == trained.results.splits["validation"]
    known = trained.results.splits["validation"].multi_label.thresholds
    assert known == trained.results.splits["test"].multi_label.thresholds
    assert trained.model.config.thresholds == list(known.values())


def test_the_rows_of_the_run_are_known_again_however_their_labels_are_written(trained, tmp_path):
    texts, labels = make_rows(NUM_ROWS)
    header = ",".join(("text", *TOPICS))
    rows = [
        ",".join((f'"{text}"', *(str(int(topic in of)) for topic in TOPICS)))
        for text, of in zip(texts, labels, strict=True)
    ]
    (tmp_path / "marks.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    measured = hf_lstm.evaluate(trained.model, tmp_path / "marks.csv", label_column=TOPICS, show_progress=False)
    assert measured.metrics == trained.results.splits["test"]


def test_a_copied_folder_answers_the_same(trained, tmp_path):
    copy = shutil.copytree(trained.folder, tmp_path / "copy")
    model, texts = LSTMSentiment.from_pretrained(copy), make_rows(30, seed=5)[0]
    assert model.config == trained.model.config
    assert model.predict(texts) == trained.model.predict(texts)
    model.save_pretrained(tmp_path / "saved")
    assert json.loads((tmp_path / "saved" / CONFIG_FILE).read_text()) == json.loads((copy / CONFIG_FILE).read_text())


def test_answers_are_the_labels_that_reach_their_thresholds(trained):
    texts, labels = make_rows(40, seed=9)
    model = trained.model
    probabilities = model.predict_proba(texts)
    answers = model.predict(texts)
    for of_row, answer in zip(probabilities.tolist(), answers, strict=True):
        reached = [
            (score, name)
            for score, name, least in zip(of_row, SORTED, model.config.thresholds, strict=True)
            if score >= np.float32(least)
        ]
        assert answer == [{"label": name, "score": score} for score, name in sorted(reached, reverse=True)]
    assert [] in answers
    assert [each["label"] for each in model.predict(texts[0])] == [each["label"] for each in answers[0]]
    ranked = model.predict(texts[0], top_k=None)
    assert sorted(each["label"] for each in ranked) == SORTED
    assert [each["score"] for each in ranked] == sorted(model.predict_proba(texts[0])[0].tolist(), reverse=True)
    right = [sorted(each["label"] for each in answer) == of for answer, of in zip(answers, labels, strict=True)]
    assert np.mean(right) > 0.8


@pytest.mark.parametrize("label", [None, *SORTED])
def test_contributions_add_up_to_the_logit_of_the_label(trained, label):
    text = "The orchestra played a symphony, and the chef baked fresh bread."
    model = trained.model
    explanation = model.explain(text, label=label)
    with torch.no_grad():
        ids = torch.from_numpy(model.encode(text)).long()[None]
        logits = model(ids, torch.tensor([ids.shape[1]]))[0]
    assert explanation.label == (label or model.predict(text)[0]["label"])
    expected = logits[SORTED.index(explanation.label)]
    assert sum(word["contribution"] for word in explanation) == pytest.approx(expected.item(), abs=1e-4)
    assert explanation.against == f"not {explanation.label}"


def test_what_is_explained_is_a_label_that_is_given_and_not_the_likeliest(trained):
    text = "The orchestra played a symphony, and the chef baked fresh bread."
    model = LSTMSentiment.from_pretrained(trained.folder)
    model.config = dataclasses.replace(model.config, temperature=20.0)  # no probability is rounded to 1
    second = model.predict(text, top_k=2)[1]["label"]
    thresholds = [0.0 if name == second else 1.0 for name in SORTED]
    model.config = dataclasses.replace(model.config, thresholds=thresholds)
    assert [each["label"] for each in model.predict(text)] == [second]
    assert model.explain(text).label == second


def test_labels_are_renamed_with_their_thresholds(trained, tmp_path):
    model = LSTMSentiment.from_pretrained(trained.folder)
    model.rename_labels({"food": "meals"})
    assert list(model.results.splits["test"].multi_label.thresholds) == ["meals", *SORTED[1:]]
    model.save_pretrained(tmp_path / "renamed")
    assert "meals" in (tmp_path / "renamed" / "README.md").read_text(encoding="utf-8")


def prepare(rows, **settings):
    """Set up a run on rows, without training it."""
    words = {} if "init_from" in settings else {"min_count": 1}  # which a model to start from determines
    recipe = change_settings(get_recipe("pooled-bilstm"), {"precision": "float32", **words, **settings})
    return prepare_run(recipe, torch.device("cpu"), in_memory=resolve_source(rows))


def test_fine_tuning_keeps_the_classifier_of_the_same_labels_alone(trained):
    texts, labels = make_rows(60, seed=3)
    tuned = prepare((texts, labels), init_from=str(trained.folder))
    assert tuned.base_model.keeps_classifier
    assert tuned.model.config.is_multi_label
    assert tuned.model.config.thresholds is None
    assert torch.equal(tuned.model.classifier.weight, trained.model.classifier.weight)
    one_each = [(of or SORTED)[0] for of in labels]
    single = prepare((texts, one_each), init_from=str(trained.folder))
    assert not single.base_model.keeps_classifier
    assert not single.model.config.is_multi_label


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"class_weights": "balanced"}, "train.class_weights is balanced, which needs texts with one label each"),
        ({"virtual_adversarial_epsilon": 5.0}, "train.virtual_adversarial_epsilon is 5.0, which needs"),
        ({"entropy_weight": 0.5}, "train.entropy_weight is 0.5, which needs"),
    ],
)
def test_what_any_number_of_labels_can_not_have_is_refused_before_work(settings, expected):
    with pytest.raises(InputError, match=expected) as caught:
        prepare(make_rows(40), **settings)
    assert "\n" not in str(caught.value)


def test_a_saved_teacher_must_answer_the_same_question(trained, tiny_model_folder):
    texts, labels = make_rows(40, seed=4)
    taught = prepare((texts, labels), teachers=str(trained.folder))
    expected = trained.model.predict_proba(taught.splits["train"]["text"][:]).numpy()
    assert taught.learned.targets == pytest.approx(expected, abs=1e-6)
    with pytest.raises(InputError, match="has the labels 'neg', 'pos'"):
        prepare((texts, labels), teachers=str(tiny_model_folder))
    one_each = [(of or SORTED)[0] for of in labels]
    with pytest.raises(InputError, match=r"the texts have one label each, and .* gives any number of labels"):
        prepare((texts, one_each), teachers=str(trained.folder))


def test_a_teacher_that_can_not_teach_is_refused_before_a_word_is_counted(
    trained, tiny_model_folder, tmp_path, monkeypatch
):
    def count(*_):
        raise AssertionError("words are counted")

    monkeypatch.setattr("hf_lstm.training.completion.train_tokenizer", count)
    rows = make_rows(40, seed=4)
    with pytest.raises(InputError, match="has the labels 'neg', 'pos'"):
        prepare(rows, teachers=str(tiny_model_folder))
    language_model = tmp_path / "lm"
    shutil.copytree(tiny_model_folder, language_model)
    (language_model / CONFIG_FILE).write_text('{"model_type": "hf_lstm_language_model"}')
    with pytest.raises(InputError, match="is a language model, which classifies nothing"):
        prepare(rows, teachers=str(language_model))
    with pytest.raises(AssertionError, match="words are counted"):
        prepare(rows, teachers=str(trained.folder))


def test_no_teacher_is_named_twice(trained):
    rows = make_rows(40, seed=4)
    name = str(trained.folder)
    for twice in (f"{name},{name}", f"{name},{name}/", f"{name},ngrams,{name}/../{trained.folder.name}"):
        with pytest.raises(InputError, match=r"is named twice.*train\.teacher_votes"):
            prepare(rows, teachers=twice)


def test_rows_that_all_have_the_same_labels_teach_nothing():
    texts, _ = make_rows(40)
    with pytest.raises(InputError, match="rows of train have the same labels; training needs others, too"):
        prepare((texts, [["a", "b"]] * 40))


def test_what_a_config_says_of_thresholds_must_fit(trained, tmp_path):
    for values in ([0.5] * 3, [0.5] * 3 + [1.5], [0.5] * 3 + ["x"], 0.5):
        copy = shutil.copytree(trained.folder, tmp_path / str(values))
        config = json.loads((copy / CONFIG_FILE).read_text())
        (copy / CONFIG_FILE).write_text(json.dumps({**config, "thresholds": values}))
        with pytest.raises(InputError, match=r"model\.thresholds is"):
            LSTMSentiment.from_pretrained(copy)
    copy = shutil.copytree(trained.folder, tmp_path / "lost")
    del config["problem_type"]
    (copy / CONFIG_FILE).write_text(json.dumps(config))
    with pytest.raises(InputError, match="settings missing: 'problem_type'"):
        LSTMSentiment.from_pretrained(copy)


def test_one_label_is_fitted_without_thresholds(tiny_model):
    logits, labels = torch.tensor([[0.0, 1.0], [0.5, 0.0], [0.0, 2.0]]), np.array([1, 0, 0])
    assert fit_config(tiny_model.config, logits, labels).thresholds is None


def test_onnx_has_the_sigmoid_and_the_thresholds(trained, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    from hf_lstm.export.onnx import export_onnx

    texts = make_rows(12, seed=6)[0]
    export_onnx(trained.model, tmp_path / "model.onnx", texts)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    described = session.get_modelmeta().custom_metadata_map
    assert json.loads(described["problem_type"]) == "multi_label_classification"
    ids = trained.model.encode(texts[0]).astype(np.int64)[None]
    feed = {"input_ids": ids, "lengths": np.array([ids.shape[1]])}
    (probabilities,) = session.run(["probabilities"], feed)[0]
    given = probabilities >= np.array(json.loads(described["thresholds"]), dtype=np.float32)
    names = [name for name, is_given in zip(SORTED, given, strict=True) if is_given]
    assert names == sorted(each["label"] for each in trained.model.predict(texts[0]))


def test_the_api_lists_the_labels_of_each_text(trained):
    pytest.importorskip("fastapi")
    from fastapi.testclient import TestClient

    from hf_lstm.api.app import build_app

    texts = make_rows(12, seed=6)[0]
    with TestClient(build_app(trained.model, name="topics")) as client:
        answers = client.post("/classify", json={"texts": texts}).json()["answers"]
        explained = client.post("/explain", json={"text": texts[0], "label": "food"}).json()
    expected = trained.model.predict(texts)
    assert [[row["label"] for row in answer] for answer in answers] == [[row["label"] for row in of] for of in expected]
    assert (explained["label"], explained["against"]) == ("food", "not food")


def test_the_demo_names_all_labels_that_fit(trained):
    pytest.importorskip("gradio")
    from hf_lstm.answers.wording import choose_wording
    from hf_lstm.demo.batch_rows import NO_LABEL, classify_rows, count_shares, write_csv
    from hf_lstm.demo.batch_rows import Texts as Table
    from hf_lstm.demo.batch_tab import describe_rows
    from hf_lstm.demo.content.figures import describe_test, list_facts
    from hf_lstm.demo.single_tab import answer_text, explain_words

    model, texts = trained.model, make_rows(25, seed=6)[0]
    wording = choose_wording(model.labels, is_of_films=False, thresholds=model.problem.thresholds)
    expected = [[row["label"] for row in model.predict(text)] for text in texts]
    for text, labels in zip(texts, expected, strict=True):
        answer = answer_text(model, text, wording)
        assert answer["verdict"] == (", ".join(labels) or "None of the labels")
        assert answer["summary"].startswith(f"{len(labels)} of 4 ")
        assert [share["label"] for share in answer["shares"] if share["tone"] == "for"] == labels
        assert answer["against"] == explain_words(model, text)["against"] == f"not {answer['label']}"
        assert not answer["is_pair"]
    rows = classify_rows(model, texts)
    assert [row.label for row in rows] == ["|".join(labels) or NO_LABEL for labels in expected]
    described = describe_rows(rows, model.labels, wording)
    counts = {each["label"]: each["count"] for each in described["counts"]}
    assert counts == {name: sum(name in row["labels"] for row in described["rows"]) for name in counts}
    assert counts["sport"] == pytest.approx(len(rows) * count_shares(rows)["sport"])
    table = Table(["text"], texts, [[text] for text in texts])
    header, first = write_csv(table, rows, model.config).splitlines()[:2]
    assert header == ",".join(f'"{name}"' for name in ("text", "label", *(f"score_{name}" for name in SORTED)))
    assert f'"{"|".join(expected[0])}"' in first
    assert "F1" in list_facts(model)[0].meaning
    assert "get just their labels" in describe_test(model.results.splits["test"])


def test_the_command_writes_labels_into_one_cell(trained, tmp_path, capsys):
    from hf_lstm.cli.predict import main

    texts, _ = make_rows(25, seed=6)
    (tmp_path / "rows.txt").write_text("\n".join(texts), encoding="utf-8")
    main([str(trained.folder), str(tmp_path / "rows.txt")])
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    expected = [["|".join(row["label"] for row in answer) for answer in trained.model.predict(texts)]]
    assert [[fields[0] for fields in lines]] == expected
    assert all(len(fields) == 3 for fields in lines)
    main([str(trained.folder), str(tmp_path / "rows.txt"), "--output", str(tmp_path / "rows.csv")])
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()[0] == '"text","label"'
    nothing = next(text for text, cell in zip(texts, expected[0], strict=True) if not cell)
    capsys.readouterr()
    main([str(trained.folder), nothing])
    assert capsys.readouterr().out == "none of the labels; --scores shows how likely each is\n"
