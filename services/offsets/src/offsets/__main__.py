from chassis.command import run

run("offsets")
