#!/usr/bin/env python3
"""Prints the medians of bench/telemetry.sh and their ratio, as a Markdown table ready for docs/telemetry.md.

    telemetry.py FILE
"""
import json
import pathlib
import statistics
import sys


def main():
    runs = json.loads(pathlib.Path(sys.argv[1]).read_text())["crr"]
    rates = {system: [run["per_s"] for run in runs[system]] for system in ("unrecorded", "recorded")}
    medians = {system: statistics.median(values) for system, values in rates.items()}
    print("| connections a second | median | least | most |")
    print("|---|---|---|---|")
    for system, values in rates.items():
        print(f"| {system} | {medians[system]:,.0f} | {min(values):,.0f} | {max(values):,.0f} |")
    print(f"\nratio of the medians: {medians['recorded'] / medians['unrecorded']:.3f} ({len(rates['recorded'])} runs each, by turns)")


if __name__ == "__main__":
    main()
