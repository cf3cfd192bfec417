import dataclasses
import json

import pytest
from datasets import ClassLabel, Dataset, Features, Value

from hf_lstm import InputError
from hf_lstm.config import DataConfig
from hf_lstm.data.groups import add_groups, hash_text
from hf_lstm.data.splits import cut_official

FEATURES = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
TRAIN = Dataset.from_dict({"text": [f"text {i}" for i in range(40)], "label": [0, 1] * 20}, features=FEATURES)
TEST = Dataset.from_dict({"text": ["text 3", "new"], "label": [1, 0]}, features=FEATURES)


def write(folder, lines):
    path = folder / "groups.csv"
    path.write_text("\n".join(lines) + "\n")
    return DataConfig(group_file=str(path), group_column="movie", validation_fraction=0.3)


def test_validation_is_whole_groups_and_train_has_none_of_them(tmp_path):
    config = write(tmp_path, ["movie", *(f"m{i % 7}" for i in range(40))])
    splits = cut_official({"train": add_groups(TRAIN, config), "test": TEST}, config)
    groups = {name: set(splits[name]["group"][:]) for name in ("train", "validation")}
    assert groups["train"] | groups["validation"] == {f"m{i}" for i in range(7)}
    assert not groups["train"] & groups["validation"]
    assert 0 < len(splits["validation"]) <= 12
    assert sorted(splits["train"]["text"][:] + splits["validation"]["text"][:]) == sorted(TRAIN["text"][:])


def test_rows_are_found_by_the_hash_of_their_text_whatever_their_order(tmp_path):
    lines = [f"{hash_text(f'text {i}')},m{i % 5}" for i in reversed(range(40))]
    grouped = add_groups(TRAIN, write(tmp_path, ["text_sha256_16,movie", *lines]))
    assert grouped["group"][:] == [f"m{i % 5}" for i in range(40)]
    with pytest.raises(InputError, match="no group for row 40 of train"):
        add_groups(TRAIN, write(tmp_path, ["text_sha256_16,movie", *lines[1:]]))


def test_a_damaged_hash_is_refused_and_rows_are_not_grouped_by_their_order(tmp_path):
    rows = [json.dumps({"text_sha256_16": hash_text(f"text {i}"), "movie": f"m{i % 5}"}) for i in reversed(range(40))]
    rows[7] = json.dumps({"text_sha256_16": None, "movie": "m0"})
    path = tmp_path / "groups.jsonl"
    path.write_text("\n".join(rows))
    with pytest.raises(InputError, match=r"groups\.jsonl, row 8 \(line 8\), column 'text_sha256_16': there is no text"):
        add_groups(TRAIN, DataConfig(group_file=str(path), group_column="movie"))


def test_names_of_groups_are_read_in_the_encoding_of_the_data(tmp_path):
    config = write(tmp_path, ["movie"])
    names = [("Öl", "Eis")[i % 2] for i in range(40)]
    (tmp_path / "groups.csv").write_bytes("\n".join(["movie", *names]).encode("cp1252"))
    assert add_groups(TRAIN, dataclasses.replace(config, encoding="cp1252"))["group"][:] == names
    Dataset.from_dict({"movie": names}).to_parquet(str(tmp_path / "groups.parquet"))
    config = dataclasses.replace(config, encoding="cp1252", group_file=str(tmp_path / "groups.parquet"))
    assert add_groups(TRAIN, config)["group"][:] == names


@pytest.mark.parametrize(
    ("groups", "message"), [(["a"] * 40, "all rows are of one group"), (["a", "b"], "has 2 rows, but train has 40")]
)
def test_groups_that_cannot_be_used_are_refused(tmp_path, groups, message):
    with pytest.raises(InputError, match=message):
        add_groups(TRAIN, write(tmp_path, ["movie", *groups]))


def test_texts_of_test_are_left_out_of_train_if_asked():
    for drops, expected in ((False, 40), (True, 39)):
        splits = cut_official({"train": TRAIN, "test": TEST}, DataConfig(drop_test_texts=drops))
        assert len(splits["train"]) + len(splits["validation"]) == expected
        assert len(splits["test"]) == 2
