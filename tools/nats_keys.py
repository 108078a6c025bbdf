"""Keys for a new site: the seeds go to the secret store, the public halves into the site's overlay. Nothing is kept.

`python tools/nats_keys.py` prints both; run it where nobody looks on, and only once a site (docs/adr/0019).
"""

from chassis.keys import Keys, new_seed


def main() -> None:
    keys = Keys.kept(new_seed)
    print("# Secret store: key `password` of each entry")
    for name, seed in keys.seeds.items():
        print(f"lichen/nats-{name} {seed}")
    print("\n# kustomization.yaml of the site, literals of `nats-keys`")
    for variable, key in keys.public().items():
        print(f"- {variable}={key}")


if __name__ == "__main__":
    main()
