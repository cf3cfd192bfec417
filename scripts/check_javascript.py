"""Compares the ids of a tokenizer.json in JavaScript with those in Python.

Needs node, and the npm package: `npm install @huggingface/tokenizers`, in a folder that `--node-modules` names.
"""

import argparse
import json
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError
from hf_lstm.files.names import TOKENIZER_FILE
from hf_lstm.files.writing import write_json
from hf_lstm.records.places import strip_command
from hf_lstm.sources.named_sources import find_files

AWKWARD_TEXTS = (
    "", " ", "it's <br />good", "ΟΔΟΣ Σ ΑΣΑ Α'Σ ʰΣ", f"{'.' * 40}Σ", "a\ufeffb c\x85d e\x1cf", "İstanbul ǅ ẞ",
    "这部电影不好看。", "映画はとても良かった", "ภาพยนตร์ดีมาก", "फ़िल्म अच्छी है", "क्\u200dष", "😀 don't 50% (C++)",
    "\U00020000 a\u0301 ½ Ⅷ ⓐ", "constructor __proto__ toString", "12 0 007",
)  # fmt: skip
"""Texts whose characters the two languages read otherwise, unless they are told."""
_SCRIPT = """
import { readFileSync, writeFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
const [folder, texts, output] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const tokenizer = new Tokenizer(read(`${folder}/tokenizer.json`), read(`${folder}/tokenizer_config.json`));
writeFileSync(output, JSON.stringify(read(texts).map((text) => tokenizer.encode(text).ids)));
"""


def main(argv: Sequence[str]) -> None:
    """Compare, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="FOLDER", type=Path, help="folder of a saved model")
    parser.add_argument("--node-modules", metavar="DIR", type=Path, default=Path("node_modules"))
    parser.add_argument("--num-texts", metavar="N", type=int, default=3_000, help="reviews of the sample to read")
    parser.add_argument("--output", metavar="FILE", type=Path, help="JSON file to write")
    arguments = parser.parse_args(argv)
    package = arguments.node_modules / "@huggingface" / "tokenizers" / "package.json"
    if not package.is_file():
        raise InputError(f"{package} is missing; run `npm install @huggingface/tokenizers` and pass --node-modules")
    texts = [*AWKWARD_TEXTS, *read_reviews(arguments.num_texts)]
    tokenizer = Tokenizer.from_file(str(arguments.model / TOKENIZER_FILE))
    expected = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    found = encode_in_javascript(arguments.model.resolve(), texts, arguments.node_modules.resolve())
    wrong = [index for index, (ours, theirs) in enumerate(zip(expected, found, strict=True)) if ours != theirs]
    result = {
        "command": strip_command(f"python scripts/check_javascript.py {shlex.join(argv)}"),
        "version": json.loads(package.read_text(encoding="utf-8"))["version"],
        "num_texts": len(texts),
        "num_tokens": sum(map(len, expected)),
        "num_texts_that_differ": len(wrong),
    }
    print(json.dumps(result, indent=1))
    if arguments.output is not None:
        write_json(arguments.output, result)
    if wrong:
        raise InputError(f"{len(wrong)} of {len(texts)} texts have other ids, such as {texts[wrong[0]][:80]!r}")


def read_reviews(num_texts: int) -> list[str]:
    """Read reviews of the sample."""
    import pyarrow.parquet

    found = find_files("sample")
    assert found is not None
    texts: list[str] = pyarrow.parquet.read_table(found.splits["train"][0])["text"].to_pylist()
    return texts[:num_texts]


def encode_in_javascript(model: Path, texts: Sequence[str], node_modules: Path) -> list[list[int]]:
    """Encode texts by the npm package.

    Raises:
        InputError: node ends with an error, as where a pattern is none of JavaScript's.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "node_modules").symlink_to(node_modules, target_is_directory=True)
        (folder / "encode.mjs").write_text(_SCRIPT, encoding="utf-8")
        (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
        command = ["node", "encode.mjs", str(model), "texts.json", "ids.json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise InputError(f"node: {done.stderr.strip()[-600:]}")
        ids: list[list[int]] = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
    return ids


if __name__ == "__main__":
    run_command_line(main)
