from chassis.command import run

run("reporting")
