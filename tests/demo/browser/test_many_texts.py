"""The tab of many texts: its answers, its file, and where they come into sight."""

import csv
import io
import threading
from pathlib import Path

from chromium import PATIENCE_MS
from demo_pages import PHONE, classify_batch, start_batch

from hf_lstm.demo.app import build_demo
from hf_lstm.demo.batch_rows import MAX_PASTED_CHARACTERS, ROWS_PER_STEP, classify_in_steps


def test_batch_is_shown_and_downloaded(open_page, address, model):
    page = open_page(address)
    texts = ["a wonderful film", "=1+1 dull film", "xyzzy"]
    classify_batch(page, texts)
    assert "(no known word)" in page.locator("#batch").inner_text()
    num_unsure = page.locator(".batch-unsure").count()
    unsure = page.get_by_role("button", name=f"(below 60\N{NO-BREAK SPACE}%) {num_unsure}")
    assert unsure.is_disabled() is (num_unsure == 0)
    page.get_by_role("button", name="No known word 1").click()
    assert page.locator(".batch td.batch-text").all_inner_texts() == ["xyzzy"]
    page.get_by_role("button", name="All 3").click()
    assert page.locator(".batch td.batch-text").all_inner_texts() == texts
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert rows[0] == ["text", "label", "score", "score_neg", "score_pos"]
    assert [row[0] for row in rows[1:]] == ["a wonderful film", "'=1+1 dull film", "xyzzy"]
    assert [row[1] for row in rows[1:3]] == [answer["label"] for answer in model.predict(texts[:2])]


def test_a_file_is_classified_by_its_column(open_page, address, tmp_path):
    (tmp_path / "reviews.csv").write_text("id,opinion\n1,a dull film\n2,a great film\n")
    page = open_page(address)
    page.get_by_role("tab", name="Many texts").click()
    with page.expect_response("**/upload*"):  # a file that is still on its way would not be classified
        page.locator("input[type=file]").first.set_input_files(tmp_path / "reviews.csv")
    page.locator(".file-preview").get_by_text("reviews").wait_for()
    page.get_by_role("button", name="Classify all").click()
    page.get_by_text("there is no text column").wait_for()
    page.get_by_label("Column of the texts").fill("opinion")
    page.get_by_role("button", name="Classify all").click()
    page.locator("#batch").get_by_text("a great film").last.wait_for()
    assert page.locator(".toast-body").count() == 0


def test_too_much_pasted_text_gets_a_hint_and_what_fits_an_answer(open_page, address):
    page = open_page(address)
    line = "a wonderful film " * 100
    classify_batch(page, [line] * (MAX_PASTED_CHARACTERS // (len(line) + 1)))
    page.get_by_label("One text on each line").fill("x" * (MAX_PASTED_CHARACTERS + 1))
    page.get_by_role("button", name="Classify all").click()
    page.locator("#batch").get_by_text("250,000 characters can be pasted").wait_for()
    assert page.locator(".toast-body").count() == 0


def test_only_a_text_that_is_cut_off_can_be_shown_whole(open_page, address):
    page = open_page(address)
    classify_batch(page, ["a wonderful film", "a wonderful film " * 60])
    more = page.locator(".batch-more")
    assert more.count() == 1
    more.click()
    lines = page.locator(".batch-lines").last
    assert lines.evaluate("node => node.scrollHeight <= node.clientHeight")
    assert more.inner_text() == "Show less"


def test_answers_of_many_texts_come_into_sight_on_a_phone(open_page, address):
    page = open_page(address, PHONE)
    classify_batch(page, ["a wonderful film"] * 20)
    page.wait_for_function("document.querySelector('.batch-frame').getBoundingClientRect().top < 0.6 * innerHeight")


def test_who_scrolls_away_while_texts_are_read_stays_there(open_page, model, serve, monkeypatch):
    gate = threading.Semaphore(0)

    def classify_slowly(model, texts):
        for rows in classify_in_steps(model, texts):
            yield rows
            gate.acquire(timeout=PATIENCE_MS / 1_000)

    monkeypatch.setattr("hf_lstm.demo.batch_tab.classify_in_steps", classify_slowly)
    page = open_page(serve(build_demo(model)), PHONE)
    start_batch(page, ["a wonderful film"] * 2 * ROWS_PER_STEP)
    for num_read in (ROWS_PER_STEP, 2 * ROWS_PER_STEP):
        page.wait_for_function("num => document.querySelector('.batch-progress').value === num", arg=num_read)
        page.wait_for_timeout(500)  # what would be scrolled smoothly
        if num_read == ROWS_PER_STEP:
            page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
            gate.release()
    assert page.evaluate("scrollY") == 0
    gate.release()
    page.wait_for_function("document.querySelector('.batch-frame').getBoundingClientRect().top < 0.6 * innerHeight")
