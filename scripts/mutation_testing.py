"""Changes checkpointing, input validation and push, a place at a time, and counts how many changes the tests notice.

Usage: `python scripts/mutation_testing.py --help`.
"""

import argparse
import json
import math
import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trials.mutants.changes import Area, Change


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Draw mutants (by mutmut) of the code that keeps checkpoints, checks input and pushes. Run the "
        "tests of each, up to the first that fails, in a fork whose package has the change; no file is. Outcomes "
        "are kept beside --output, so that the same command goes on where it was stopped. Needs Linux, and pip install "
        "'.[test,mutation]'."
    )
    parser.add_argument("--sample", metavar="N", type=int, default=40, help="mutants of each area (default: 40)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the sample (default: 0)")
    parser.add_argument(
        "--limit",
        metavar="S",
        type=float,
        default=60,
        help="seconds of computing for the tests of a mutant, besides ten times those that they take without it; of "
        "waiting, five times as many (default: 60)",
    )
    parser.add_argument("--areas", metavar="AREA", nargs="+", help="try mutants of these alone (default: all three)")
    parser.add_argument("--minutes", metavar="M", type=float, default=math.inf, help="stop after this time")
    parser.add_argument(
        "--output", metavar="FILE", type=Path, required=True, help="write the figures into this JSON file"
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Draw mutants, run their tests, and write the figures."""
    arguments = parse_arguments(argv)
    from trials.mutants.changes import AREAS, draw, list_changes
    from trials.mutants.runs import import_libraries

    areas = arguments.areas or list(AREAS)
    if unknown := sorted(set(areas) - set(AREAS)):
        sys.exit(f"--areas {unknown[0]}: expected some of {', '.join(AREAS)}")
    import_libraries()
    kept = arguments.output.with_suffix(".jsonl")
    outcomes = read_outcomes(kept)
    ends_at_s = time.monotonic() + 60 * arguments.minutes
    mutants = {area: list_changes(area) for area in AREAS}
    drawn = {area: draw(each, arguments.sample, arguments.seed) for area, each in mutants.items()}
    for area in areas:
        to_do = [mutant for mutant in drawn[area] if mutant.name not in outcomes and time.monotonic() < ends_at_s]
        for mutant, outcome in try_area(AREAS[area], to_do, arguments.limit):
            outcomes[mutant.name] = outcome
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"mutant": mutant.name, "outcome": outcome}) + "\n")
            said = mutant.describe()
            print(f"{outcome:<9} {said['place']}: {said['before']}  ->  {said['after']}", flush=True)
            if time.monotonic() > ends_at_s:
                break
    figures = {
        "command": f"python scripts/mutation_testing.py {shlex.join(argv)}",
        "seed": arguments.seed,
        "areas": {area: summarize(len(mutants[area]), sample, outcomes) for area, sample in drawn.items()},
    }
    arguments.output.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"saved in {arguments.output}; outcomes in {kept}")


def try_area(area: "Area", mutants: "Sequence[Change]", limit_s: float) -> "Iterator[tuple[Change, str]]":
    """Yield mutants of an area with what came of each."""
    from trials.mutants.covering import measure_covering
    from trials.mutants.runs import SURVIVED, try_mutant

    if not mutants:
        return
    if (covering := measure_covering(area.list_files(), area.list_tests())) is None:
        sys.exit(f"{', '.join(area.tests)}: the tests fail without any change; mend them first")
    for mutant in mutants:
        outcome = SURVIVED
        for tests, seconds in covering.list_rounds(mutant.file, mutant.line):
            outcome = try_mutant(mutant.file, mutant.apply(), tests, limit_s + 10 * seconds)
            if outcome != SURVIVED:
                break
        yield mutant, outcome


def read_outcomes(kept: Path) -> dict[str, str]:
    """Read the outcomes of earlier starts, by mutant; a line cut short goes, as the next one is written behind it."""
    text = kept.read_text(encoding="utf-8") if kept.is_file() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        kept.write_text(whole, encoding="utf-8")
    records = [json.loads(line) for line in whole.splitlines()]
    return {record["mutant"]: record["outcome"] for record in records}


def summarize(num_mutants: int, sample: "Iterable[Change]", outcomes: dict[str, str]) -> dict[str, Any]:
    """Count the outcomes of a sample, and list the mutants that no test noticed."""
    tried = [mutant for mutant in sample if mutant.name in outcomes]
    counts = {kind: sum(outcomes[mutant.name] == kind for mutant in tried) for kind in ("killed", "timed out")}
    survivors = [mutant.describe() for mutant in tried if outcomes[mutant.name] == "survived"]
    return {
        "mutants": num_mutants,
        "tried": len(tried),
        "killed": counts["killed"],
        "timed_out": counts["timed out"],
        "survived": survivors,
    }


if __name__ == "__main__":
    main(sys.argv[1:])
