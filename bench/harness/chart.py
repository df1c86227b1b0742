"""The document as one SVG: means as bars, every row as a line of dots, threads and a burst as curves.

Everything is relative to glibc and lower is better. Rows are drawn on a logarithmic axis, so that half and
double are equally far from 1; what lies beyond the axis is put at its end and labelled.
"""
import math
import re

from . import svg
from .summary import SUBJECT

WIDTH, MARGIN, LABELS = 960, 28, 168
COLOURS = {"kslab": "#d6324a", "glibc": "#9aa5b1", "jemalloc": "#2a9d8f", "mimalloc": "#3b6fb6", "tcmalloc": "#e39b2d"}
OTHERS = ("#8e5ea2", "#5d8a2b", "#a0522d", "#008b8b")
ROW_HEIGHT = 17


class Chart:
    def __init__(self, document):
        self.document = document
        names = [one["name"] for one in document["allocators"]]
        self.names = sorted(names, key=lambda name: (name == SUBJECT, names.index(name)))  # drawn last, on top
        spare = iter(OTHERS * len(names))
        self.colours = {name: COLOURS.get(name) or next(spare) for name in names}
        self.order = names
        self.parts = []
        self.y = 0.0

    def add(self, *parts):
        self.parts += parts

    def heading(self):
        machine = self.document["machine"]
        self.add(svg.text(MARGIN, 36, "kslab and its peers", 20, weight="bold"),
                 svg.text(MARGIN, 56, f"{machine['processor']}, {machine['cpus']} CPUs, {machine['distribution']}; "
                          f"{self.document['options']['runs']} runs, medians; ratios to glibc, lower is better", 12, colour=svg.MUTED))
        x = MARGIN
        for name in self.order:
            self.add(svg.bar(x, 70, 12, 12, self.colours[name]),
                     svg.text(x + 17, 80.5, name, 12, weight="bold" if name == SUBJECT else "normal"))
            x += 34 + 8 * len(name)
        self.y = 104

    def means(self):
        panels = [(label, title) for label, title in (
            ("time_real", "time, real programs"), ("time_synthetic", "time, patterns"), ("rss_real", "peak memory, real programs"),
            ("rss_synthetic", "peak memory, patterns")) if self.document["means"][label]["rows"]]
        if not panels:
            return
        width = (WIDTH - 2 * MARGIN) / len(panels)
        for at, (label, title) in enumerate(panels):
            self._mean_panel(MARGIN + at * width, width - 20, title, self.document["means"][label])
        self.y += 210

    def _mean_panel(self, left, width, title, entry):
        bottom, height = self.y + 182, 135
        top_value = max(1.0, *entry["means"].values()) * 1.08
        self.add(svg.text(left, self.y + 8, title, 13, weight="bold"),
                 svg.text(left, self.y + 23, f"geometric mean of {entry['rows']} rows", 11, colour=svg.MUTED))
        step = width / len(self.order)
        one = bottom - height / top_value
        for at, name in enumerate(self.order):
            tall = entry["means"][name] / top_value * height
            x = left + at * step
            self.add(svg.bar(x + 2, bottom - tall, step - 4, tall, self.colours[name]),
                     svg.text(x + step / 2, bottom - tall - 4, f"{entry['means'][name]:.2f}", 11, "middle",
                              weight="bold" if name == SUBJECT else "normal"))
        self.add(svg.line(left, bottom, left + width, bottom, svg.MUTED), svg.line(left, one, left + width, one, "#ffffff", 0.8))

    def rows(self):
        rows = self.document["rows"]
        if not rows:
            return
        half = (WIDTH - 2 * MARGIN - LABELS) / 2
        self.add(svg.text(MARGIN + LABELS, self.y + 8, "time of every row", 13, weight="bold"),
                 svg.text(MARGIN + LABELS + half + 12, self.y + 8, "peak memory of every row", 13, weight="bold"))
        top = self.y + 34
        bottom = top + ROW_HEIGHT * len(rows) + 4
        for at, row in enumerate(rows):
            y = top + ROW_HEIGHT * at + ROW_HEIGHT / 2
            self.add(svg.text(MARGIN + LABELS - 14, y + 4, row["name"], 11.5, "end"))
        for left, figure in ((MARGIN + LABELS, "time_ratio"), (MARGIN + LABELS + half + 12, "rss_ratio")):
            self._axis(left, half - 24, top, bottom)
            for at, row in enumerate(rows):
                self._row_dots(left, half - 24, top + ROW_HEIGHT * at + ROW_HEIGHT / 2, row, figure)
        self.y = bottom + 40

    @staticmethod
    def _place(value, left, width):
        """From a quarter to four times glibc, logarithmic."""
        return left + (min(max(math.log2(value), -2.0), 2.0) + 2.0) / 4.0 * width

    def _axis(self, left, width, top, bottom):
        for value, label in ((0.25, "¼"), (0.5, "½"), (1, "1"), (2, "2"), (4, "4")):
            x = self._place(value, left, width)
            self.add(svg.line(x, top, x, bottom, svg.MUTED if value == 1 else svg.GRID),
                     svg.text(x, top - 7, label, 11, "middle", svg.MUTED), svg.text(x, bottom + 14, label, 11, "middle", svg.MUTED))

    def _row_dots(self, left, width, y, row, figure):
        values = [(name, row["results"].get(name, {}).get(figure)) for name in self.names]
        values = [(name, value) for name, value in values if value]
        if not values:
            self.add(svg.text(left + 6, y + 4, "memory only", 10.5, colour=svg.MUTED))
            return
        places = [self._place(value, left, width) for _, value in values]
        self.add(svg.line(min(places), y, max(places), y, "#cbd2d9", 2))
        beyond = [value for _, value in values if value > 4]
        if beyond:
            self.add(svg.text(left + width + 7, y + 3.5, f"{max(beyond):.0f}×", 10, colour=svg.MUTED))
        for (name, _), x in zip(values, places):
            self.add(svg.dot(x, y, 5.5 if name == SUBJECT else 4.2, self.colours[name]))

    def threads(self):
        curves = {}
        for row in self.document["mechanisms"]["rows"]:
            found = re.fullmatch(r"(threads_fifo|exchange)/threads:(\d+)", row["name"])
            if found:
                for name, result in row["results"].items():
                    curves.setdefault(found.group(1), {}).setdefault(name, []).append((int(found.group(2)), result["nanoseconds"]))
        titles = {"threads_fifo": "each thread its own objects", "exchange": "threads free each other's objects"}
        shown = [key for key in titles if len(next(iter(curves.get(key, {}).values()), [])) > 1]
        width = (WIDTH - 2 * MARGIN) / 2
        for at, key in enumerate(shown):
            self._curves(MARGIN + at * width, width - 30, titles[key], curves[key])
        self.y += 220 if shown else 0

    def _curves(self, left, width, title, curves):
        top, bottom, left = self.y + 34, self.y + 180, left + 30
        width -= 30
        step = _round_step(max(1e3 / value for points in curves.values() for _, value in points))
        highest = 4 * step
        self.add(svg.text(left - 30, self.y + 8, title, 13, weight="bold"),
                 svg.text(left - 30, self.y + 23, "million pairs of malloc and free a second by threads, higher is better", 11, colour=svg.MUTED))
        for part in range(5):
            y = bottom - (bottom - top) * part / 4
            self.add(svg.line(left, y, left + width, y), svg.text(left - 6, y + 4, f"{step * part:g}", 11, "end", svg.MUTED))
        most = max(count for points in curves.values() for count, _ in points)
        for count in sorted({count for points in curves.values() for count, _ in points}):
            x = left + math.log2(count) / math.log2(most) * width
            self.add(svg.text(x, bottom + 16, str(count), 11, "middle", svg.MUTED))
        for name in (name for name in self.names if name in curves):
            points = [(left + math.log2(count) / math.log2(most) * width, bottom - 1e3 / value / highest * (bottom - top))
                      for count, value in sorted(curves[name])]
            self.add(svg.path(points, self.colours[name], 3.0 if name == SUBJECT else 2.0), *(svg.dot(x, y, 3.6, self.colours[name]) for x, y in points))


    def burst(self):
        """Resident memory while a process allocates, frees, and then does nothing."""
        row = next((row for row in self.document["rows"] if row["name"] == "burst"), None)
        curves = {name: result["curves"].get("resident", []) for name, result in row["results"].items() if "curves" in result} if row else {}
        curves = {name: points for name, points in curves.items() if len(points) > 1}
        if not curves:
            return
        left, width, top, bottom = MARGIN + 30, WIDTH - 2 * MARGIN - 30, self.y + 34, self.y + 180
        step = _round_step(max(y for points in curves.values() for _, y in points))
        last = max(x for points in curves.values() for x, _ in points)
        self.add(svg.text(MARGIN, self.y + 8, "a burst of 200 MB, and after", 13, weight="bold"),
                 svg.text(MARGIN, self.y + 23, "resident MiB by seconds; the last step down is malloc_trim(0)", 11, colour=svg.MUTED))
        for part in range(5):
            y = bottom - (bottom - top) * part / 4
            self.add(svg.line(left, y, left + width, y), svg.text(left - 6, y + 4, f"{step * part:g}", 11, "end", svg.MUTED))
        for second in range(int(last) + 1):
            self.add(svg.text(left + second / last * width, bottom + 16, str(second), 11, "middle", svg.MUTED))
        for name in (name for name in self.names if name in curves):
            points = [(left + x / last * width, bottom - y / (4 * step) * (bottom - top)) for x, y in curves[name]]
            self.add(svg.path(points, self.colours[name], 3.0 if name == SUBJECT else 2.0))
        self.y += 220


def _round_step(largest):
    """A quarter of the axis: 1, 2, 2.5 or 5 times a power of ten, so that four of them hold the largest value."""
    power = 10 ** math.floor(math.log10(largest / 4))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if 4 * factor * power >= largest)


def draw(document):
    chart = Chart(document)
    chart.heading()
    chart.means()
    chart.rows()
    chart.threads()
    chart.burst()
    return svg.page(WIDTH, chart.y + 4, chart.parts)
