import pytest

from hf_lstm.distributed.launch import ALONE, Launch, choose_num_shards, read_launch
from hf_lstm.errors import InputError

TORCHRUN = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}


def set_all(monkeypatch, **changes):
    for name, value in {**TORCHRUN, **changes}.items():
        monkeypatch.setenv(name, value)


def test_torchrun_says_which_process_this_is(monkeypatch):
    set_all(monkeypatch)
    assert read_launch() == Launch(rank=1, num_processes=2, local_rank=1)
    assert not read_launch().leads


@pytest.mark.parametrize("changes", [{"WORLD_SIZE": "1"}, {"MASTER_ADDR": ""}, {"RANK": ""}])
def test_without_torchrun_or_others_a_process_is_alone(monkeypatch, changes):
    set_all(monkeypatch, **changes)
    assert read_launch() == ALONE
    assert ALONE.leads


def test_an_environment_without_numbers_is_one_line(monkeypatch):
    set_all(monkeypatch, WORLD_SIZE="two")
    with pytest.raises(InputError, match="RANK, WORLD_SIZE and LOCAL_RANK are 1, two, 1, but must be numbers"):
        read_launch()


def test_each_process_has_a_shard():
    assert [choose_num_shards(given, 1) for given in (None, 1, 7)] == [None, 1, 7]
    assert [choose_num_shards(None, num) for num in (2, 3, 8)] == [4, 4, 8]
    assert choose_num_shards(2, 2) == 2
    with pytest.raises(InputError, match=r"train.num_shards is 2, but there are 3 processes.* train.num_shards=3"):
        choose_num_shards(2, 3)
