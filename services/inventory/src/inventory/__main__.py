from chassis.command import run

run("inventory")
