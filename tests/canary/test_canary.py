"""Nobody sees another location's rows by any path, and *not yours* looks exactly like *not there*.

A failing case is repeated alone by `python -m tools.canary --seed SEED --case 'NAME'`, both as printed.
"""

from tools.canary.people import machines, personas


def test_nobody_sees_what_is_not_theirs(run):
    canary, _ = run

    assert not canary.tally.hits, str(canary.tally)


def test_everything_was_asked_and_nothing_foreign_changed(run):
    canary, _ = run

    assert not canary.tally.problems, str(canary.tally)


def test_everyone_took_part(run):
    canary, _ = run

    assert {persona.name for persona in (*personas(), *machines())} | {
        "anonymous",
        "garbage-token",
    } <= canary.tally.personas
    assert canary.tally.log_lines
    assert canary.tally.spans
    assert canary.tally.events


def test_not_yours_is_told_like_not_there(run):
    _, pairs = run

    assert pairs.compared >= 250
    assert not pairs.differences, "\n".join(map(str, pairs.differences[:5]))


def test_not_yours_takes_as_long_as_not_there(run):
    _, pairs = run
    foreign, unknown = pairs.medians_ms

    # On a busy machine the figures are noisy: only what is far outside of noise fails, in both measures at once.
    assert abs(foreign - unknown) < max(1.0, 0.25 * unknown) or pairs.ks < pairs.ks_bound, pairs.report()
