"""What scripts/bench --debug found, as text."""
from .table import columns


def _cell(result, figure):
    if not result:
        return "-"
    return f"{result[figure]:.2f}" if figure in result else "failed"


def _figures(document, title, figure, base, form):
    names = [name for name in document["tools"] if name != "glibc"]
    lines = [[title, f"glibc, {base[1]}", *names]]
    for row in document["rows"]:
        glibc = row["results"].get("glibc", {})
        lines.append([row["name"], form.format(glibc[base[0]]) if base[0] in glibc else "failed",
                      *(_cell(row["results"].get(name), figure) for name in names)])
    lines.append(["geometric mean of the rows finished", "", *(f"{document['means'][name][figure]:.2f}" if name in document["means"] else "-" for name in names)])
    if figure == "slowdown":
        lines.append(["worst", "", *(f"{document['means'][name]['worst']:.2f}" if name in document["means"] else "-" for name in names)])
        lines.append(["rows finished", "", *(str(document["means"].get(name, {}).get("rows", 0)) for name in names)])
        lines.append(["quoted in the design", "", *(document["quoted"].get(name, "") for name in names)])
    return ["", *columns(lines)]


def _limits(document):
    if not document["limits"]:
        return []
    lines = [["limits", "at most", "measured", ""]]
    lines += [[one["what"], f"{one['limit']:.2f}", f"{one['value']:.3f}", "kept" if one["kept"] else "NOT KEPT"] for one in document["limits"]]
    return ["", *columns(lines)]


def problems(document):
    """Of kslab: runs that failed, other output, reports that are no leaks."""
    found = []
    for row in document["rows"]:
        for name, result in row["results"].items():
            if "failure" in result and name.split()[0] in ("glibc", "kslab"):
                found.append(f"FAILED {row['name']} under {name}: {result['failure']}")
            if name.split()[0] == "kslab" and result.get("same_output") is False:
                found.append(f"OUTPUT DIFFERS: {row['name']} under {name}")
            found += [f"REPORT {row['name']} under {name}: {line}" for line in sorted(set(result.get("findings", [])))]
    return found


def _others(document):
    lines = [f"{name} does not run {row['name']}: {result['failure']}" for row in document["rows"] for name, result in row["results"].items()
             if "failure" in result and name.split()[0] not in ("glibc", "kslab")]
    lines += [f"{name} changes the output of {row['name']}" for row in document["rows"] for name, result in row["results"].items()
              if name.split()[0] != "kslab" and result.get("same_output") is False]
    return ["", *lines] if lines else []


def text(document):
    machine = document["machine"]
    wrong = problems(document)
    return "\n".join([
        f"kslab debugging benchmark, {document['date']}, {document['runs']} runs (memcheck, efence and duma 1)",
        f"{machine['processor']}, {machine['cpus']} CPUs, {machine['memory_mib']} MiB, Linux {machine['kernel']}, load at start {machine['load_at_start']}",
        *(f"note: {note}" for note in document["notes"]),
        *_figures(document, "time, times glibc's", "slowdown", ("seconds", "s"), "{:.3f}"),
        *_figures(document, "CPU time, times glibc's (less disturbed by other work)", "cpu", ("cpu_seconds", "s"), "{:.3f}"),
        *_figures(document, "peak RSS, times glibc's", "memory", ("peak_mib", "MiB"), "{:.1f}"),
        *_limits(document), *_others(document), *(["", *wrong] if wrong else [])])
