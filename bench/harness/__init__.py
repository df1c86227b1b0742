"""Runs every benchmark row under every allocator and tells what came out. Entry point: scripts/bench.

cli.py        options and the order of events
rows.py       what a row is; the patterns
programs.py   the real programs
prepare.py    packages, the build, input files (generated.py makes the larger ones)
allocators.py where the allocators are, and the proof that a preload works
newest.py     the peers' newest releases
measure.py    one run; rounds of runs, interleaved
mechanisms.py the same for Google Benchmark's programs
stats.py      medians, means, intervals
summary.py    samples into one document (the JSON)
table.py      the document as text
chart.py      the document as SVG (svg.py: its elements)
"""


class BenchError(Exception):
    """Something the user can understand and mend; printed as one line."""
