"""Draw what `lichen up` printed as a picture for the README: `lichen up | tee run.txt`, then this with run.txt."""

import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

LINES_MAX = 120
COLUMNS_MAX = 118


def main() -> None:
    lines = Path(sys.argv[1]).read_text().splitlines()[:LINES_MAX]
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=COLUMNS_MAX, file=nowhere)
        for line in lines:
            cut = line if len(line) <= COLUMNS_MAX else line[: COLUMNS_MAX - 1] + "…"
            console.print(Text(cut, style="bold green" if line[:1].isdigit() else ""))
        console.save_svg(sys.argv[2], title="make run")


if __name__ == "__main__":
    main()
