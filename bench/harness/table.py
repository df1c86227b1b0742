"""The document as text."""
from .summary import PEERS, SUBJECT


def columns(lines):
    """Left column left-aligned, the others right-aligned, each as wide as it needs."""
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(zip(line, widths))).rstrip()
            for line in lines]


def _ratio_cell(result, figure, measured):
    if not result:
        return "-"
    if "failure" in result:
        return "failed"
    if result.get(figure) is None:
        return measured.format(**result)
    return f"{result[figure]:.2f}"


def machine_line(machine):
    return (f"{machine['processor']}, {machine['cpus']} CPUs, {machine['memory_mib']} MiB, Linux {machine['kernel']}, "
            f"{machine['distribution']}, huge pages {machine['huge_pages']}, load at start {machine['load_at_start']}")


def _header(document):
    options = document["options"]
    lines = [f"kslab benchmark, {document['date']}, {'quick, ' if options['quick'] else ''}{options['runs']} runs",
             machine_line(document["machine"])]
    lines += [f"{one['name']:9} {one['version']}  {one['library']}".rstrip() for one in document["allocators"]]
    lines += [f"setting   {name}={value}" for name, value in document["settings"].items()]
    return lines + [f"note: {note}" for note in document["notes"]]


def _rows(document, names, figure, base_figure, title, only_timed):
    rows = [row for row in document["rows"] if row["timed"] or not only_timed]
    if not rows:
        return []
    lines = [[title, base_figure[2], *names, "spread"]]
    for row in rows:
        base = row["results"].get("glibc", {})
        spreads = [result[base_figure[1]] for result in row["results"].values() if base_figure[1] in result]
        lines.append([row["name"], base_figure[0].format(**base) if "samples" in base else "-",
                      *(_ratio_cell(row["results"].get(name), figure, base_figure[0]) for name in names),
                      f"{max(spreads, default=0) * 100:.0f} %"])
    return ["", *columns(lines)]


def _means(document, names):
    lines = [["geometric mean of ratios to glibc", "rows", *names]]
    for label in (f"{figure}_{group}" for figure in ("time", "cpu", "rss") for group in ("real", "synthetic", "all")):
        entry = document["means"][label]
        if entry["rows"]:
            lines.append([label.replace("_", ", "), str(entry["rows"]), *(f"{entry['means'][name]:.2f}" for name in names)])
    return ["", *columns(lines)] if len(lines) > 1 else []


def _metrics(document, names):
    lines = [["figures the programs report", *names, "unit"]]
    for row in document["rows"]:
        found = next((result["metrics"] for result in row["results"].values() if result.get("metrics")), {})
        for metric, entry in found.items():
            values = [row["results"].get(name, {}).get("metrics", {}).get(metric) for name in names]
            lines.append([f"{row['name']}: {metric.replace('_', ' ')}",
                          *(f"{value['value']:.4g}" if value else "-" for value in values), entry["unit"]])
    return ["", *columns(lines)] if len(lines) > 1 else []


def _mechanisms(document, names):
    rows = document["mechanisms"]["rows"]
    if not rows:
        return []
    lines = [["single mechanisms, ns an iteration", *names]]
    for row in rows:
        lines.append([row["name"], *(f"{row['results'][name]['nanoseconds']:.4g}" if name in row["results"] else "-" for name in names)])
    return ["", *columns(lines)]


def _losses_of(rows, figure):
    found = []
    for row in rows:
        against = row["against_best"][figure] if figure else row["against_best"]
        if against and against["low"] > 1:
            found.append((against["low"], [row["name"], f"{against['ratio']:.2f}", f"{against['low']:.2f} to {against['high']:.2f}",
                                           f"{against['confidence'] * 100:.0f} %", against["best"]]))
    return [line for _, line in sorted(found, key=lambda pair: -pair[0])]


def _losses(document):
    """Rows where even the low end of the interval is above the best peer."""
    if not any(one["name"] == SUBJECT for one in document["allocators"]):
        return []
    out = []
    for title, rows, figure in (("time", document["rows"], "time"), ("peak RSS", document["rows"], "rss"),
                                ("peak RSS of those as fast within 5 %", document["rows"], "rss_as_fast"),
                                ("single mechanisms", document["mechanisms"]["rows"], "")):
        losses = _losses_of(rows, figure)
        compared = sum(1 for row in rows if (row["against_best"][figure] if figure else row["against_best"]))
        if compared:
            out += ["", f"{SUBJECT} behind the best of {', '.join(PEERS)} in {title}: {len(losses)} of {compared} rows"]
        if losses:
            out += columns([["row", "ratio", "interval", "confidence", "best"], *losses])
    return out


def _failures(document):
    lines = [f"FAILED {row['name']} under {name}: {result['failure']}"
             for row in document["rows"] for name, result in row["results"].items() if "failure" in result]
    lines += [f"OUTPUT DIFFERS between allocators: {row['name']}" for row in document["rows"] if not row["same_output"]]
    lines += [f"FAILED single mechanisms under {name}: {failure}" for name, failure in document["mechanisms"]["failures"].items()]
    return ["", *lines] if lines else []


def _commands(document):
    lines = ["", "commands"]
    for row in document["rows"]:
        settings = "".join(f"{name}={value} " for name, value in row["environment"].items())
        lines.append(f"  {row['name']}: {settings}{row['command']}")
    return lines if len(lines) > 2 else []


def text(document):
    names = [one["name"] for one in document["allocators"]]
    return "\n".join([
        *_header(document),
        *_rows(document, names, "time_ratio", ("{seconds:.3f}", "seconds_spread", "glibc, s"), "time, ratio to glibc", True),
        *_rows(document, names, "rss_ratio", ("{peak_mib:.1f}", "peak_spread", "glibc, MiB"), "peak RSS, ratio to glibc", False),
        *_metrics(document, names), *_mechanisms(document, names), *_means(document, names), *_losses(document),
        *_commands(document), *_failures(document)])


def failed(document):
    return bool(_failures(document))
