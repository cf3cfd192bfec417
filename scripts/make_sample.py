"""Cuts the sample that `--dataset sample` reads out of the Large Movie Review Dataset, and writes its README."""

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

SPLIT_SIZES = {"train": 5_000, "validation": 800, "test": 800}
MAX_BYTES = 3_000_000
VALIDATION_MOVIE_SHARE = 0.25  # movies set aside, more than needed: the rows are then picked at random among theirs
README = """\
# A sample of the Large Movie Review Dataset

{rows} of its 50,000 labeled reviews, picked at random (seed {seed}), byte for byte, half of them negative and half
positive. No text stands here twice. `scripts/make_sample.py` cut it.

- {sizes}
- train and validation come from the published train split{movies}; test comes from the published test split

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
        "--movies", type=Path, help="folder with train.parquet, the movie of each row: keeps movies in one split"
    )
    parser.add_argument("--output-dir", type=Path, default=Path("hf_lstm/resources/sample"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    official = {split: _read_parquet(arguments.source / "plain_text", f"{split}-*") for split in ("train", "test")}
    movies = _read_parquet(arguments.movies, "train")["movie"].to_numpy() if arguments.movies else None
    sample = pick_sample(official["train"], official["test"], movies, np.random.RandomState(arguments.seed))

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
        movies=" and share no movie" if movies is not None else "",
    )
    (arguments.output_dir / "README.md").write_text(readme, encoding="utf-8")
    num_bytes = sum(path.stat().st_size for path in arguments.output_dir.iterdir())
    print(f"{arguments.output_dir}: {num_bytes:,} bytes")
    if num_bytes > MAX_BYTES:
        raise SystemExit(f"error: that is more than the {MAX_BYTES:,} bytes the package may carry; lower SPLIT_SIZES")


def pick_sample(
    train: pa.Table, test: pa.Table, train_movies: NDArray[np.object_] | None, random: np.random.RandomState
) -> dict[str, pa.Table]:
    """Return balanced train, validation and test tables without a repeated text.

    Args:
        train: the published train split, columns `text` and `label`.
        test: the published test split.
        train_movies: the movie of each train row; with it, train and validation share no movie.
        random: picks and orders the rows.
    """
    movies = np.arange(len(train)) if train_movies is None else train_movies
    distinct_movies = np.unique(movies)
    held_out = random.permutation(distinct_movies)[: round(VALIDATION_MOVIE_SHARE * len(distinct_movies))]
    is_held_out = np.isin(movies, held_out)
    seen: set[str] = set()
    return {
        "train": _pick_rows(train, ~is_held_out, SPLIT_SIZES["train"], random, seen),
        "validation": _pick_rows(train, is_held_out, SPLIT_SIZES["validation"], random, seen),
        "test": _pick_rows(test, np.ones(len(test), dtype=bool), SPLIT_SIZES["test"], random, seen),
    }


def _pick_rows(
    table: pa.Table, is_candidate: NDArray[np.bool_], size: int, random: np.random.RandomState, seen: set[str]
) -> pa.Table:
    """Return `size` candidate rows in random order, half of each label, and add their texts to `seen`."""
    texts, labels = table["text"].to_pylist(), table["label"].to_pylist()
    wanted = {0: size // 2, 1: size // 2}
    picked = []
    for row in random.permutation(np.flatnonzero(is_candidate)):
        if wanted[labels[row]] and texts[row] not in seen:
            wanted[labels[row]] -= 1
            seen.add(texts[row])
            picked.append(row)
    return table.take(pa.array(picked))


def _read_parquet(folder: Path, stem: str) -> pa.Table:
    return pa.concat_tables(pq.read_table(path) for path in sorted(folder.glob(f"{stem}.parquet")))


if __name__ == "__main__":
    main()
