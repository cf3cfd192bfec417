import pytest
import torch

from hf_lstm import FLAGSHIP_TINY, InputError, LSTMSentiment
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes.ours import POOLED_BILSTM
from hf_lstm.training.vectors.saved_models import read_model_vectors, reduce_vectors
from hf_lstm.training.vectors.start import find_vector_source


def test_vectors_of_the_words_that_both_know_are_found(tiny_model_folder):
    model = LSTMSentiment.from_pretrained(tiny_model_folder)
    theirs, size = model.require_tokenizer().get_vocab(), model.config.embedding_dim
    word = max(theirs, key=lambda each: theirs[each])
    found = read_model_vectors(tiny_model_folder, size).find({"<pad>": 0, "none-such": 1, word: 2}, size)
    assert found.ids.tolist() == [0, 2]
    assert found.vectors[1].tolist() == model.embedding.weight[theirs[word]].tolist()


def test_the_order_in_which_a_tokenizer_lists_its_words_changes_no_bit(tiny_model_folder):
    model = LSTMSentiment.from_pretrained(tiny_model_folder)
    vocab, size = model.require_tokenizer().get_vocab(), model.config.embedding_dim
    forwards = dict(sorted(vocab.items()))
    backwards = dict(reversed(forwards.items()))
    for kept in (size, size - 1):
        one, other = (read_model_vectors(tiny_model_folder, size).find(each, kept) for each in (forwards, backwards))
        assert one.ids.tolist() == other.ids.tolist() == sorted(one.ids.tolist())
        assert one.vectors.tobytes() == other.vectors.tobytes()


def test_reduced_vectors_keep_distances_where_there_are_enough_dimensions():
    torch.manual_seed(0)
    flat = torch.randn(50, 3) @ torch.randn(3, 10) + 7  # three dimensions of ten
    reduced = reduce_vectors(flat, 4)
    assert reduced.shape == (50, 4)
    torch.testing.assert_close(torch.pdist(reduced.double()), torch.pdist(flat.double()), rtol=1e-4, atol=1e-4)
    variances = reduced.var(dim=0)
    assert torch.equal(variances.argsort(descending=True), torch.arange(4))
    assert variances[3] < 1e-6
    assert reduced.mean(dim=0).abs().max() < 1e-5


def test_what_has_no_vectors_is_one_line(tiny_model_folder, tmp_path):
    with pytest.raises(InputError, match="is a folder without a saved model"):
        read_model_vectors(tmp_path / "..", 3)
    with pytest.raises(InputError, match=r"but model\.embedding_dim is 999; expected as many or fewer"):
        read_model_vectors(tiny_model_folder, 999)
    with pytest.raises(InputError, match="a vector for none of the 1 entries"):
        read_model_vectors(tiny_model_folder, 2).find({"none-such": 0}, 2)


def test_the_models_that_come_along_are_known_by_their_names():
    recipe = override_recipe(POOLED_BILSTM, ["train.embeddings=flagship-tiny", "model.embedding_dim=4"])
    source = find_vector_source(recipe)
    assert source is not None
    assert source.path == FLAGSHIP_TINY
    assert len(source.find({"good": 1, "bad": 0}, 4).ids) == 2
