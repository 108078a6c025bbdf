from chassis.command import run

run("access")
