"""Exports pages of small models, and opens them in a browser without a network."""

import dataclasses

import torch
from chromium import PATIENCE_MS

from hf_lstm import LSTMSentiment
from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.export.browser import export_browser
from hf_lstm.tokenization.build import find_special_ids, train_tokenizer

TEXTS = [
    "A wonderful film, isn't it? <br /><br />It's GREAT!",
    "",
    " \x1c\x85\u3000 ",
    "ΟΔΟΣ ΑΣ' ΑΣΑ Α'Σ Σ",
    "İstanbul naïve ½ x² ʰΣ _a_ ﬁlm",
    "the worst ’s don’t rock'n'roll O'Neil's",
    "หนังเรื่องนี้ไม่น่าเบื่อเลย สนุกมาก",
    "我爱电影 ไทย हिन्दी \u200dनमस्ते क्\u200dष",
    "\N{GRINNING FACE} great\N{GRINNING FACE}film \ud800 \ufeff a-b/c [x] `y`",
    "dull " * 50 + "wonderful",
    "</script><b>film</b> <!-- a -->",
]

ANY_NUMBER = {"problem_type": "multi_label_classification"}


def make_model(words, settings, label_names=("neg", "pos"), **config_fields):
    torch.manual_seed(0)
    tokenizer = train_tokenizer([text.replace("\ud800", "") for text in TEXTS], TokenizerConfig(**words))
    pad, unk = find_special_ids(tokenizer)
    config = ModelSettings(embedding_dim=6, hidden_size=5, max_length_tokens=9, **settings).resolve(
        vocab_size=tokenizer.get_vocab_size(), label_names=label_names, pad_token_id=pad, unk_token_id=unk
    )
    return LSTMSentiment(dataclasses.replace(config, temperature=0.5, **config_fields), tokenizer).eval()


def open_page(browser, model, folder):
    export_browser(model, folder)
    page = browser.new_context(offline=True).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or page.problems.append(request.url))
    page.goto((folder / "index.html").as_uri())
    return page
