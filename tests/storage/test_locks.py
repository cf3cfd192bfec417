import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hf_lstm import InputError
from hf_lstm.storage.locks import hold_lock, remove_locked_folder

HOLDER = "import sys, time, pathlib\nfrom hf_lstm.storage.locks import hold_lock\n"
WAIT = "with hold_lock(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"


def test_a_second_process_is_told_who_holds_the_folder_and_its_death_frees_it(tmp_path):
    folder = tmp_path / "run" / ".unfinished"
    with subprocess.Popen([sys.executable, "-c", HOLDER + WAIT, folder], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        with (
            pytest.raises(InputError, match=rf"run is in use by process {process.pid} on .*, since 2"),
            hold_lock(folder),
        ):
            pytest.fail("entered")
        process.send_signal(signal.SIGKILL)
    with hold_lock(folder):
        assert f'"process": {os.getpid()}' in (folder / "lock").read_text()


def test_a_holder_that_has_not_written_its_name_yet_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("hf_lstm.storage.locks._NAME_WAIT_S", 600.0)  # a busy machine writes late
    folder = tmp_path / "run" / ".unfinished"
    with hold_lock(folder), ThreadPoolExecutor(1) as pool:
        name = (folder / "lock").read_text()
        (folder / "lock").write_text("")

        def enter():
            with hold_lock(folder):
                pass

        rival = pool.submit(enter)
        time.sleep(0.1)
        (folder / "lock").write_text(name)
        with pytest.raises(InputError, match=f"in use by process {os.getpid()} on "):
            rival.result()


def test_of_many_rivals_one_holds_the_folder_at_a_time(tmp_path):
    entered, most = [], []

    def rival(number):
        for _ in range(30):
            try:
                with hold_lock(tmp_path / "folder"):
                    entered.append(number)
                    most.append(len(entered))
                    time.sleep(0.001)
                    entered.remove(number)
                    remove_locked_folder(tmp_path / "folder")  # as a run that is finished does
            except InputError:
                pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(rival, range(8)))
    assert set(most) == {1}


def test_a_folder_that_cannot_be_made_is_an_error_of_the_system(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError), hold_lock(tmp_path / "file" / "folder"):  # noqa: PT011
        pytest.fail("entered")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_lock_has_the_permissions_of_any_file(tmp_path):
    (tmp_path / "other").touch()
    with hold_lock(tmp_path / "folder"):
        assert (tmp_path / "folder" / "lock").stat().st_mode == (tmp_path / "other").stat().st_mode
