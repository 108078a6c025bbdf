"""Draw a sheet of a workbook as a picture: its cells, the colour that each has, and the comments at them.

Not a screenshot of a program: what is in the file, drawn cell by cell. Called with FILE.xlsx and TO.svg.
"""

import re
import sys
import textwrap
import zipfile
from collections.abc import Sequence
from html import escape, unescape
from pathlib import Path

from python_calamine import CalamineWorkbook
from xlsxwriter.utility import xl_cell_to_rowcol, xl_col_to_name

ROWS_MAX = 14
COLUMNS_MAX = 10
WIDTH, HEIGHT, HEAD = 132, 24, 40
SHOWN = 17
"""Characters of a cell, as a spreadsheet cuts them."""
NOTE_SHOWN = 170


def main() -> None:
    path, to = Path(sys.argv[1]), Path(sys.argv[2])
    with zipfile.ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        styles = parts.read("xl/styles.xml").decode()
        comments = parts.read("xl/comments1.xml").decode()
    cells = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
    fills = re.findall(r"<fill>(.*?)</fill>", styles, re.DOTALL)
    formats = re.findall(r"<xf [^>]*?fillId=\"(\d+)\"", styles.partition("<cellXfs")[2])
    coloured = {
        xl_cell_to_rowcol(cell): f"#{found[1]}"
        for cell, style in re.findall(r'<c r="([A-Z]+\d+)" s="(\d+)"', sheet)
        if (found := re.search(r'fgColor rgb="FF([0-9A-F]{6})"', fills[int(formats[int(style)])]))
    }
    said = {
        xl_cell_to_rowcol(cell): unescape("".join(re.findall(r"<t(?: [^>]*)?>(.*?)</t>", text, re.DOTALL)))
        for cell, text in re.findall(r'<comment ref="([A-Z]+\d+)".*?>(.*?)</comment>', comments, re.DOTALL)
    }
    rows = cells[:ROWS_MAX]
    columns = min(COLUMNS_MAX, max(*map(len, rows), *(column + 1 for _, column in said)))
    drawn = list(_grid(rows, columns, coloured=coloured, said=said))
    below = (len(rows) + 1) * HEIGHT + 24
    for (row, column), text in sorted(said.items()):
        line = f"{xl_col_to_name(column)}{row + 1}  {' '.join(text.split())}"
        for part in textwrap.wrap(line, NOTE_SHOWN, subsequent_indent="\u2003")[:2]:
            drawn.append(f'<text x="{HEAD}" y="{below}">{escape(part)}</text>')
            below += 18
        below += 4
    width = HEAD + columns * WIDTH + 8
    to.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {below}" font-family="sans-serif"'
        ' font-size="13">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(drawn)}</svg>\n',
        encoding="utf-8",
    )


def _grid(
    rows: Sequence[Sequence[object]],
    columns: int,
    *,
    coloured: dict[tuple[int, int], str],
    said: dict[tuple[int, int], str],
) -> list[str]:
    drawn = []
    for column in range(columns):
        x = HEAD + column * WIDTH
        drawn.append(
            f'<text x="{x + WIDTH // 2}" y="16" fill="#555" text-anchor="middle">{xl_col_to_name(column)}</text>'
        )
    for row, cells in enumerate(rows):
        y = (row + 1) * HEIGHT
        drawn.append(f'<text x="{HEAD - 8}" y="{y + 16}" fill="#555" text-anchor="end">{row + 1}</text>')
        for column in range(columns):
            x = HEAD + column * WIDTH
            fill = coloured.get((row, column), "white")
            drawn.append(f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" fill="{fill}" stroke="#bbb"/>')
            if (row, column) in said:
                drawn.append(f'<path d="M{x + WIDTH - 8} {y}h8v8z" fill="#c00"/>')
            text = str(cells[column]) if column < len(cells) else ""
            colour = "#9c0006" if fill != "white" else "black"
            weight = ' font-weight="bold"' if row == 0 else ""
            drawn.append(f'<text x="{x + 5}" y="{y + 16}" fill="{colour}"{weight}>{escape(text[:SHOWN])}</text>')
    return drawn


if __name__ == "__main__":
    main()
