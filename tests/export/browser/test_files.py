"""What the page is written from, and where it may be written."""

import json

import pytest
from random_model import build_model
from tokenizers import Tokenizer, models, pre_tokenizers

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.config import TokenizerConfig
from hf_lstm.errors import StorageError
from hf_lstm.export.browser import describe_model, describe_tokenizer, export_browser
from hf_lstm.tokenization.build import train_tokenizer
from hf_lstm.tokenization.byte_pairs import list_byte_letters
from hf_lstm.tokenization.older_patterns import age_byte_pairs


@pytest.mark.parametrize("lowercase", [True, False])
def test_byte_pairs_of_another_library_are_refused_and_those_of_before_are_not(lowercase):
    tokenizer = train_tokenizer(["这部电影非常好看"] * 2, TokenizerConfig(words="bpe", lowercase=lowercase))
    older = Tokenizer.from_str(json.dumps(age_byte_pairs(json.loads(tokenizer.to_str()))))
    assert older.to_str() != tokenizer.to_str()
    assert describe_tokenizer(older) == describe_tokenizer(tokenizer)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    with pytest.raises(InputError, match="export it as ONNX"):
        describe_tokenizer(tokenizer)


def test_bytes_are_the_letters_of_the_library():
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str
    everything = "".join(map(chr, range(0x800))) + "中😀􀀀"
    ((letters, _),) = split(everything)
    assert letters == "".join(list_byte_letters()[byte] for byte in everything.encode())
    assert sorted(list_byte_letters()) == sorted(pre_tokenizers.ByteLevel.alphabet())


def test_weights_are_written_in_half_the_bytes_where_nothing_is_lost():
    model = build_model()
    assert describe_model(model)["format"] == "float32"
    whole = len(describe_model(model)["weights"])
    model.load_state_dict({name: tensor.bfloat16().float() for name, tensor in model.state_dict().items()})
    assert describe_model(model)["format"] == "bfloat16"
    assert abs(2 * len(describe_model(model)["weights"]) - whole) <= 8


def test_a_tokenizer_that_the_page_does_not_know_is_refused(tiny_model, tmp_path):
    other = Tokenizer(models.WordLevel(tiny_model.tokenizer.get_vocab(), unk_token="<unk>"))
    other.pre_tokenizer = pre_tokenizers.Whitespace()
    with pytest.raises(InputError, match="export it as ONNX"):
        export_browser(LSTMSentiment(tiny_model.config, other), tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_a_page_of_before_is_replaced_and_another_one_is_not(tiny_model, tmp_path):
    assert export_browser(tiny_model, tmp_path / "page") == export_browser(tiny_model, tmp_path / "page")
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(InputError, match="that is not of such a page; choose another folder"):
        export_browser(tiny_model, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "page"]
    assert (tmp_path / "index.html").read_text() == "mine"
    with pytest.raises(InputError, match=r"index.html is a file; expected a folder"):
        export_browser(tiny_model, tmp_path / "index.html")


def test_a_page_on_a_full_disk_is_the_old_one_or_none(tiny_model, tmp_path, monkeypatch):
    page = tmp_path / "page"
    export_browser(tiny_model, page)
    before = {path.name: path.read_bytes() for path in page.iterdir()}
    (page / "page.js").write_text(old := "of an earlier version")

    def write(path, content):
        if path.name == "weights.js":
            raise StorageError("full")
        path.write_bytes(content)

    with monkeypatch.context() as patch:
        patch.setattr("hf_lstm.export.browser.write_file", write)
        for folder in (page, tmp_path / "new"):
            with pytest.raises(StorageError, match="full"):
                export_browser(tiny_model, folder)
    assert {path.name: path.read_bytes() for path in page.iterdir()} == {**before, "page.js": old.encode()}
    assert [path.name for path in tmp_path.iterdir()] == ["page"]
    export_browser(tiny_model, page)
    assert {path.name: path.read_bytes() for path in page.iterdir()} == before
