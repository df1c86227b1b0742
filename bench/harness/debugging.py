"""scripts/bench --debug: what it costs to look for heap bugs, under kslab and under the tools that people use.

The same rows as ever, with less work, because some tools take fifty times as long. AddressSanitizer must have programs
rebuilt: it runs the patterns only. Tools that a program does not survive are shown as failed; only a failure of kslab's
own is an error.
"""
import glob
import os
import re
import shutil
import subprocess

from . import BenchError, allocators, measure, prepare, stats
from .programs import PROGRAMS
from .rows import PATTERNS

# Rows and the percentage of their work: about half a second or a second under glibc.
WORK = {
    "python3-json": 25, "perl-records": 30, "lua-tables": 60, "ruby-trees": 25, "gawk-words": 25, "sqlite3": 50, "ghostscript": 30,
    "g++": 100, "gcc": 25, "git-log": 300,
    "json-tree": 25, "ordered-map": 20, "hash-tables": 15, "strings": 20, "linked-lists": 15, "vector-growth": 10,
}
ROWS = tuple(row for row in PROGRAMS + PATTERNS if row.name in WORK)
QUICK = ("perl-records", "lua-tables", "sqlite3", "gcc", "json-tree", "ordered-map")

# From the design: (tool, figure, limit, in words).
QUARANTINE_MIB = 64
LIMITS = (
    ("kslab 1", "mean", 2.5, "slowdown of KSLAB_DEBUG=1, geometric mean"),
    ("kslab 1", "worst", 5.0, "slowdown of KSLAB_DEBUG=1, worst row"),
    ("kslab 1", "memory", 3.0, f"peak memory of KSLAB_DEBUG=1 less {QUARANTINE_MIB} MiB of quarantine, worst row"),
    ("kslab full", "mean", 10.0, "slowdown of KSLAB_DEBUG=full, geometric mean"),
    ("kslab sampling", "over_kslab", 1.01, "KSLAB_SAMPLE_GUARD=1000 over kslab without, geometric mean"),
)
# What the design quotes for others, to see whether this machine agrees.
QUOTED = {"memcheck": "21 to 52", "asan": "3.2 to 7", "efence": "over 50 or fails", "duma": "over 50 or fails"}


def packages():
    return [package for package, there in (("valgrind", shutil.which("valgrind")), ("electric-fence", allocators.library_path("libefence.so.0")),
                                           ("duma", allocators.library_path("libduma.so.0"))) if not there]


def _kslab(library, name, **settings):
    pairs = tuple((f"KSLAB_{key}", value) for key, value in settings.items())
    return allocators.Allocator(name, library, environment=pairs + (("KSLAB_LOG", "{scratch}/kslab.%p"), ("KSLAB_SYMBOLIZER", "none")))


def tools(build, wanted):
    """glibc first, kslab's modes, then what this machine has of the others; and notes."""
    library = str((build / "libkslab.so").resolve())
    result = [allocators.Allocator("glibc"), allocators.Allocator("kslab", library),
              _kslab(library, "kslab sampling", SAMPLE_GUARD="1000"), _kslab(library, "kslab 1", DEBUG="1"),
              _kslab(library, "kslab full", DEBUG="full"),
              allocators.Allocator("asan", programs="asan", environment=(("ASAN_OPTIONS", "exitcode=0:log_path={scratch}/asan"),))]
    notes = []
    if shutil.which("valgrind"):
        result.append(allocators.Allocator("memcheck", most_runs=1, prefix=(
            "valgrind", "-q", "--leak-check=full", "--log-file={scratch}/memcheck.%p")))
    else:
        notes.append("valgrind is not installed (package valgrind)")
    for name, soname, package, settings in (
            ("efence", "libefence.so.0", "electric-fence", (("EF_ALIGNMENT", "16"), ("EF_ALLOW_MALLOC_0", "1"), ("EF_DISABLE_BANNER", "1"))),
            ("duma", "libduma.so.0", "duma", (("DUMA_ALIGNMENT", "16"), ("DUMA_DISABLE_BANNER", "1")))):
        path = allocators.library_path(soname)
        if path:
            result.append(allocators.Allocator(name, path, environment=settings, most_runs=1))
        else:
            notes.append(f"{name} is not installed (package {package})")
    return [tool for tool in result if tool.name in ("glibc", "kslab") or re.search(wanted or "", tool.name)], notes


def build_for_asan(places, rows):
    """The patterns among the rows, rebuilt. False when the compiler cannot."""
    directory = places.binaries / "asan"
    directory.mkdir(exist_ok=True)
    for name in sorted({row.command[0].rpartition("/")[2] for row in rows if _is_pattern(row)}):
        source, program = places.source / "patterns" / f"{name}.cpp", directory / name
        if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
            continue
        prepare.say(f"building {name} with AddressSanitizer")
        done = subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", "-O2", "-g", "-fsanitize=address", "-pthread", str(source), "-o", str(program)],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            prepare.say(f"cannot: {done.stderr.strip().splitlines()[-1:]}")
            return False
    return True


def _is_pattern(row):
    return row.command[0].startswith("{bin}/patterns/")


class Runner(measure.Runner):
    """Counts kslab's reports besides: on these programs all but leaks would be false."""

    def _execute(self, row, work, command, scratch, allocator):
        sample = super()._execute(row, work, command, scratch, allocator)
        lines = []
        for name in glob.glob(os.path.join(glob.escape(scratch), "kslab.*")):
            with open(name, errors="replace", encoding="utf-8") as log:
                lines += [line.strip() for line in log if line.startswith("BUG ")]
        sample.metrics["findings"] = ([line for line in lines if "leak" not in line.lower()], len(lines))
        return sample


def _result(samples, failure):
    if failure:
        return {"failure": failure}
    walls, peaks = [one.wall for one in samples], [one.peak_mib for one in samples]
    findings = [line for one in samples for line in one.metrics["findings"][0]]
    return {"seconds": stats.median(walls), "spread": stats.spread(walls), "cpu_seconds": stats.median([one.cpu for one in samples]), "peak_mib": stats.median(peaks),
            "findings": findings, "leak_reports": samples[0].metrics["findings"][1] - len(samples[0].metrics["findings"][0]),
            "samples": {"wall": walls, "peak_mib": peaks}}


def summarise(row, work, command, samples, failed):
    results = {name: _result(some, failed.get(name, "")) for name, some in samples.items() if some}
    outputs = {name: some[0].output for name, some in samples.items() if some and name not in failed}
    base = results["glibc"]
    for name, result in results.items():
        if "samples" in result and "samples" in base:
            result |= {"slowdown": result["seconds"] / base["seconds"], "cpu": result["cpu_seconds"] / max(base["cpu_seconds"], 0.001),
                       "memory": result["peak_mib"] / base["peak_mib"],
                       "same_output": not row.checked or outputs[name] == outputs["glibc"]}
    return {"name": row.name, "group": row.group, "work_percent": work, "command": command, "results": results}


def means(rows, names):
    """Geometric means of each tool over the rows that it finished, so the numbers of rows differ."""
    table = {}
    for name in names:
        done = [row["results"][name] for row in rows if row["results"].get(name, {}).get("slowdown")]
        both = [row["results"] for row in rows if all(row["results"].get(one, {}).get("slowdown") for one in (name, "kslab"))]
        if done:
            table[name] = {"rows": len(done), "slowdown": stats.geometric_mean([one["slowdown"] for one in done]),
                           "cpu": stats.geometric_mean([one["cpu"] for one in done]),
                           "worst": max(one["slowdown"] for one in done), "memory": stats.geometric_mean([one["memory"] for one in done]),
                           "over_kslab": stats.geometric_mean([one[name]["seconds"] / one["kslab"]["seconds"] for one in both]) if both else None}
    return table


def verdicts(rows, table):
    found = []
    for tool, figure, limit, words in LIMITS:
        if tool not in table:
            continue
        if figure == "memory":
            value = max((row["results"][tool]["peak_mib"] - QUARANTINE_MIB) / row["results"]["glibc"]["peak_mib"]
                        for row in rows if row["results"].get(tool, {}).get("memory"))
        else:
            value = table[tool]["slowdown" if figure == "mean" else figure]
        if value is not None:
            found.append({"what": words, "limit": limit, "value": value, "kept": value <= limit})
    return found


def run(parsed, places, progress_of):
    rows = [row for row in ROWS if (not parsed.quick or row.name in QUICK) and re.search(parsed.only or "", row.name)]
    if not rows:
        raise BenchError(f"no row of --debug matches '{parsed.only}': {', '.join(WORK)}")
    if not (places.binaries.parent / "libkslab.so").exists():
        raise BenchError("the build has no libkslab.so")
    measured, notes = tools(places.binaries.parent, parsed.tools)
    asan = any(tool.name == "asan" for tool in measured) and build_for_asan(places, rows)
    finished = []
    progress = progress_of(lambda: len(finished), len(rows))
    runner = Runner(places, 60 if parsed.quick else 120, parsed.seed)
    results = []
    for row in rows:
        if not prepare.program_of(row):
            notes.append(f"row {row.name} not run: no program {row.command[0]} (package {' '.join(row.packages)})")
            continue
        usable = [tool for tool in measured if tool.name != "asan" or (asan and _is_pattern(row))]
        samples, failed = runner.rounds(row, WORK[row.name], usable, parsed.runs, progress)
        results.append(summarise(row, WORK[row.name], places.shown(row, WORK[row.name]), samples, failed))
        finished.append(row.name)
    table = means(results, [tool.name for tool in measured])
    return {"kind": "kslab-bench-debug", "schema": 1, "tools": [tool.name for tool in measured], "notes": notes, "rows": results,
            "means": table, "limits": verdicts(results, table), "quoted": QUOTED}
