import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, Features, Value
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.data.encoded import encode_split
from hf_lstm.encoding.batching import collate, divide_batches, padding_share, shuffle_batches, sort_batches
from hf_lstm.encoding.encoder import EncodedTexts, fill_empty
from hf_lstm.tokenization.build import train_tokenizer

PAD, UNK = 0, 1

rows_of_ids = st.lists(st.lists(st.integers(2, 99), max_size=12), min_size=1, max_size=30)
row_lengths = st.lists(st.integers(1, 300), min_size=1, max_size=200).map(np.array)


def encode(rows: list[list[int]]) -> EncodedTexts:
    offsets = np.cumsum([0, *map(len, rows)])
    return EncodedTexts(input_ids=np.array([i for row in rows for i in row], dtype=np.int32), offsets=offsets)


def decode(texts: EncodedTexts) -> list[list[int]]:
    return [texts[i].tolist() for i in range(len(texts))]


@given(rows_of_ids)
def test_fill_empty_changes_empty_rows_only(rows):
    assert decode(fill_empty(encode(rows), UNK)) == [row or [UNK] for row in rows]


@given(rows_of_ids, st.randoms(use_true_random=False))
def test_collate_pads_on_the_right_and_loses_nothing(rows, random):
    texts = fill_empty(encode(rows), UNK)
    chosen = random.sample(range(len(rows)), k=random.randint(1, len(rows)))
    batch = collate(texts, np.array(chosen), pad_token_id=PAD)
    assert batch.input_ids.dtype == batch.lengths.dtype == torch.int64
    assert batch.input_ids.shape == (len(chosen), int(batch.lengths.max()))
    for row, ids, length in zip(chosen, batch.input_ids.tolist(), batch.lengths.tolist(), strict=True):
        assert ids[:length] == texts[row].tolist()
        assert set(ids[length:]) <= {PAD}


@given(row_lengths, st.integers(1, 40), st.booleans(), st.integers(0, 5), st.none() | st.integers(1, 2000))
def test_an_epoch_holds_each_row_once_and_depends_on_seed_and_epoch_alone(
    lengths, batch_size, grouped, epoch, max_tokens
):
    batches, again = (
        shuffle_batches(lengths, batch_size, seed=3, epoch=epoch, group_by_length=grouped, max_tokens=max_tokens)
        for _ in range(2)
    )
    assert [batch.tolist() for batch in batches] == [batch.tolist() for batch in again]
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    for batch in batches:
        assert lengths[batch].max() * len(batch) <= (max_tokens or 10**9) or len(batch) == 1
    if max_tokens is None:
        assert max(map(len, batches)) <= batch_size
        assert len(batches) == -(-len(lengths) // batch_size)


def test_grouping_leaves_under_5_percent_padding_and_epochs_differ():
    lengths = np.minimum(np.random.default_rng(0).lognormal(5.2, 0.7, 20_000).astype(int) + 1, 256)  # like IMDB
    grouped = shuffle_batches(lengths, 64, seed=0, epoch=1)
    assert padding_share(lengths, grouped) < 0.05 < padding_share(lengths, [np.arange(20_000)])
    following = shuffle_batches(lengths, 64, seed=0, epoch=2)
    assert {tuple(sorted(batch)) for batch in grouped}.isdisjoint({tuple(sorted(batch)) for batch in following})


@given(row_lengths, st.integers(1, 1000))
def test_budgeted_batches_cover_all_rows_within_the_budget(lengths, max_tokens):
    batches = list(sort_batches(lengths, max_tokens=max_tokens))
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    for batch in batches:
        assert lengths[batch].max() * len(batch) <= max_tokens or len(batch) == 1


@pytest.mark.parametrize("batch_size", [32, 64, 512, 1024])
def test_rows_meet_others_in_the_next_epoch(batch_size):
    lengths = np.minimum(np.random.default_rng(0).lognormal(5.2, 0.7, 20_000).astype(int) + 1, 2_500)
    epochs = [shuffle_batches(lengths, batch_size, seed=0, epoch=epoch) for epoch in (1, 2)]
    batch_of_row = np.empty(len(lengths), dtype=int)
    for index, rows in enumerate(epochs[1]):
        batch_of_row[rows] = index
    num_again = sum((np.bincount(batch_of_row[rows]) ** 2).sum() - len(rows) for rows in epochs[0])
    assert num_again / sum(len(rows) * (len(rows) - 1) for rows in epochs[0]) < 0.2


@pytest.mark.parametrize("batch_size", [1, 64, 4_096])
def test_a_token_budget_pads_little_whatever_the_batch_size(batch_size):
    lengths = np.minimum(np.random.default_rng(0).lognormal(5.2, 0.7, 20_000).astype(int) + 1, 256)
    batches = shuffle_batches(lengths, batch_size, seed=0, epoch=1, max_tokens=16_384)
    assert padding_share(lengths, batches) < 0.05


@given(row_lengths, st.integers(1, 50))
def test_sorted_batches_of_fixed_size(lengths, batch_size):
    batches = list(sort_batches(lengths, batch_size=batch_size))
    assert np.concatenate(batches).tolist() == np.argsort(lengths, kind="stable").tolist()
    assert {len(batch) for batch in batches[:-1]} <= {batch_size}


@given(row_lengths, st.integers(1, 50), st.integers(1, 1000))
def test_sorted_batches_hold_both_limits(lengths, batch_size, max_tokens):
    batches = list(sort_batches(lengths, batch_size=batch_size, max_tokens=max_tokens))
    assert np.concatenate(batches).tolist() == np.argsort(lengths, kind="stable").tolist()
    for batch in batches:
        assert len(batch) <= batch_size
        assert lengths[batch].max() * len(batch) <= max_tokens or len(batch) == 1


@given(row_lengths, st.integers(1, 20), st.integers(300, 5_000))
def test_divided_batches_are_alike(lengths, num_batches, max_places):
    batches = divide_batches(lengths, num_batches, max_places=max_places)
    assert np.concatenate(batches).tolist() == np.argsort(lengths, kind="stable").tolist()
    assert all(0 < len(batch) * lengths[batch].max() <= max_places for batch in batches)
    share = lengths.sum() / num_batches
    assert all(lengths[batch].sum() <= share + lengths.max() for batch in batches)
    if max_places >= len(lengths) * lengths.max():
        assert len(batches) <= num_batches
    if share >= lengths.max():
        assert len(batches) >= num_batches


@pytest.fixture
def split(tmp_path):
    features = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    texts = ["Good good film", "", "bad", "a film a good film"] * 600
    rows = Dataset.from_dict({"text": texts, "label": [1, 0, 0, 1] * 600}, features=features)
    rows.to_parquet(tmp_path / "a.parquet")
    return Dataset.from_parquet(str(tmp_path / "a.parquet"), cache_dir=str(tmp_path), features=features)


def test_encoded_split_is_what_the_tokenizer_says_and_is_mapped_once(split, monkeypatch):
    tokenizer = train_tokenizer(["good film bad"], TokenizerConfig())
    config = ModelSettings(max_length_tokens=4).resolve(vocab_size=9, label_names=("neg", "pos"))
    encoded = encode_split(split, tokenizer, config)
    expected = [tokenizer.encode(text).ids[:4] or [UNK] for text in split["text"]]
    assert decode(encoded.texts) == expected
    assert encoded.labels.tolist() == [1, 0, 0, 1] * 600
    monkeypatch.setattr("hf_lstm.data.encoded.Encoder.encode", lambda *_, **__: pytest.fail("mapped again"))
    assert decode(encode_split(split, tokenizer, config).texts) == expected


def test_each_truncation_has_ids_of_its_own(split):
    tokenizer = train_tokenizer(["good film bad a"], TokenizerConfig())
    ids = tokenizer.encode("a film a good film").ids
    kept = {"first": ids[:3], "last": ids[2:], "head_tail": [*ids[:2], ids[4]]}
    for truncation, expected in kept.items():
        settings = ModelSettings(max_length_tokens=3, truncation=truncation)
        encoded = encode_split(split, tokenizer, settings.resolve(vocab_size=9, label_names=("neg", "pos")))
        assert encoded.texts[3].tolist() == expected
