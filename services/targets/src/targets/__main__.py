from chassis.command import run

run("targets")
