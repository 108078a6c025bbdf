"""`python -m tests.golden`: published examples by source, with how many of their figures we give."""

import sys

from tests.golden import runner


def main() -> int:
    rows = [("source", "publisher", "cases", "figures", "pass", "fail")]
    failures: list[runner.Check] = []
    totals = [0, 0, 0]
    for source in runner.sources():
        checks = [check for case in source.cases for check in runner.checks(case)]
        failed = [check for check in checks if not check.passes]
        failures += failed
        counts = (len(source.cases), len(checks), len(checks) - len(failed))
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
        rows.append((source.name, source.publisher, *map(str, counts), str(len(failed))))
    rows.append(("all", "", *map(str, totals), str(len(failures))))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = zip(row, widths, strict=True)
        print("  ".join(cell.ljust(width) if n < 2 else cell.rjust(width) for n, (cell, width) in enumerate(cells)))  # noqa: T201 - a command speaks
    for check in failures:
        print(f"FAILS {check}")  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
