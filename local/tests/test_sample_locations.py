"""The register of the sample Secretariat is a tree that a platform can load."""

import re
from datetime import date
from itertools import pairwise

from lichen import sample
from targets.domain.target import UNIT_BY_INDICATOR

KINDS = {
    "secretariat",
    "headquarters",
    "office_away_from_headquarters",
    "regional_commission",
    "field_missions_group",
    "peacekeeping_mission",
    "special_political_mission",
    "service_centre",
    "site",
}


def test_every_parent_comes_before_its_children():
    seen: set[str] = set()
    for row in sample.locations():
        assert row.parent in seen or (row.parent is None and row.id == "secretariat"), row.id
        seen.add(row.id)


def test_codes_are_unique_and_well_formed():
    codes = [row.id for row in sample.locations()]

    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{1,30}", code) for code in codes)


def test_the_bodies_of_the_secretariat_hang_from_its_root():
    children = {row.id for row in sample.locations() if row.parent == "secretariat"}

    offices = {"unhq", "unog", "unov", "unon", "eca", "ece", "eclac", "escap", "escwa"}
    assert children == offices | {"field-missions", "gsc"}


def test_missions_of_both_kinds_are_under_field_missions():
    missions = [row for row in sample.locations() if row.kind.endswith("_mission")]

    assert {row.parent for row in missions} == {"field-missions"}
    assert len([row for row in missions if row.valid_to is None or row.valid_to > date(2024, 1, 1)]) >= 25


def test_a_location_lives_within_the_life_of_its_parent():
    by_id = {row.id: row for row in sample.locations()}
    for row in by_id.values():
        assert row.valid_to is None or row.valid_from < row.valid_to, row.id
        if row.parent is not None:
            parent = by_id[row.parent]
            assert parent.valid_from <= row.valid_from, row.id
            assert parent.valid_to is None or (row.valid_to is not None and row.valid_to <= parent.valid_to), row.id


def test_every_place_has_coordinates_and_a_grid():
    for row in sample.locations():
        if row.id in {"secretariat", "field-missions"}:
            assert (row.latitude, row.longitude, row.grid) == (None, None, None)
            continue
        assert row.latitude is not None, row.id
        assert row.longitude is not None, row.id
        assert -90 <= row.latitude <= 90, row.id
        assert -180 <= row.longitude <= 180, row.id
        assert row.grid is not None, row.id
        assert row.country is None or re.fullmatch(r"[A-Z]{3}", row.country), row.id


def test_every_row_says_what_it_is_and_where_it_comes_from():
    for row in sample.locations():
        assert row.kind in KINDS, row.id
        assert row.status in {"published", "derived", "illustrative"}, row.id
        assert row.source, row.id


def test_profiles_targets_and_the_cycle_name_registered_locations():
    registered = {row.id for row in sample.locations()}

    assert {profile.location for profile in sample.profiles()} <= registered
    assert {target.location for target in sample.targets()} <= registered
    assert set(sample.cycle().locations) <= registered
    assert set(sample.LOCATIONS_WITH_DATA) <= set(sample.cycle().locations)


def test_every_location_with_data_has_denominators_for_the_year():
    known = {(profile.location, profile.year) for profile in sample.profiles()}

    assert {(location, sample.YEAR) for location in sample.LOCATIONS_WITH_DATA} <= known


def test_targets_are_ones_that_the_platform_can_measure():
    for target in sample.targets():
        assert UNIT_BY_INDICATOR[target.indicator] == target.unit
        assert target.base_year < target.target_year
        assert target.target_value < target.base_value


def test_blocks_of_credits_do_not_overlap_and_are_marked_as_invented():
    blocks = sorted(sample.credits(), key=lambda block: block.serial_first)

    assert all(block.status == "illustrative" and "llustrative" in block.registry for block in blocks)
    assert all(block.serial_first <= block.serial_last for block in blocks)
    assert all(one.serial_last < other.serial_first for one, other in pairwise(blocks))
