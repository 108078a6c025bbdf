import sys

from chassis.command import run

OWN = ("reconcile", "machines", "rotate-secret", "disable", "enable")

if sys.argv[1:2] and sys.argv[1] in OWN:
    from access.commands import main

    sys.exit(main(sys.argv[1:]))
run("access")
