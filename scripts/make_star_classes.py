"""Cuts four classes of stars out of the extracted IMDB archive.

Usage: `python scripts/make_star_classes.py --help`.
"""

import argparse
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

SPLITS = ("train", "test")
CLASSES_OF_SIDE = {
    "neg": {1: "1-2", 2: "1-2", 3: "3-4", 4: "3-4"},
    "pos": {7: "7-8", 8: "7-8", 9: "9-10", 10: "9-10"},
}
"""By folder of the archive: the class of each number of stars. It has no reviews of 5 and 6 stars."""
_FILE_NAME = re.compile(r"[0-9]+_(?P<stars>[0-9]+)\.txt")


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Write train.parquet and test.parquet with the columns text and stars (1-2, 3-4, 7-8 or 9-10) "
        "from the Large Movie Review Dataset (Maas et al., 2011), whose file names tell the stars. The splits are the "
        "published ones; the rows come in the order of their texts' SHA-256, on every machine the same.",
        epilog="example: tar -xzf aclImdb_v1.tar.gz && python scripts/make_star_classes.py aclImdb --output-dir stars",
    )
    parser.add_argument("archive", metavar="ACLIMDB", type=Path, help="the extracted archive, with train and test")
    parser.add_argument("--output-dir", metavar="DIR", type=Path, required=True, help="folder to write")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Write both splits, and print the number of reviews in each class."""
    arguments = parse_arguments(argv)
    files = {split: list_reviews(arguments.archive, split) for split in SPLITS}

    # Imported here, after the archive is checked, so that `--help` and typing errors answer at once.
    import pyarrow.parquet as pq

    from hf_lstm.storage.output_folder import fill_output_folder

    with fill_output_folder(arguments.output_dir, overwrite=False) as staging:
        for split, class_of_file in files.items():
            table = read_rows(class_of_file, split)
            pq.write_table(table, staging / f"{split}.parquet", compression="zstd")
            counts = sorted(Counter(table["stars"].to_pylist()).items())
            print(f"{split}: {', '.join(f'{count:,} of {stars} stars' for stars, count in counts)}")
    print(f"saved in {arguments.output_dir}")


def list_reviews(archive: Path, split: str) -> dict[Path, str]:
    """List a split's files, each with its class.

    Raises:
        InputError: `archive` is not laid out as the extracted archive, or a file's name does not tell the stars.
    """
    class_of_file = {}
    for side, class_of_stars in CLASSES_OF_SIDE.items():
        folder = archive / split / side
        try:
            paths = list(folder.iterdir())
        except OSError as error:
            raise InputError(
                f"{folder} can't be listed ({error.strerror}); expected the folder aclImdb that tar -xzf "
                "aclImdb_v1.tar.gz leaves, with neg and pos in each of train and test"
            ) from None
        if not paths:
            raise InputError(f"{folder} is empty; expected reviews in files such as 0_9.txt: extract the archive anew")
        for path in paths:
            match = _FILE_NAME.fullmatch(path.name)
            stars = int(match["stars"]) if match else None
            if stars not in class_of_stars:
                raise InputError(
                    f"{path}: the name does not tell the stars; expected NUMBER_STARS.txt with {min(class_of_stars)} "
                    f"to {max(class_of_stars)} stars: remove what is not from the archive, or extract it anew"
                )
            class_of_file[path] = class_of_stars[stars]
    return class_of_file


def read_rows(class_of_file: dict[Path, str], split: str) -> "pa.Table":
    """Read the files into a table with the columns `text` and `stars`.

    It has a row for each file, in the order of the texts' SHA-256. That order mixes the classes, and depends neither on
    the machine nor on how the reviews are numbered.

    Raises:
        InputError: a file can't be read, or is not UTF-8.
    """
    import pyarrow as pa

    rows = []
    for path, stars in tqdm(class_of_file.items(), desc=split, unit="file", disable=None):
        try:
            content = path.read_bytes()
            rows.append((hashlib.sha256(content).digest(), stars, content.decode("utf-8")))
        except OSError as error:
            raise InputError(f"{path} can't be read ({error.strerror}); extract the archive anew") from None
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path}: not UTF-8 (byte {content[error.start]:#04x} at position {error.start + 1}); "
                "extract the archive anew"
            ) from None
    rows.sort()
    _, stars_of_rows, texts = zip(*rows, strict=True)
    return pa.table({"text": pa.array(texts, pa.string()), "stars": pa.array(stars_of_rows, pa.string())})


if __name__ == "__main__":
    run_command_line(main)
