"""Draw what a command printed as a picture: with the file that has it, the picture, and its title.

`lichen up | tee run.txt`, then this with run.txt docs/pictures/main-job.svg "make run". A command that writes in colour
does so into a file too with FORCE_COLOR=1, and is as wide as COLUMNS says.
"""

import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

LINES_MAX = 120
COLUMNS_MAX = 118


def main() -> None:
    lines = [Text.from_ansi(line) for line in Path(sys.argv[1]).read_text().splitlines()[:LINES_MAX]]
    width = min(COLUMNS_MAX, max(map(len, lines)))
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=width, file=nowhere)
        for line in lines:
            line.truncate(width, overflow="ellipsis")
            if line.plain[:1].isdigit():
                line.stylize("bold green")
            console.print(line, soft_wrap=True)
        console.save_svg(sys.argv[2], title=sys.argv[3])


if __name__ == "__main__":
    main()
