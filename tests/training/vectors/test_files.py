import codecs
import gzip
import os
import zipfile

import pytest
from local_hub import Fault

from hf_lstm.errors import InputError
from hf_lstm.training.vectors.files import fetch_vector_file, open_vector_file

GLOVE = b"film 1 2 3\n"


@pytest.mark.parametrize("repo_type", ["dataset", "model"])
@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (["glove.6B.100d.txt", "glove.6B.3d.txt", "README.md"], "glove.6B.3d.txt"),
        (["glove.6B.zip", "glove.42B.300d.zip", "glove.twitter.27B.zip"], "glove.6B.zip"),
        (["vectors.txt.gz"], "vectors.txt.gz"),
    ],
)
def test_a_repository_gives_the_file_of_the_dimension(hub, repo_type, files, chosen):
    repo_id = f"org/{repo_type}-{len(files)}"
    hub.add_repo(repo_id, repo_type=repo_type, files={name: name.encode() for name in files})
    assert fetch_vector_file(repo_id, 3).read_bytes() == chosen.encode()


def test_a_repository_gives_the_file_that_is_named(hub):
    hub.add_repo("org/named", repo_type="dataset", files={"a.txt": GLOVE, "folder/b.txt": b"b"})
    assert fetch_vector_file("org/named/folder/b.txt", 3).read_bytes() == b"b"


@pytest.mark.parametrize("files", [["a.txt", "b.txt"], ["README.md"], ["glove.50d.txt"]])
def test_a_repository_without_one_that_will_do_names_what_it_has(hub, files):
    hub.add_repo("org/unclear", repo_type="dataset", files=dict.fromkeys(files, b""))
    with pytest.raises(InputError, match=r"expected one file of 3 values a word, .* org/unclear/FILE"):
        fetch_vector_file("org/unclear", 3)


@pytest.mark.parametrize("source", ["org/not-there", "org/not-there/glove.txt"])
def test_what_is_not_on_the_hub_is_one_line_that_says_what_else_to_pass(hub, source):
    with pytest.raises(InputError, match=r"--embeddings PATH") as caught:
        fetch_vector_file(source, 3)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("is_offline", [True, False])
@pytest.mark.parametrize("source", ["org/cached", "org/cached/glove.txt"])
def test_a_file_downloaded_before_is_used_when_the_hub_is_away(hub, monkeypatch, source, is_offline):
    hub.add_repo("org/cached", files={"glove.txt": GLOVE})  # a model repository, found after asking for a data set
    fetch_vector_file(source, 3)
    if is_offline:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    else:
        monkeypatch.setattr("hf_lstm.hub.session.READ_RETRY_FOR_S", 0.0)
        for endpoint in ("tree", "resolve"):
            hub.inject(endpoint, Fault("status", status=503), forever=True)
    assert fetch_vector_file(source, 3).read_bytes() == GLOVE


@pytest.mark.parametrize("source", ["glove.txt", "./glove", "/no/such/glove.txt", "data/glove.txt", "~/glove", "."])
def test_a_missing_file_is_not_looked_for_on_the_hub(hub, source):
    with pytest.raises(InputError, match=r"there is no such file|is a folder, expected a file"):
        fetch_vector_file(source, 3)
    assert not hub.count()


def test_a_zip_gives_the_member_of_the_dimension(tmp_path):
    path = tmp_path / "glove.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("glove.6B.50d.txt", "film 1\n")
        archive.writestr("folder/glove.6B.3d.txt", GLOVE)
    with open_vector_file(path, 3) as (place, lines):
        assert list(lines) == [GLOVE]
        assert place.endswith("glove.zip, folder/glove.6B.3d.txt")
    with pytest.raises(InputError, match="expected one file of 7 values"), open_vector_file(path, 7):
        pass


@pytest.mark.parametrize("content", [GLOVE, b""])
def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path, content):
    path = tmp_path / "vectors.txt"
    path.write_bytes(codecs.BOM_UTF8 + content)
    with open_vector_file(path, 3) as (_, lines):
        assert b"".join(lines) == content


def test_what_macos_adds_to_a_zip_is_passed_over(tmp_path):
    path = tmp_path / "glove.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("glove.3d.txt", GLOVE)
        archive.writestr("__MACOSX/._glove.3d.txt", b"\0\5\x16\7")
    with open_vector_file(path, 3) as (_, lines):
        assert list(lines) == [GLOVE]


def test_a_zip_of_several_that_would_do_says_to_unpack_one(tmp_path):
    path = tmp_path / "glove.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", GLOVE)
        archive.writestr("b.txt", GLOVE)
    with pytest.raises(InputError, match=r"there are: a\.txt, b\.txt; unpack one"), open_vector_file(path, 3):
        pass


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"2 3\nfilm \x00\x00\x80?\x00\x00\x80?", "word2vec's binary"),
        (b"\xba\x16\x4f\x2f\x0c\x00", "fastText's binary"),
        (b"\x80\x04\x95gensim", "Python's pickle"),
        (b"\x93NUMPY\x01\x00", "NumPy"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_another_format_is_named(tmp_path, content, kind, pack):
    path = tmp_path / "vectors"
    path.write_bytes(pack(content))
    with pytest.raises(InputError, match=rf"is in {kind}.*convert it"), open_vector_file(path, 3):
        pass


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"BZh91AY", "is compressed by bzip2; decompress it, or"),
        (b"\xfd7zXZ\0", "is compressed by xz; decompress it, or"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "is a pointer of Git LFS and not the file itself"),
        (b"<!DOCTYPE html>\n<html>", r"is a web page \(HTML\)"),
    ],
)
def test_what_has_to_be_unpacked_or_was_not_downloaded_is_told(tmp_path, content, message):
    path = tmp_path / "vectors.vec"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message), open_vector_file(path, 3):
        pass


def test_a_zip_of_something_else_says_what_it_holds(tmp_path):
    path = tmp_path / "vectors.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("vectors/data.pkl", b"")
    message = r"is a zip without a \.txt or \.vec file: it holds 'vectors/data\.pkl'"
    with pytest.raises(InputError, match=message), open_vector_file(path, 3):
        pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_what_is_no_file_is_told_as_what_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(InputError, match=r"pipe\.txt: is a pipe or a device, expected a file"):
        fetch_vector_file(str(tmp_path / "pipe.txt"), 3)
    with pytest.raises(InputError, match=r"is a folder, expected a file"):
        fetch_vector_file(str(tmp_path), 3)
    with pytest.raises(InputError, match="there is no such file"):
        fetch_vector_file("a" * 5_000, 3)
