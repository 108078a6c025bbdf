import sys

match sys.argv[1:2]:
    case ["quantify"]:
        from inventory.commands import quantify

        sys.exit(quantify.main(sys.argv[2:]))
    case ["factors"]:
        from chassis import telemetry
        from inventory.commands import factors

        # What the command prints is its answer; its log goes beside it.
        telemetry.configure("inventory", version="0.1.0", stream=sys.stderr)
        sys.exit(factors.main(sys.argv[2:]))
    case ["evidence"]:
        from chassis import telemetry
        from inventory.commands import evidence

        # What the command prints is its answer; its log goes beside it.
        telemetry.configure("inventory", version="0.1.0", stream=sys.stderr)
        sys.exit(evidence.main(sys.argv[2:]))
    case ["recompute"]:
        from inventory.commands import recompute

        sys.exit(recompute.main(sys.argv[2:]))
    case ["work-off-imports"]:
        from inventory import worker

        worker.main()
    case _:
        from chassis.command import run

        run("inventory")
