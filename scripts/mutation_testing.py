"""Changes checkpointing, input validation and push, a place at a time, and counts how many changes the tests notice.

Usage: `python scripts/mutation_testing.py --help`.
"""

import argparse
import json
import math
import shlex
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trials.mutants.changes import Change


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
        "--limit", metavar="S", type=float, default=300, help="seconds for the tests of a mutant (default: 300)"
    )
    parser.add_argument("--minutes", metavar="M", type=float, default=math.inf, help="stop after this time")
    parser.add_argument(
        "--output", metavar="FILE", type=Path, required=True, help="write the figures into this JSON file"
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Draw mutants, run their tests, and write the figures."""
    arguments = parse_arguments(argv)
    from trials.mutants.changes import AREAS, draw, list_changes
    from trials.mutants.runs import SURVIVED, import_libraries, try_mutant

    import_libraries()
    kept = arguments.output.with_suffix(".jsonl")
    outcomes = read_outcomes(kept)
    ends_at_s = time.monotonic() + 60 * arguments.minutes
    mutants = {area: list_changes(area) for area in AREAS}
    drawn = {area: draw(each, arguments.sample, arguments.seed) for area, each in mutants.items()}
    for area, sample in drawn.items():
        to_do = [mutant for mutant in sample if mutant.name not in outcomes]
        if to_do and try_mutant(None, "", AREAS[area].list_tests(to_do[0].file), math.inf) != SURVIVED:
            sys.exit(f"{area}: the tests fail without any change; mend them first")
        for mutant in to_do:
            if time.monotonic() > ends_at_s:
                break
            tests = AREAS[area].list_tests(mutant.file)
            outcome = try_mutant(mutant.file, mutant.apply(), tests, arguments.limit)
            outcomes[mutant.name] = outcome
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"mutant": mutant.name, "outcome": outcome}) + "\n")
            said = mutant.describe()
            print(f"{outcome:<9} {said['place']}: {said['before']}  ->  {said['after']}", flush=True)
    figures = {
        "command": f"python scripts/mutation_testing.py {shlex.join(argv)}",
        "seed": arguments.seed,
        "areas": {area: summarize(len(mutants[area]), sample, outcomes) for area, sample in drawn.items()},
    }
    arguments.output.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"saved in {arguments.output}; outcomes in {kept}")


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
