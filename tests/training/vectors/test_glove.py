import contextlib
import gzip
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from hf_lstm.errors import InputError
from hf_lstm.training.vectors.glove import check_dimension, initialize_embedding, measure_coverage, read_word_vectors

VOCAB = {"<pad>": 0, "<unk>": 1, "film": 2, "naïve": 3, "zyzzy": 4}
GLOVE = "the 1 2 3\nfilm 0.5 -0.25 1e-1\n. . . 7 8 9\nnaïve 4 5 6\nfilm 9 9 9\n"


def write(folder, text=GLOVE, name="glove.txt"):
    path = folder / name
    path.write_bytes(text.encode())
    return path


def as_dict(found):
    return {int(token_id): vector.tolist() for token_id, vector in zip(found.ids, found.vectors, strict=True)}


EXPECTED = {2: [0.5, -0.25, pytest.approx(0.1)], 3: [4, 5, 6]}


def test_the_words_of_the_vocabulary_are_read_the_first_of_each(tmp_path):
    found = read_word_vectors(write(tmp_path), VOCAB, 3)
    assert as_dict(found) == EXPECTED
    assert found.vectors.dtype == np.float32


@pytest.mark.parametrize(
    "text", ["5 3\n" + GLOVE, GLOVE.replace("\n", "\r\n"), GLOVE.replace("\n", " \n"), GLOVE.rstrip("\n")]
)
def test_headers_and_line_ends_of_other_writers_are_read(tmp_path, text):
    assert as_dict(read_word_vectors(write(tmp_path, text), VOCAB, 3)) == EXPECTED


def test_gzipped_and_zipped_files_are_read(tmp_path):
    gz, archive = tmp_path / "glove.txt.gz", tmp_path / "glove.zip"
    gz.write_bytes(gzip.compress(GLOVE.encode()))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("glove.6B.50d.txt", "film 1 2\n")
        file.writestr("glove.6B.3d.txt", GLOVE)
    for path in (gz, archive):
        check_dimension(path, 3)
        assert as_dict(read_word_vectors(path, VOCAB, 3)) == EXPECTED


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("film 1 2\n", "has 2 values a word, but model.embedding_dim is 3"),
        ("9 2\nfilm 1 2\n", "has 2 values a word, but model.embedding_dim is 3"),
        ("", r"glove\.txt: has a vector for none of the 5 entries"),
        ("no vectors at all\n", r"glove\.txt, line 1: has a value that is no number"),
        ("the 1 2 3\nfilm 1 2\n", r"glove\.txt, line 2: has 2 values, expected 3"),
        ("the 1 2 3\nfilm 1 2 3 4\n", r"glove\.txt, line 2: has 4 values, expected 3"),
        ("the 1 2 3\nfilm 1 x 3\n", r"glove\.txt, line 2: has a value that is no number"),
        ("the 1 2 3\nfilm 1 nan 3\n", r"glove\.txt, line 2: has a value that is not finite"),
        ("the 1 2 3\nfilm 1 1e300 3\n", r"glove\.txt, line 2: has a value that is not finite"),
        ("the 1 2 3\nfilm 1  3\n", r"glove\.txt, line 2: has 2 values, expected 3"),
        ("film 1 2 3\nother 1 x 3\n", r"glove\.txt, line 2: has a value that is no number"),
        ("film 1 2 3\nother 1 inf 3\n", r"glove\.txt, line 2: has a value that is not finite"),
        ("film 1 2 3\nother 1  3\n", r"glove\.txt, line 2: has 2 values, expected 3"),
        ("film 1 2 3\n. . 1 x 3\n", r"glove\.txt, line 2: has a value that is no number"),
        ("2 3\nfilm\t1\t2\t3\n", r"glove\.txt, line 2: has tabs, expected blanks between"),
        ("\n\nno vectors at all\n", r"glove\.txt, line 3: has a value that is no number"),
        ("the 1 2 3\n", "has a vector for none of the 5 entries"),
        ("x" * 3_000_000, "expected a word and its values"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_its_place(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as caught:
        read_word_vectors(write(tmp_path, text), VOCAB, 3)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["glove.txt.gz", "glove.zip"])
def test_a_truncated_archive_is_refused(tmp_path, name):
    whole = tmp_path / "whole"
    text = "".join(f"word{i} {i} {i * 7919 % 1000} 3\n" for i in range(50_000))
    if name.endswith("zip"):
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("glove.txt", text)
    else:
        whole.write_bytes(gzip.compress(text.encode()))
    path = tmp_path / name
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InputError, match="cannot be read, download it again"):
        read_word_vectors(path, VOCAB, 3)


@given(content=st.binary(max_size=200))
def test_no_file_ends_in_another_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(b"film 1 2 3\n" + content)
    with contextlib.suppress(InputError):
        read_word_vectors(path, VOCAB, 3)


@pytest.mark.parametrize("missing", ["zero", "normal"])
def test_an_embedding_starts_from_the_vectors(tmp_path, missing):
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    vocab = {f"word{i}": i for i in range(3_000)}
    vectors = rng.normal(0.1, 0.4, size=(1_500, 8)).astype(np.float32)
    lines = [f"word{2 * i} {' '.join(map(repr, map(float, vector)))}" for i, vector in enumerate(vectors)]
    found = read_word_vectors(write(tmp_path, "\n".join(lines)), vocab, 8)
    embedding = nn.Embedding(3_000, 8, padding_idx=4)
    initialize_embedding(embedding, found, missing=missing)
    weight = embedding.weight.detach()
    kept = torch.arange(0, 3_000, 2) != 4
    assert weight[::2][kept].equal(torch.from_numpy(vectors)[kept])
    assert not weight[4].any()
    if missing == "zero":
        assert not weight[1::2].any()
    else:
        assert weight[1::2].mean().item() == pytest.approx(0.1, abs=0.02)
        assert weight[1::2].std().item() == pytest.approx(0.4, abs=0.02)
    assert embedding.weight.requires_grad


def test_coverage_counts_entries_and_tokens(tmp_path):
    found = read_word_vectors(write(tmp_path), VOCAB, 3)
    train_ids = np.array([2, 2, 3, 1, 4], dtype=np.int32)
    assert measure_coverage(found, vocab_size=5, train_ids=train_ids) == (0.4, 0.6)


def test_the_excerpt_of_glove_is_read(shared_data):
    path = shared_data / "glove" / "glove.6B.100d.imdb.txt.gz"
    check_dimension(path, 100)
    found = read_word_vectors(path, {"the": 0, "film": 1, "zyzzyva-not-there": 2}, 100)
    assert sorted(found.ids) == [0, 1]
    with pytest.raises(InputError, match=r"has 100 values a word, but model\.embedding_dim is 50"):
        check_dimension(path, 50)


def test_blank_lines_are_skipped(tmp_path):
    path = tmp_path / "vectors.vec"
    path.write_bytes(b"2 2\r\nfilm 1 2\r\n\r\ndull 3 4\r\n \n")
    assert read_word_vectors(path, {"film": 2, "dull": 3}, 2).ids.tolist() == [2, 3]
    path.write_bytes(b"\n\r\n2 2\nfilm 1 2\n\ndull 3 4\n")
    check_dimension(path, 2)
    assert read_word_vectors(path, {"film": 2, "dull": 3}, 2).ids.tolist() == [2, 3]


@pytest.mark.parametrize(("num_announced", "is_told"), [(5, False), (4, False), (6, True)])
def test_a_file_with_fewer_words_than_its_header_says_is_warned_of(tmp_path, caplog, num_announced, is_told):
    found = read_word_vectors(write(tmp_path, f"{num_announced} 3\n{GLOVE}"), VOCAB, 3)
    assert as_dict(found) == EXPECTED
    assert ("its first line says 6 words, it has 5: is it cut off?" in caplog.text) == is_told
