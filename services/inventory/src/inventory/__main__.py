import sys

from chassis.command import run

match sys.argv[1:2]:
    case ["quantify"]:
        from inventory.commands import quantify

        sys.exit(quantify.main(sys.argv[2:]))
    case ["factors"]:
        from inventory.commands import factors

        sys.exit(factors.main(sys.argv[2:]))
    case ["evidence"]:
        from inventory.commands import evidence

        sys.exit(evidence.main(sys.argv[2:]))
    case ["recompute"]:
        from inventory.commands import recompute

        sys.exit(recompute.main(sys.argv[2:]))
    case ["work-off-imports"]:
        from inventory import worker

        worker.main()
    case _:
        run("inventory")
