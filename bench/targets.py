#!/usr/bin/env python3
"""Prints the figures of compare.py's --json file beside what Rabbit has to reach, as a Markdown table.

    targets.py FILE

Medians; ratios are to `limit` in the same run. A failure in any run counts.
"""
import json
import pathlib
import statistics
import sys

# case, figure, what is compared, target for rabbit-plain, for rabbit-tls;
TARGETS = [
    ("send", "MBps", "ratio", ">= 0.90", ">= 0.36"),
    ("send", "cpu_s_per_GB", "ratio", "<= 1.35", "<= 5.3"),
    ("recv", "MBps", "ratio", ">= 0.90", ">= 0.36"),
    ("recv", "cpu_s_per_GB", "ratio", "<= 1.35", "<= 5.3"),
    ("send8", "MBps", "ratio", ">= 0.95", ">= 0.40"),
    ("send8", "cpu_s_per_GB", "ratio", "<= 1.15", "<= 4.9"),
    ("rr", "p50_us", "ratio", "<= 1.04", "<= 1.18"),
    ("rr", "p99_us", "ratio", "<= 1.13", "<= 1.35"),
    ("rr64", "per_s", "ratio", ">= 1.10", ">= 0.80"),
    ("crr", "per_s", "ratio", ">= 0.75", ">= 0.30"),
    ("idle", "kB_per_conn", "median", "<= 11", "<= 60"),
    ("idle", "failed", "worst", "<= 0", "<= 0"),
    ("check", "failed", "worst", "<= 0", "<= 0"),
    ("check", "corrupt", "worst", "<= 0", "<= 0"),
]
SYSTEMS = ["rabbit-plain", "rabbit-tls"]


def figure(case, system, key, what):
    """The figure of a system, or None where it was not measured."""
    values = [run[key] for run in case.get(system, [])]
    if not values:
        return None
    if what == "worst":
        return max(values)
    median = statistics.median(values)
    if what == "median":
        return median
    limit = statistics.median(run[key] for run in case["limit"]) if case.get("limit") else 0
    return median / limit if limit else None


def cell(value, target):
    sign, bound = target.split()
    if value is None:
        return f"{target} | - | not measured"
    met = value >= float(bound) if sign == ">=" else value <= float(bound)
    shown = f"{value:.3f}" if isinstance(value, float) else value
    return f"{target} | {shown} | {'met' if met else '**missed**'}"


def main():
    results = json.loads(pathlib.Path(sys.argv[1]).read_text())
    print("| case | figure | plain: target | measured | | TLS: target | measured | |")
    print("|---|---|---|---|---|---|---|---|")
    for case, key, what, *targets in TARGETS:
        if case not in results:
            continue
        cells = [cell(figure(results[case], system, key, what), target) for system, target in zip(SYSTEMS, targets)]
        shown = {"ratio": f"{key}, ratio", "median": key, "worst": f"{key}, worst run"}[what]
        print(f"| {case} | {shown} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
