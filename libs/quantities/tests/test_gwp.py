"""A gas weighs what a named report says, or is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantities import GasNotInGwpSet, GwpSet, GwpSetUnknown

masses = st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**9, places=6)


@pytest.mark.parametrize(
    ("spelling", "gas"),
    [
        ("R-410A", "R-410A"),
        ("r410a", "R-410A"),
        ("HFC410a", "R-410A"),
        ("R22", "HCFC-22"),
        ("hcfc 22", "HCFC-22"),
        ("R-134a", "HFC-134a"),
        ("R-11", "CFC-11"),
        ("co2", "CO2"),
    ],
)
def test_a_gas_is_known_by_its_usual_spellings(spelling: str, gas: str) -> None:
    assert GwpSet.named("AR5").gas(spelling) == gas


@pytest.mark.parametrize("gas", ["HFO-1234yf", "R-9999", "", "CO2e"])
def test_a_gas_without_a_figure_is_refused_and_never_weighs_0(gas: str) -> None:
    with pytest.raises(GasNotInGwpSet) as caught:
        GwpSet.named("AR5").co2e_kg({gas: Decimal(1)})

    assert (caught.value.code, caught.value.found) == ("GAS_NOT_IN_GWP_SET", gas)


def test_a_set_that_is_not_shipped_is_refused() -> None:
    with pytest.raises(GwpSetUnknown) as caught:
        GwpSet.named("AR7")

    assert caught.value.expected == "AR4, AR5, AR6"


def test_every_blend_is_whole_and_every_figure_is_cited() -> None:
    for name in ("AR4", "AR5", "AR6"):
        gwp_set = GwpSet.named(name)
        assert all(sum(blend.mass_fraction_by_gas.values()) == 1 for blend in gwp_set.blends.values())
        assert all(gas.citation for gas in gwp_set.gases.values())
        assert gwp_set.gwp("CO2") == 1


def test_a_blend_is_made_of_gases_of_its_own_report() -> None:
    for name in ("AR4", "AR5", "AR6"):
        gwp_set = GwpSet.named(name)
        assert all(set(gwp_set.split(blend)) <= set(gwp_set.gases) for blend in gwp_set.blends)


@given(kg=masses)
def test_a_blend_weighs_as_much_as_its_parts(kg: Decimal) -> None:
    ar5 = GwpSet.named("AR5")
    parts = {gas: part * kg for gas, part in ar5.split("R-407C").items()}

    assert ar5.co2e_kg({"R-407C": kg}) == ar5.co2e_kg(parts)
