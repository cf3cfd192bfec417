import numpy as np
import pytest
from run_records import make_config
from tqdm import tqdm

from hf_lstm import InputError
from hf_lstm.nn.problem import get_problem
from hf_lstm.teaching import cross_fitting, teachers
from hf_lstm.teaching.cross_fitting import NUM_FOLDS, Lesson, cut_folds
from hf_lstm.teaching.kept_answers import KeptAnswers
from hf_lstm.teaching.teachers import label_softly

NO_ROWS = np.empty(0, dtype=np.int64)


def make_lesson(texts, labels, *, groups=None, more_texts=(), origins=NO_ROWS, label_names=("neg", "pos")):
    groups = np.arange(len(texts)) if groups is None else groups
    problem = get_problem(make_config(label_names))
    return Lesson(texts, np.array(labels), groups, more_texts, np.array(origins, dtype=np.int64), problem)


def test_rows_of_a_group_are_in_one_fold():
    groups = np.array([5, 9, 5, 7, 9, 1, 2, 3] * 3)
    folds = cut_folds(groups)
    assert set(folds) == set(range(NUM_FOLDS))
    for group in groups:
        assert len(set(folds[groups == group])) == 1


class Fixed:
    """Stands in for a saved model that says the same of every text."""

    def __init__(self, share):
        self.share = share

    def predict_proba(self, texts, *, show_progress):
        return np.array([[self.share, 1 - self.share]] * len(texts))


@pytest.mark.parametrize("teacher_names", [["ngrams"], ["a model", "ngrams"]])
def test_no_ngrams_label_a_row_or_part_that_they_have_learned_from(monkeypatch, teacher_names):
    """Each text has a word of its own, which a teacher can only know if it has learned from the text."""
    pytest.importorskip("sklearn")
    learned, shared = [], []

    class Spy(cross_fitting.NgramClassifier):
        def fit(self, features, targets):
            learned.append(np.asarray(features.sum(axis=0)).ravel() > 0)
            return super().fit(features, targets)

        def compute_logits(self, features, *, are_parts=False):
            own = np.asarray(features.sum(axis=0)).ravel() > 0
            shared.append(int((own & learned[-1]).sum()))
            return super().compute_logits(features, are_parts=are_parts)

    monkeypatch.setattr(cross_fitting, "NgramClassifier", Spy)
    monkeypatch.setattr(teachers, "_load_teacher", lambda name, config, device: Fixed(0.9))
    texts, others = [f"own{row}" for row in range(20)], [f"other{row}" for row in range(10)]
    origins = [*range(20), *[-1] * 10, *range(40, 50)]  # those of the labeled texts, and of the others
    lesson = make_lesson(texts, [0, 1] * 10, more_texts=[*texts, *others, *others], origins=origins)
    answers = label_softly(teacher_names, lesson)
    assert answers.shape == (60, 2)
    assert set(shared) == {0}
    assert answers.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("num_known", range(4))
def test_the_bar_of_a_teacher_comes_to_its_end_where_parts_are_known(tmp_path, monkeypatch, num_known):
    monkeypatch.setattr(teachers, "can_show_bars", lambda: True)
    monkeypatch.setattr(teachers, "_load_teacher", lambda name, config, device: Fixed(0.9))
    monkeypatch.setattr(teachers, "digest_model", lambda model: "a model")
    monkeypatch.setattr(teachers.memory, "WINDOW_TEXTS", 2)
    bars, lesson, kept = [], make_lesson(["a"] * 5, [0, 1, 0, 1, 0]), KeptAnswers(tmp_path)
    monkeypatch.setattr(teachers, "tqdm", lambda **options: bars.append(tqdm(**options)) or bars[-1])
    label_softly(["a model"], lesson, kept=kept)
    for stem in [*kept._pending][num_known:]:
        del kept._pending[stem]
    label_softly(["a model"], lesson, kept=kept)
    assert [bar.n for bar in bars] == [5, 5]


def test_ngrams_learn_from_what_models_say_of_texts_without_labels(monkeypatch):
    pytest.importorskip("sklearn")

    class Model:
        def predict_proba(self, texts, *, show_progress):
            return np.array([[0.05, 0.95] if "splendid" in text else [0.95, 0.05] for text in texts])

    monkeypatch.setattr(teachers, "_load_teacher", lambda name, config, device: Model())
    told = [f"{word} {row}" for row in range(15) for word in ("splendid lights", "wooden walls")]
    asked = ["lights", "walls"]
    lesson = make_lesson(["good", "bad"] * 5, [1, 0] * 5, more_texts=[*told, *asked], origins=[-1] * 32)
    answers = label_softly(["a model", "ngrams"], lesson, votes=[1e-6, 1])
    assert answers[-2, 1] > 0.6 > 0.4 > answers[-1, 1]  # no label tells it, and the model has "lights" as blame
    alone = label_softly(["ngrams"], lesson)
    assert alone[-2:] == pytest.approx(0.5)


def test_what_teachers_say_is_calibrated_on_rows_that_they_did_not_learn_from():
    pytest.importorskip("sklearn")
    random = np.random.RandomState(0)
    labels = random.randint(0, 2, 400)
    is_noise = random.rand(400) < 0.2
    texts = [
        f"{'good' if label ^ noise else 'bad'} {row}"
        for row, (label, noise) in enumerate(zip(labels, is_noise, strict=True))
    ]
    answers = label_softly(["ngrams"], make_lesson(texts, labels))
    assert answers.max(axis=1).mean() == pytest.approx(0.8, abs=0.03)


def test_models_are_asked_and_their_answers_averaged(tiny_model_folder, tiny_model):
    texts = ["a wonderful film", "a dull film"]
    lesson = make_lesson(texts, [1, 0], more_texts=["great fun"], origins=[-1])
    expected = tiny_model.predict_proba([*texts, "great fun"]).numpy()
    for names in ([str(tiny_model_folder)], [str(tiny_model_folder)] * 2):
        assert label_softly(names, lesson) == pytest.approx(expected, abs=1e-6)


def test_a_teacher_with_other_labels_is_refused(tiny_model_folder):
    with pytest.raises(InputError, match=r"has the labels 'neg', 'pos'; expected .* 'bad', 'good'"):
        label_softly([str(tiny_model_folder)], make_lesson(["a"], [0], label_names=("bad", "good")))


def test_labels_of_a_single_group_are_left_open():
    pytest.importorskip("sklearn")
    lesson = make_lesson(["a", "b"], [0, 1], groups=np.zeros(2, dtype=np.int64), more_texts=["a"], origins=[-1])
    answers = label_softly(["ngrams"], lesson)
    assert answers[:2] == pytest.approx(0.5)
    assert answers[2, 0] > 0.5


@pytest.mark.parametrize(("votes", "expected"), [(None, [0.5, 0.5]), ([3.0, 1.0], [0.7, 0.3])])
def test_teachers_count_as_they_have_votes(monkeypatch, votes, expected):
    shares = {"sure": 0.9, "other": 0.1}
    monkeypatch.setattr(teachers, "_load_teacher", lambda name, labels, device: Fixed(shares[name]))
    answers = label_softly(["sure", "other"], make_lesson(["a", "b"], [0, 1]), votes)
    assert answers.dtype == np.float32
    assert answers.tolist() == [pytest.approx(expected)] * 2


def test_teachers_whose_names_begin_alike_are_asked_each(monkeypatch):
    shares = {f"{'folder/' * 10}{name}": share for name, share in (("sure", 0.9), ("other", 0.3))}
    monkeypatch.setattr(teachers, "_load_teacher", lambda name, labels, device: Fixed(shares[name]))
    answers = label_softly(list(shares), make_lesson(["a", "b"], [0, 1]))
    assert answers.tolist() == [pytest.approx([0.6, 0.4])] * 2
