"""Says which film each train review of IMDB is of, from the extracted archive of the data set.

Usage: `python scripts/make_film_groups.py --help`.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from hf_lstm.cli.common.arguments import check_output_file
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError

SIDES = ("neg", "pos")
_FILM = re.compile(r"/title/(tt[0-9]+)")
_FILE_NAME = re.compile(r"([0-9]+)_[0-9]+\.txt")
_EXPECTED = "expected the folder aclImdb that tar -xzf aclImdb_v1.tar.gz leaves"


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Write a table with the columns text_sha256_16 and movie, a row for each train review of the Large "
        "Movie Review Dataset (Maas et al., 2011), for data.group_file: validation is then cut by film. Line N of "
        "train/urls_neg.txt and train/urls_pos.txt is the film of the review N_STARS.txt.",
        epilog="example: tar -xzf aclImdb_v1.tar.gz && python scripts/make_film_groups.py aclImdb --output films.csv",
    )
    parser.add_argument("archive", metavar="ACLIMDB", type=Path, help="the extracted archive, with train")
    parser.add_argument("--output", metavar="FILE.csv", type=Path, required=True, help="CSV file to write")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Write the table, and print how many reviews and films it has."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    rows = [row for side in SIDES for row in read_films(arguments.archive / "train", side)]

    from hf_lstm.files.writing import write_file

    lines = ["text_sha256_16,movie", *(f"{digest},{film}" for digest, film in rows)]
    write_file(arguments.output, ("\n".join(lines) + "\n").encode())
    print(f"{len(rows):,} reviews of {len({film for _, film in rows}):,} films, saved in {arguments.output}")


def read_films(train: Path, side: str) -> Iterator[tuple[str, str]]:
    """Read the reviews of one side, in the order of their numbers.

    Yields:
        The first 16 hex digits of the text's SHA-256, and the id of its film, such as `tt0064354`.

    Raises:
        InputError: the folder is not laid out as the extracted archive, or its list of films lacks a review.
    """
    from hf_lstm.data.groups import hash_text

    urls = train / f"urls_{side}.txt"
    try:
        films = [_FILM.search(line) for line in urls.read_text(encoding="utf-8").splitlines()]
        texts = {int(_read_number(path)): path.read_bytes().decode() for path in (train / side).iterdir()}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{train}: cannot be read ({error}); {_EXPECTED}") from None
    if not texts:
        raise InputError(f"{train / side} has no reviews; {_EXPECTED}")
    for number, text in sorted(texts.items()):
        film = films[number] if number < len(films) else None
        if film is None:
            raise InputError(f"{urls}: line {number + 1} names no film for review {number}; {_EXPECTED}")
        yield hash_text(text), film[1]


def _read_number(path: Path) -> str:
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        raise InputError(f"{path}: is no review such as 0_9.txt; {_EXPECTED}")
    return match[1]


if __name__ == "__main__":
    run_command_line(main)
