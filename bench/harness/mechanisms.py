"""Single mechanisms: Google Benchmark's program under each allocator, in interleaved rounds."""
import json
import os
import random
import re
import subprocess
import tempfile

from . import measure

PREFIX = "mechanism:"
QUICK = r"^(pair/64|mixed_fifo|batch_fifo/64/10000|large_pair/65536|(threads_fifo|exchange)/threads:(1|2|8|64)|hand_over.*|replace_among_million.*)$"
_NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def program(places):
    path = places.binaries / "mechanisms" / "mechanisms"
    return str(path) if path.exists() else ""


def _short(name):
    return re.sub(r"/(real_time|manual_time|iterations:\d+)", "", name)


def names(places, quick, only):
    """Full names of the benchmarks to run."""
    path = program(places)
    if not path:
        return []
    listed = subprocess.run([path, "--benchmark_list_tests"], capture_output=True, text=True, check=False).stdout.split()
    return [name for name in listed
            if (not quick or re.fullmatch(QUICK, _short(name))) and (not only or re.search(only, PREFIX + _short(name)))]


def short_names(full_names):
    return [_short(name) for name in full_names]


def once(path, allocator, pattern, min_time):
    """Nanoseconds for each benchmark, or a failure."""
    settings = measure.environment()
    if allocator.library:
        settings["LD_PRELOAD"] = allocator.library
    with tempfile.TemporaryDirectory(prefix="bench.") as scratch:
        out = os.path.join(scratch, "out.json")
        command = [path, f"--benchmark_filter={pattern}", f"--benchmark_min_time={min_time}", f"--benchmark_out={out}",
                   "--benchmark_out_format=json", "--benchmark_format=console"]
        try:
            done = subprocess.run(command, env=settings, capture_output=True, timeout=300, check=False)
        except subprocess.TimeoutExpired:
            return {}, "did not end within 300 s"
        if done.returncode != 0:
            return {}, f"exit status {done.returncode}"
        with open(out, encoding="utf-8") as file:
            results = json.load(file)["benchmarks"]
    return {_short(one["name"]): _figure(one) for one in results}, ""


def _figure(result):
    """CPU time where one thread works alone, which other work disturbs least; elapsed time where several do."""
    kind = "real_time" if re.search("/(real|manual)_time", result["name"]) else "cpu_time"
    return result[kind] * _NANOSECONDS[result["time_unit"]]


def run(places, allocators, full_names, runs, min_time, seed, progress):
    """Lists of nanoseconds by benchmark and allocator, and what failed."""
    path = program(places)
    pattern = "^(" + "|".join(re.escape(name).replace("\\-", "-") for name in full_names) + ")$"
    order = random.Random(seed)
    series = {_short(name): {} for name in full_names}
    failed = {}
    for number in range(runs):
        for allocator in order.sample(allocators, len(allocators)):
            if allocator.name in failed:
                continue
            progress("single mechanisms", number, allocator.name)
            figures, failure = once(path, allocator, pattern, min_time)
            if failure:
                failed[allocator.name] = failure
            for name, nanoseconds in figures.items():
                series[name].setdefault(allocator.name, []).append(nanoseconds)
    return series, failed
