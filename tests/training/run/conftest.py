"""Rows of three moods, a recipe that learns them, and a run that is finished."""

import pytest
from mood_runs import make_recipe, options, write_reviews

from hf_lstm.training.run import run_experiment


@pytest.fixture
def reviews(tmp_path):
    return write_reviews(tmp_path / "reviews.csv")


@pytest.fixture
def recipe(reviews):
    return make_recipe(reviews)


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory):
    """The folder of a run, and the results it returned."""
    folder = tmp_path_factory.mktemp("finished")
    return folder / "run", run_experiment(make_recipe(write_reviews(folder / "reviews.csv")), options(folder))
