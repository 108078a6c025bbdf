"""The README names what an installation must bring."""

import re
from pathlib import Path

from tools.k8s.manifests import KubernetesObject

README = (Path(__file__).resolve().parent.parent.parent / "deploy" / "README.md").read_text()


def test_the_readme_lists_every_secret_of_the_store_and_no_other(base: list[KubernetesObject]) -> None:
    kept = {
        entry["remoteRef"]["key"]
        for thing in base
        if thing["kind"] == "ExternalSecret"
        for entry in thing["spec"]["data"]
    }

    assert set(re.findall(r"`(lichen/[a-z-]+)`", README)) == kept


def test_the_readme_lists_every_operator_whose_kinds_are_used(base: list[KubernetesObject]) -> None:
    groups = {thing["apiVersion"].partition("/")[0] for thing in base if "." in thing["apiVersion"]}
    foreign = {group for group in groups if not group.endswith((".k8s.io",))} | {"gateway.networking.k8s.io"}

    for group in foreign:
        assert f"`{group}`" in README, group
