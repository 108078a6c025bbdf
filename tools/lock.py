"""Resolve every dependency once, with hashes and without addresses (docs/adr/0009).

`locks/uv.txt` pins the installer, `locks/workspace.txt` the whole workspace, `locks/<service>.txt` what one
service's image installs, `locks/<service>-test.txt` that with its test tools: the same versions, fewer packages.
`locks/keycloak.txt` adds what the real Keycloak needs on a developer's machine.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("inventory", "targets", "offsets", "reporting", "access")
MEMBERS = ("contracts", "quantities", "chassis", "embedded", "issuer", "local", *SERVICES)
OWN = [flag for member in MEMBERS for flag in ("--no-emit-package", f"lichen-{member}")]


def compile_lock(source: str, target: str, *extra: str) -> None:
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes",
        "--python-version", "3.11", "--no-header", *OWN, *extra, source, "--output-file", target,
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True)


def main() -> None:
    compile_lock("locks/uv.in", "locks/uv.txt")
    compile_lock("pyproject.toml", "locks/workspace.txt")
    compile_lock(
        "libs/embedded/pyproject.toml", "locks/keycloak.txt", "--extra", "keycloak",
        "--constraint", "locks/workspace.txt",
    )  # fmt: skip
    for service in SERVICES:
        source = f"services/{service}/pyproject.toml"
        compile_lock(source, f"locks/{service}.txt", "--constraint", "locks/workspace.txt")
        compile_lock(
            source, f"locks/{service}-test.txt", "--constraint", "locks/workspace.txt", "--group", f"{source}:test"
        )


if __name__ == "__main__":
    main()
