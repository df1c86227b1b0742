"""kslab's own interface beside malloc of every allocator: one table of nanoseconds for each object."""
import random
import statistics

from . import BenchError, allocators, mechanisms, table

SIZES = (24, 64, 192, 1024)
BATCH = 64
# Heading, the benchmark's last word, and the objects of an iteration.
COLUMNS = (("pair", "pair", 1), ("batch of 64", "batch", BATCH), ("pair, two threads", "pair_2", 1))
# Title, the benchmark's first word.
WAYS = (
    ("kmem_cache, inlined", "kmem_cache_inlined"),
    ("kmem_cache, called", "kmem_cache"),
    ("kmem_cache, bulk", "bulk"),
    ("kslab::cache, inlined", "kslab::cache_inlined"),
    ("kslab::cache", "kslab::cache"),
    ("kslab::cache, pmr", "kslab::cache_as_resource"),
    ("kslab::allocator", "kslab::allocator"),
    ("kmalloc", "kmalloc"),
    ("pmr unsynchronized_pool", "unsynchronized_pool"),
    ("pmr synchronized_pool", "synchronized_pool"),
)
PROGRAMS = ("mechanisms_api", "mechanisms_api_inlined")


def _programs(places):
    found = [places.binaries / "mechanisms" / name for name in PROGRAMS]
    if not all(path.exists() for path in found):
        raise BenchError("the benchmarks of the interface are not built (package libbenchmark-dev)")
    return [str(path) for path in found]


def run(places, measured, runs, min_time, seed, progress):
    """Lists of nanoseconds by benchmark, malloc's by "malloc of NAME"; and what failed."""
    own, inlined = _programs(places)
    libc = allocators.Allocator("glibc")
    # Everything but malloc does not depend on what is preloaded.
    jobs = [(own, libc, f"^{word}/.*/(pair|batch|bulk)", "") for _, word in WAYS if "inlined" not in word and word != "bulk"]
    jobs += [(inlined, libc, ".", "")]
    jobs += [(own, allocator, "^malloc/.*/(pair|batch)", f"malloc of {allocator.name}") for allocator in measured]
    series, failed = {}, {}
    order = random.Random(seed)
    for number in range(runs):
        for path, allocator, pattern, name in order.sample(jobs, len(jobs)):
            progress("kslab's interface", number, name or "kslab")
            figures, failure = mechanisms.once(path, allocator, pattern, min_time)
            if failure:
                failed[name or pattern] = failure
            for benchmark, nanoseconds in figures.items():
                way, size, what = benchmark.removesuffix("/threads:2").rsplit("/", 2)
                what = "pair_2" if benchmark.endswith("/threads:2") else what
                if what == "bulk":
                    way, what = "bulk", "batch"
                series.setdefault(f"{name or way}/{size}/{what}", []).append(nanoseconds)
    return series, failed


def _cell(series, way, size, what, objects):
    figures = series.get(f"{way}/{size}/{what}")
    return f"{statistics.median(figures) / objects:.1f}" if figures else "-"


def text(series, failed, machine, runs):
    mallocs = sorted({name.split("/")[0] for name in series if name.startswith("malloc of ")}, key=lambda name: name != "malloc of kslab")
    ways = WAYS + tuple((name, name) for name in mallocs)
    width = max(len(title) for title, _ in ways)
    lines = [f"ns for each object, allocated and freed: medians of {runs} runs", table.machine_line(machine), "",
             " " * width + "".join(f" |{heading:^{7 * len(SIZES)}}" for heading, _, _ in COLUMNS),
             f"{'bytes':{width}}" + "".join(" |" + "".join(f"{size:7}" for size in SIZES) for _ in COLUMNS)]
    for title, way in ways:
        lines.append(f"{title:{width}}" + "".join(
            " |" + "".join(f"{_cell(series, way, size, what, objects):>7}" for size in SIZES) for _, what, objects in COLUMNS))
    lines += [f"failed: {name}: {why}" for name, why in failed.items()]
    return "\n".join(lines)
