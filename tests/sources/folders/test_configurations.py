"""One of several configurations is named."""

import pytest
from small_files import count_rows, write_csv

from hf_lstm.errors import InputError

MULTI = """---
configs:
- {config_name: emotion, data_files: e/train.csv}
- {config_name: irony, data_files: i/*.csv}
---
"""


@pytest.fixture
def multi(tmp_path):
    write_csv(tmp_path / "e" / "train.csv", 20)
    write_csv(tmp_path / "i" / "train.csv", 30)
    (tmp_path / "README.md").write_text(MULTI)
    return tmp_path


def test_one_of_several_configurations_is_named(multi):
    assert sum(count_rows(multi, config="emotion").values()) == 20
    assert sum(count_rows(multi, config="irony").values()) == 30
    with pytest.raises(InputError, match=r"has several configurations; name one with --config .*: 'emotion', 'irony'"):
        count_rows(multi)
    with pytest.raises(InputError, match=r"has no configuration 'x'; name one with --config .*: 'emotion', 'irony'"):
        count_rows(multi, config="x")


def test_a_configuration_of_what_has_none_is_refused(tmp_path):
    write_csv(tmp_path / "a.csv")
    for source in (tmp_path, tmp_path / "a.csv", "sample"):
        with pytest.raises(InputError, match=r"has no configurations|defines no configurations"):
            count_rows(source, config="x")


def test_configurations_of_the_hub_are_named(hub, multi):
    hub.add_repo("someone/multi", repo_type="dataset", folder=multi)
    assert sum(count_rows("someone/multi", config="irony").values()) == 30
    assert sum(count_rows("someone/multi", config="emotion").values()) == 20
    with pytest.raises(InputError, match=r"someone/multi: has several configurations; .*: 'emotion', 'irony'"):
        count_rows("someone/multi")
    with pytest.raises(InputError, match=r"someone/multi: has no configuration 'x'; .*: 'emotion', 'irony'"):
        count_rows("someone/multi", config="x")
