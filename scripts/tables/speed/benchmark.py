"""Write the speed tables: every figure of `results/benchmark.json`, throughput, and cost by length."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarking.contenders.peak import PEAK
from benchmarking.contenders.wide_lstm import WIDE_FORMATS, name_wide_metric
from benchmarking.harness.processors import name_kind
from benchmarking.harness.timing import IN_ONE_PROCESS, WITH_A_PROCESS_PER_CORE
from benchmarking.plan import SECTIONS
from benchmarking.sections.sequence_length import name_metric
from hf_lstm.markdown import format_cell, format_table
from tables.measured import read_benchmark, read_other_kinds

_LIMITS = {"at_least": "at least", "at_most": "at most"}
_COMMAND = 'pip install -e ".[benchmark]" && python scripts/benchmark.py --dataset stanfordnlp/imdb'


def format_speed(root: Path) -> str:
    """Return the tables of `root/results/benchmark.json`; what it lacks is named.

    Raises:
        InputError: the file is not what `scripts/benchmark.py` writes.
    """
    main = read_benchmark(root, _format_benchmark)
    others = [read_benchmark(root, _format_benchmark, kind) for kind in read_other_kinds(root)]
    return "\n\n".join([main, *others])


def _format_benchmark(benchmark: Mapping[str, Any]) -> str:
    sections = benchmark["sections"]
    parts = [
        _describe_run(benchmark),
        f"```bash\n{_write_command(benchmark)}\n```",
        _format_figures(sections),
        *_name_left_out(sections),
    ]
    if "training-step" in sections:
        parts.append(_describe_wide_layers(sections["training-step"]))
    if "text-to-label" in sections:
        parts.append(_describe_throughput(sections["text-to-label"]))
    if "sequence-length" in sections:
        parts.append(_describe_cost_by_length(sections["sequence-length"]))
    return "\n\n".join(parts)


def _write_command(benchmark: Mapping[str, Any]) -> str:
    options, limit = benchmark["options"], benchmark["machine"].get("onednn_max_cpu_isa")
    measured = benchmark["sections"]
    arguments = [
        *(["--quick"] if options["quick"] else []),
        *([f"--only {','.join(measured)}"] if set(measured) != set(SECTIONS) else []),
        *([f"--max-isa {limit}"] if limit else []),
    ]
    return " ".join([_COMMAND, *arguments, "--output results/benchmark.json"])


def find_missing_sections(root: Path) -> list[str]:
    """Return the sections that the benchmark has, but `root/results/benchmark.json` does not."""
    measured = read_benchmark(root, lambda benchmark: set(benchmark["sections"]))
    return [name for name in SECTIONS if name not in measured]


def _describe_run(benchmark: Mapping[str, Any]) -> str:
    machine, options, sections = benchmark["machine"], benchmark["options"], benchmark["sections"]
    hurry = " in a hurry (`--quick`)" if options["quick"] else ""
    missing = [name.replace("-", " ") for name in SECTIONS if name not in sections]
    (main_time, _), *later = _list_times(benchmark)
    return (
        f"On {machine['num_cores']} cores of {machine['processor']}, {name_kind(machine)}, {main_time}{hurry}: "
        f"medians {_describe_rounds(options['effort']['repeats'], sections)}, each contender in a process of its own, "
        f"on the same reviews (`{options['dataset']}`). "
        + (f"Not measured: {', '.join(missing)}. " if missing else "")
        + "".join(f"Measured on {when}: {', '.join(names)}. " for when, names in later)
        + "From [`results/benchmark.json`](benchmark.json), written by"
    )


def _list_times(benchmark: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """List when sections were measured, with their names: the time of most of them comes first."""
    own = {"date": benchmark["machine"]["date"], "commit": benchmark["options"].get("commit")}
    names_by_time: dict[str, list[str]] = {}
    for name, section in benchmark["sections"].items():
        measured = section.get("measured", own)
        commit = f" at commit `{measured['commit'][:10]}`" if measured["commit"] else ""
        names_by_time.setdefault(f"{measured['date'][:10]}{commit}", []).append(name.replace("-", " "))
    return sorted(names_by_time.items(), key=lambda each: -len(each[1]))


def _describe_rounds(usual: int, sections: Mapping[str, Any]) -> str:
    """Return how many rounds there were, with the sections that had fewer."""
    others = [
        f"{name.replace('-', ' ')}: {count}"
        for name, section in sections.items()
        if (count := _count_rounds(section)) != usual
    ]
    exceptions = f" ({', '.join(others)})" if others else ""
    return f"over {usual} round{'s' if usual > 1 else ''}{exceptions} in which all take turns"


def _count_rounds(section: Mapping[str, Any]) -> int:
    return max(
        (len(summary["samples"]) for each in section["contenders"].values() for summary in each["metrics"].values()),
        default=0,
    )


def _format_figures(sections: Mapping[str, Any]) -> str:
    """Return the table of all figures, but for those of contenders that were left out."""
    rows = [
        [name.replace("-", " "), figure["title"], *_format_figure(figure, section["contenders"])]
        for name, section in sections.items()
        for figure in section["figures"]
        if not any(_is_left_out(section["contenders"][each]) for each in figure.get("missing", ()))
    ]
    return format_table(["section", "figure", "median", "range", "aim"], rows)


def _is_left_out(contender: Mapping[str, Any]) -> bool:
    return bool(contender["status"] == "left out")


def _name_left_out(sections: Mapping[str, Any]) -> list[str]:
    """Return a paragraph for each reason to leave contenders out: these have no figures."""
    names_by_reason: dict[str, dict[str, None]] = {}
    for section in sections.values():
        for name, contender in section["contenders"].items():
            if _is_left_out(contender):
                names_by_reason.setdefault(contender["reason"], {})[name] = None
    return [
        f"Without figures, since {format_cell(reason)}: {'; '.join(names)}."
        for reason, names in names_by_reason.items()
    ]


def _format_figure(figure: Mapping[str, Any], contenders: Mapping[str, Any]) -> list[str]:
    """Return a figure's cells: median, range and aim."""
    if "missing" in figure:
        reasons = "; ".join(f"{name}: {_explain_absence(contenders[name])}" for name in figure["missing"])
        return [f"not measured ({reasons})", "", _format_aim(figure)]
    spread = f"{format_number(figure['min'])} to {format_number(figure['max'])}" if len(figure["samples"]) > 1 else ""
    missed = ", **missed**" if figure["is_reached"] is False else ""
    return [f"{format_number(figure['median'])} {figure['unit']}", spread, _format_aim(figure) + missed]


def _explain_absence(contender: Mapping[str, Any]) -> str:
    reason = format_cell(contender["reason"])
    return reason if contender["status"] == "stopped" else f"{contender['status']}, {reason}"


def _format_aim(figure: Mapping[str, Any]) -> str:
    return " and ".join(f"{_LIMITS[kind]} {value:g}" for kind, value in (figure["target"] or {}).items())


def _describe_wide_layers(section: Mapping[str, Any]) -> str:
    sizes, contenders = section["settings"].get("wide_layers"), section["contenders"]
    if sizes is None:
        return "Training of wide LSTM layers alone: not measured in this run."
    rows = [
        [
            f"{units:,}",
            str(batch_size),
            *(_format_median(contenders[name], name_wide_metric(units, batch_size)) for name in WIDE_FORMATS),
        ]
        for units in sizes["hidden_sizes"]
        for batch_size in sizes["batch_sizes"]
    ]
    peaks = [_format_median(contenders[PEAK.name], f"{each}_gflop_per_s") for each in WIDE_FORMATS.values()]
    rows.append(["matrix-product peak", "", *peaks])
    title = (
        f"GFLOP/s of training a wide LSTM layer alone, of one direction, with inputs half as wide, "
        f"{sizes['num_steps']} steps forward, and back to inputs and weights; only useful operations count:"
    )
    table = format_table(["units", "rows", *WIDE_FORMATS], rows, num_texts=0)
    return f"{title}\n\n{table}" + _name_absent({name: contenders[name] for name in WIDE_FORMATS})


def _name_absent(contenders: Mapping[str, Any]) -> str:
    """Return a paragraph that says who was not measured, and why; nothing if all were."""
    absent = [f"{name}: {_explain_absence(each)}" for name, each in contenders.items() if each["status"] != "measured"]
    return f"\n\nNot measured: {'; '.join(absent)}." if absent else ""


def _describe_throughput(section: Mapping[str, Any]) -> str:
    rows = []
    for name, contender in section["contenders"].items():
        dtype = contender["facts"].get("dtype", "")
        if contender["status"] != "measured":
            rows.append([name, dtype, f"not measured ({_explain_absence(contender)})", ""])
        elif IN_ONE_PROCESS in contender["metrics"]:
            speeds = [_format_median(contender, metric) for metric in (IN_ONE_PROCESS, WITH_A_PROCESS_PER_CORE)]
            rows.append([name, dtype, *speeds])
    num_reviews = section["settings"]["num_reviews"]
    title = (
        f"Reviews per second from raw text to label, {num_reviews:,} test reviews (fewer for the slow ones). One "
        "process has a thread per core, but for the linear models. They get a process per core as well, as do our "
        "narrow models:"
    )
    header = ["contender", "computes in", "reviews/s, one process", "a process per core"]
    return f"{title}\n\n{format_table(header, rows, num_texts=2)}"


def _describe_cost_by_length(section: Mapping[str, Any]) -> str:
    contenders = section["contenders"]
    rows = [
        [str(length), *(_format_median(contender, name_metric(length)) for contender in contenders.values())]
        for length in section["settings"]["max_length_tokens"]
    ]
    title = (
        f"Microseconds a token of a training step by the length of its {section['settings']['batch_size']} reviews; "
        "the optimizer's step costs the same at any length, which short reviews have to carry:"
    )
    table = format_table(["tokens", *contenders], rows, num_texts=0)
    return f"{title}\n\n{table}" + _name_absent(contenders)


def _format_median(contender: Mapping[str, Any], metric: str) -> str:
    """Return the median of a metric, or nothing where it was not measured."""
    if contender["status"] != "measured" or metric not in contender["metrics"]:
        return ""
    return format_number(contender["metrics"][metric]["median"])


def format_number(value: float) -> str:
    """Return a number to three significant digits, and whole from 1,000 on."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
