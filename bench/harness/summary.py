"""From samples to one document: what the JSON file holds and what table and chart are drawn from."""
import os
import pathlib
import platform
import re
import time

from . import stats
from .rows import REAL, SYNTHETIC

SCHEMA = 1  # raise it when a field changes its meaning or goes
PEERS = ("glibc", "jemalloc", "mimalloc", "tcmalloc")  # whom the goals name; others are shown only
SUBJECT = "kslab"
BASELINE = "glibc"
AS_FAST = 0.05  # memory that costs so little time is compared apart: what is lean because it is slow is no rival


def _first(path, pattern, fallback=""):
    try:
        found = re.search(pattern, pathlib.Path(path).read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1) if found else fallback


def machine():
    return {
        "processor": _first("/proc/cpuinfo", r"^model name\s*: (.*)$", platform.machine()),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_mib": int(_first("/proc/meminfo", r"^MemTotal:\s*(\d+)", "0")) // 1024,
        "kernel": platform.release(),
        "distribution": _first("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)', "unknown"),
        "huge_pages": _first("/sys/kernel/mm/transparent_hugepage/enabled", r"\[(\w+)\]", "unknown"),
        "load_at_start": round(os.getloadavg()[0], 2),
    }


def _series(samples, figure):
    return [getattr(sample, figure) for sample in samples if not sample.failure]


def _metrics(samples):
    """Medians of the figures that the program itself printed."""
    good = [sample for sample in samples if not sample.failure]
    if not good:
        return {}
    return {name: {"value": stats.median([sample.metrics[name][0] for sample in good]), "unit": unit}
            for name, (_, unit) in good[0].metrics.items()}


def _result(samples, failure):
    if failure:
        return {"failure": failure}
    walls, cpus, peaks = (_series(samples, figure) for figure in ("wall", "cpu", "peak_mib"))
    return {
        "seconds": stats.median(walls), "seconds_spread": stats.spread(walls),
        "cpu_seconds": stats.median(cpus),
        "peak_mib": stats.median(peaks), "peak_spread": stats.spread(peaks),
        "metrics": _metrics(samples),
        "curves": next((sample.curves for sample in samples if not sample.failure), {}),  # of one run
        "samples": {"wall": walls, "cpu": cpus, "peak_mib": peaks},
    }


def _against_best(results, key, series, slower_by=None):
    """The subject against the peer with the smallest median, paired by rounds; of those that take at most so much longer."""
    ours = results.get(SUBJECT, {}).get("samples")
    rivals = [name for name in PEERS if "samples" in results.get(name, {})]
    if ours and slower_by is not None:
        rivals = [name for name in rivals if results[name]["seconds"] <= results[SUBJECT]["seconds"] * (1 + slower_by)]
    if not ours or not rivals:
        return None
    best = min(rivals, key=lambda name: results[name][key])
    return {"best": best} | stats.paired_ratio(ours[series], results[best]["samples"][series])


def summarise_row(row, work, command, samples, failed):
    results = {name: _result(some, failed.get(name, "")) for name, some in samples.items()}
    outputs = {some[0].output for name, some in samples.items() if name not in failed and some}
    base = results.get(BASELINE, {})
    for result in results.values():
        if "samples" in result and "samples" in base:
            result["time_ratio"] = result["seconds"] / base["seconds"] if row.timed else None
            result["cpu_ratio"] = result["cpu_seconds"] / base["cpu_seconds"] if row.timed else None
            result["rss_ratio"] = result["peak_mib"] / base["peak_mib"]
    return {
        "name": row.name, "about": row.about, "group": row.group, "work_percent": work, "timed": row.timed,
        "command": command, "environment": dict(row.environment), "same_output": not row.checked or len(outputs) <= 1,
        "results": results,
        "against_best": {"time": _against_best(results, "seconds", "wall") if row.timed else None,
                         "rss": _against_best(results, "peak_mib", "peak_mib"),
                         "rss_as_fast": _against_best(results, "peak_mib", "peak_mib", AS_FAST if row.timed else None)},
    }


def means(rows, names):
    """Geometric means of the ratios to the baseline, over the rows that every allocator finished."""
    table = {}
    for label, groups in (("real", (REAL,)), ("synthetic", (SYNTHETIC,)), ("all", (REAL, SYNTHETIC))):
        for figure in ("time_ratio", "cpu_ratio", "rss_ratio"):
            usable = [row for row in rows if row["group"] in groups
                      and all(row["results"].get(name, {}).get(figure) for name in names)]
            table[f"{figure[:-6]}_{label}"] = {
                "rows": len(usable),
                "means": {name: stats.geometric_mean([row["results"][name][figure] for row in usable]) for name in names},
            }
    return table


def summarise_mechanisms(series, failed):
    rows = []
    for name, by_allocator in series.items():
        ours, rivals = by_allocator.get(SUBJECT), [peer for peer in PEERS if peer in by_allocator]
        against = None
        if ours and rivals:
            best = min(rivals, key=lambda peer: stats.median(by_allocator[peer]))
            against = {"best": best} | stats.paired_ratio(ours, by_allocator[best])
        rows.append({"name": name, "against_best": against,
                     "results": {who: {"nanoseconds": stats.median(some), "spread": stats.spread(some), "samples": some}
                                 for who, some in by_allocator.items()}})
    return {"rows": rows, "failures": failed}


def document(arguments, allocators, rows, mechanisms, notes, machine_at_start):
    names = [allocator.name for allocator in allocators]
    return {
        "kind": "kslab-bench", "schema": SCHEMA, "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine_at_start, "options": {"quick": arguments.quick, "runs": arguments.runs, "only": arguments.only or "", "seed": arguments.seed},
        "settings": {name: value for name, value in os.environ.items() if name.startswith("KSLAB_")},
        "allocators": [{"name": one.name, "version": one.version, "library": one.library} for one in allocators],
        "notes": notes, "rows": rows, "mechanisms": mechanisms, "means": means(rows, names),
    }
