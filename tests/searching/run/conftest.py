"""Rows to search with, and what a search of them finds that nobody stops."""

import csv

import pytest
from small_searches import make_rows, search


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "reviews.csv"
    with open(path, "w", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *zip(*make_rows(80), strict=True)])
    return path


@pytest.fixture(autouse=True)
def no_plot(monkeypatch):
    """Plots take longer than these trials; one test draws."""
    monkeypatch.setattr("hf_lstm.searching.run.write_plot", lambda *_: None)


@pytest.fixture(scope="module")
def whole(reviews, tmp_path_factory):
    """What a search finds that nobody stops."""
    return search(reviews, tmp_path_factory.mktemp("whole") / "search", "--trials", "3")
