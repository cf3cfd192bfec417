"""Cuts the sample for `--dataset sample`, and writes its README.

It is cut out of the Large Movie Review Dataset.
"""

import argparse
import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

SPLIT_SIZES = {"train": 5_000, "validation": 800, "test": 800}
UNLABELED_SIZE = 8_000
MAX_BYTES = 7_000_000
VALIDATION_MOVIE_SHARE = 0.25  # movies set aside, more than needed: the rows are then picked at random among theirs
README = """\
# A sample of the Large Movie Review Dataset

{rows} of its 50,000 labeled reviews, picked at random (seed {seed}), byte for byte, half of them negative and half
positive. None is a text that the published splits repeat. `scripts/make_sample.py` cut it.

- {sizes}
- train and validation come from the published train split{movies}; test comes from the published test split
- {unlabeled:,} more reviews have no label, label -1; they come from the published split `unsupervised`, which shares no
  movie with the others

Source: Andrew L. Maas, Raymond E. Daly, Peter T. Pham, Dan Huang, Andrew Y. Ng and Christopher Potts. "Learning Word
Vectors for Sentiment Analysis". Proceedings of the 49th Annual Meeting of the Association for Computational
Linguistics: Human Language Technologies, 2011, pages 142-150. <https://aclanthology.org/P11-1015/>,
<https://ai.stanford.edu/~amaas/data/sentiment/>.

License: the publishers name none and ask users to cite the paper; the reviews were written by users of IMDb. The
license of this package does not cover them.
"""


def main() -> None:
    """Write the sample's three Parquet files and README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="folder laid out as the Hub's stanfordnlp/imdb")
    parser.add_argument(
        "--movies",
        type=Path,
        help="folder with train.parquet, columns text_sha256_16 and movie: keeps each movie in one split",
    )
    parser.add_argument("--output-dir", type=Path, default=Path("hf_lstm/resources/sample"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    train, test = (_read_parquet(arguments.source / "plain_text", f"{split}-*") for split in ("train", "test"))
    movies = _find_movies(train, arguments.movies) if arguments.movies else None
    random = np.random.RandomState(arguments.seed)
    sample = pick_sample(train, test, movies, random)
    unlabeled = _read_parquet(arguments.source / "plain_text", "unsupervised-*")
    known = {text for table in (train, test) for text in table["text"].to_pylist()}
    sample["unsupervised"] = pick_unlabeled(unlabeled, known, random)

    arguments.output_dir.mkdir(parents=True, exist_ok=True)
    for split, table in sample.items():
        pq.write_table(
            table, arguments.output_dir / f"{split}.parquet", compression="zstd", compression_level=22,
            use_dictionary=False, write_statistics=False,
        )  # fmt: skip
    readme = README.format(
        rows=f"{sum(SPLIT_SIZES.values()):,}",
        seed=arguments.seed,
        sizes=", ".join(f"{size:,} {split}" for split, size in SPLIT_SIZES.items()),
        movies=" and share no movie" if movies else "",
        unlabeled=UNLABELED_SIZE,
    )
    (arguments.output_dir / "README.md").write_text(readme, encoding="utf-8")
    num_bytes = sum(path.stat().st_size for path in arguments.output_dir.iterdir())
    print(f"{arguments.output_dir}: {num_bytes:,} bytes")
    if num_bytes > MAX_BYTES:
        raise SystemExit(f"error: that is more than the {MAX_BYTES:,} bytes the package may carry; lower SPLIT_SIZES")


def pick_sample(
    train: pa.Table, test: pa.Table, train_movies: Sequence[str] | None, random: np.random.RandomState
) -> dict[str, pa.Table]:
    """Pick balanced train, validation and test tables.

    The published splits hold each of their texts just once.

    Args:
        train: the published train split, columns `text` and `label`.
        test: the published test split.
        train_movies: the movie of each train row; with it, train and validation share no movie.
        random: picks and orders the rows.
    """
    movies = np.array(train_movies) if train_movies else np.arange(len(train))
    distinct_movies = np.unique(movies)
    held_out = random.permutation(distinct_movies)[: round(VALIDATION_MOVIE_SHARE * len(distinct_movies))]
    is_held_out = np.isin(movies, held_out)
    counts = Counter([*train["text"].to_pylist(), *test["text"].to_pylist()])
    is_single, is_single_in_test = (
        np.array([counts[text] == 1 for text in table["text"].to_pylist()]) for table in (train, test)
    )
    return {
        "train": _pick_rows(train, is_single & ~is_held_out, SPLIT_SIZES["train"], random),
        "validation": _pick_rows(train, is_single & is_held_out, SPLIT_SIZES["validation"], random),
        "test": _pick_rows(test, is_single_in_test, SPLIT_SIZES["test"], random),
    }


def pick_unlabeled(table: pa.Table, known: Collection[str], random: np.random.RandomState) -> pa.Table:
    """Pick reviews without a label at random, none of them a known text or a repeated one."""
    counts = Counter(table["text"].to_pylist())
    is_candidate = [counts[text] == 1 and text not in known for text in table["text"].to_pylist()]
    return table.take(random.permutation(np.flatnonzero(is_candidate))[:UNLABELED_SIZE])


def _pick_rows(table: pa.Table, is_candidate: NDArray[np.bool_], size: int, random: np.random.RandomState) -> pa.Table:
    """Pick `size` candidate rows in random order, half of each label."""
    labels = table["label"].to_numpy()
    candidates = random.permutation(np.flatnonzero(is_candidate))
    picked = [candidates[labels[candidates] == label][: size // 2] for label in (0, 1)]
    return table.take(random.permutation(np.concatenate(picked)))


def _find_movies(train: pa.Table, folder: Path) -> list[str]:
    """Find the movie of each row.

    Rows are matched by their text's hash, for the files differ in order.
    """
    table = _read_parquet(folder, "train")
    movies = dict(zip(table["text_sha256_16"].to_pylist(), table["movie"].to_pylist(), strict=True))
    return [movies[hashlib.sha256(text.encode()).hexdigest()[:16]] for text in train["text"].to_pylist()]


def _read_parquet(folder: Path, stem: str) -> pa.Table:
    return pa.concat_tables(pq.read_table(path) for path in sorted(folder.glob(f"{stem}.parquet")))


if __name__ == "__main__":
    main()
