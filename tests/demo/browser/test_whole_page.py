"""The whole page: any labels, hostile texts, figures, and screens of any size."""

import dataclasses
import json
import os
from pathlib import Path

import pytest
from demo_pages import DESKTOP, LIST_FAINT_TEXTS, PHONE, classify, classify_batch
from random_model import build_model
from run_records import make_results

from hf_lstm import LSTMSentiment
from hf_lstm.config.model import MULTI_LABEL
from hf_lstm.demo.app import build_demo

HOSTILE_LABEL = '<img src="x" onerror="alert(1)">'
HOSTILE_TEXTS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<body onload=alert(1)>",
    '"><img src=x onerror=alert(1)>', "'><script>alert(1)</script>", "</textarea><script>alert(1)</script>",
    "<iframe src=javascript:alert(1)>", "<iframe srcdoc='<script>parent.alert(1)</script>'>", "javascript:alert(1)",
    "<a href=javascript:alert(1)>film</a>", "<details open ontoggle=alert(1)>", "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>", "<object data=javascript:alert(1)>", "<embed src=javascript:alert(1)>",
    "<math><mtext></mtext><script>alert(1)</script></math>", "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>", "<style>*{display:none}</style>",
    "<link rel=stylesheet href=javascript:alert(1)>", "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<form action=javascript:alert(1)><button>film</button></form>", "<template><script>alert(1)</script></template>",
    "[film](javascript:alert(1))", "![film](x onerror=alert(1))", "{{constructor.constructor('alert(1)')()}}",
    "<marquee onstart=alert(1)>", "${alert(1)}", "$\\href{javascript:alert(1)}{film}$",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "\u202e<b>film</b>\u0001",
]  # fmt: skip

COUNT_NODES = "document.querySelectorAll('body *:not(#answer .answer *)').length"
LIST_WORD_NODES = "[...document.querySelectorAll('#answer .answer *')].map(node => node.tagName)"


def test_any_number_of_labels_is_shown_with_where_each_fits(open_page, serve):
    model = build_model(["sport", "food", "art"], problem_type=MULTI_LABEL)
    model.config = dataclasses.replace(model.config, thresholds=[0, 0, 1])
    page = open_page(serve(build_demo(model)))
    assert set(classify(page, "a wonderful film").split(", ")) == {"sport", "food"}
    bars = "nodes => nodes.map(node => [node.className, node.style.getPropertyValue('--fits-from')])"
    assert sorted(page.locator(".answer-shares li").evaluate_all(bars)) == [
        ["for marked", "0"],
        ["for marked", "0"],
        ["unsure marked", "1"],
    ]
    assert "if its bar reaches the mark" in page.locator(".answer-note").inner_text()
    classify_batch(page, ["a wonderful film"])
    assert set(page.locator(".batch td .chip").all_inner_texts()) == {"sport", "food"}
    assert page.locator(".batch-bar").is_hidden()
    assert page.evaluate(LIST_FAINT_TEXTS) == []


def test_html_in_texts_and_labels_stays_text(open_page, serve):
    demo = build_demo(build_model([HOSTILE_LABEL, "<b>pos</b>"]))
    page = open_page(serve(demo))
    classify(page, "film")
    assert page.locator(".share-label").all_inner_texts() == [HOSTILE_LABEL, "<b>pos</b>"]
    num_nodes = page.evaluate(COUNT_NODES)
    for text in HOSTILE_TEXTS:
        classify(page, f"{text} film")
        assert page.evaluate(COUNT_NODES) == num_nodes, text
        assert set(page.evaluate(LIST_WORD_NODES)) <= {
            "H2", "P", "SPAN", "DIV", "UL", "LI", "BDI", "B",
        }, text  # fmt: skip
        assert page.locator(".answer-text").evaluate("node => node.textContent") == f"{text} film"
    classify_batch(page, [f"{text} film" for text in HOSTILE_TEXTS])
    tags = page.locator("#batch").evaluate("node => [...node.querySelectorAll('td *')].map(each => each.tagName)")
    assert set(tags) <= {"DIV", "BDI", "SPAN"}
    shown = page.locator(".batch-lines").all_inner_texts()
    assert shown == [" ".join(f"{text} film".split()) for text in HOSTILE_TEXTS]


LIST_TALL_CELLS = """[...document.querySelectorAll('.figures td:not(.long)')].filter(
  cell => cell.getClientRects().length !== 1 || cell.offsetHeight > 2.2 * parseFloat(getComputedStyle(cell).fontSize)
    + parseFloat(getComputedStyle(cell).paddingTop) * 2).map(cell => cell.textContent)"""


def test_figures_and_mistakes_are_read_on_a_phone(open_page, serve, tmp_path):
    labels = ["negative", "positive"]
    results = make_results(labels)
    for label in labels:
        results["splits"]["test"]["per_label"][label]["support"] = 12_500
    results["splits"]["test"]["confusion_matrix"]["rows"] = [[11_000, 1_500], [1_400, 11_100]]
    build_model(labels).save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "results.json").write_text(json.dumps(results))
    model = LSTMSentiment.from_pretrained(tmp_path / "model")
    mistake = {"row": 3, "label": labels[0], "predicted": labels[1], "score": 0.9998}
    word = {"word": "wonderful", "start": 5, "end": 14, "contribution": 2.5}
    mistake |= {"words": [word], "text": "<b>a wonderful film</b> " * 30}
    (tmp_path / "errors.jsonl").write_text(json.dumps(mistake) + "\n")
    demo = build_demo(model, report_folder=tmp_path)
    page = open_page(serve(demo), PHONE)
    page.get_by_role("tab", name="The model").click()
    page.locator(".figures.cards").wait_for()
    assert page.evaluate(LIST_TALL_CELLS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    card = page.locator(".cards tbody tr").inner_text()
    assert "<b>a wonderful film</b>" in card
    assert card.startswith("Didn’t like it\nLiked it\n"), "labels are called as on the first tab"
    assert ">99.9\N{NO-BREAK SPACE}%" in card
    assert "12,500" in page.locator(".figures").first.inner_text()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_tab_fits_the_screen(open_page, address, viewport, tmp_path):
    folder = Path(os.environ.get("DEMO_SCREENSHOTS", tmp_path))
    page = open_page(address, viewport)
    classify(page, "a wonderful film, " * 60)
    for tab in ("One text", "Many texts", "The model"):
        page.get_by_role("tab", name=tab).click()
        page.get_by_role("tab", name=tab, selected=True).wait_for()
        if tab == "Many texts":
            classify_batch(page, ["a wonderful film with a great cast " * 10] * 5)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], tab
        assert page.evaluate(LIST_FAINT_TEXTS) == [], tab
        path = folder / f"{tab.replace(' ', '_').lower()}-{viewport['width']}.png"
        page.screenshot(path=path, full_page=True)
        assert path.stat().st_size > 10_000
