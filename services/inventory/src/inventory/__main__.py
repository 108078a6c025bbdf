import sys

from chassis.command import run

if sys.argv[1:2] == ["quantify"]:
    from inventory.commands.quantify import main

    sys.exit(main(sys.argv[2:]))
run("inventory")
