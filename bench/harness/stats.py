"""Medians, geometric means, and the paired interval of a ratio."""
import math
import statistics

CONFIDENCE = 0.95


def median(values):
    return statistics.median(values)


def spread(values):
    """Distance of the quartiles as a part of the median: 0.02 means that half of the runs lie within 2 %."""
    middle = statistics.median(values)
    if len(values) < 2 or middle == 0:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / middle


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None


def _rank_sum_counts(runs):
    """How many of the 2^runs sign patterns give each signed-rank sum."""
    counts = [1]
    for rank in range(1, runs + 1):
        grown = counts + [0] * rank
        for total, count in enumerate(counts):
            grown[total + rank] += count
        counts = grown
    return counts


def _cut(runs):
    """How many of the averages to cut off at each end, and the confidence that is left."""
    counts = _rank_sum_counts(runs)
    tail, cut = 0, 0
    for total, count in enumerate(counts):
        if 2 * (tail + count) > (1 - CONFIDENCE) * 2**runs:
            break
        tail, cut = tail + count, total + 1
    if cut == 0:  # too few runs for the confidence asked: the widest interval, and what it is worth
        return 0, 1 - 2 / 2**runs
    return cut - 1, 1 - 2 * tail / 2**runs


def paired_ratio(ours, theirs):
    """Ratio of two series measured in the same rounds: estimate, low, high, confidence.

    Hodges-Lehmann estimate and Wilcoxon's signed-rank interval on the logarithms: exact for few runs, and
    one disturbed run does not move it. With fewer than six runs 95 % cannot be had; the confidence says so.
    """
    logs = [math.log(a / b) for a, b in zip(ours, theirs)]
    averages = sorted((logs[i] + logs[j]) / 2 for i in range(len(logs)) for j in range(i, len(logs)))
    cut, confidence = _cut(len(logs))
    return {
        "ratio": math.exp(statistics.median(averages)),
        "low": math.exp(averages[cut]),
        "high": math.exp(averages[len(averages) - 1 - cut]),
        "confidence": round(confidence, 4),
    }
