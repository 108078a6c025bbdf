"""Defaults of the 2006 IPCC Guidelines, as the IPCC's database of emission factors lists them."""

from decimal import Decimal

from inventory.domain.publications.reading import Figure, Taking, entry, plain

__all__ = ["take"]

_FUELS = {"wood": "Wood/Wood Waste", "charcoal": "Charcoal"}
_GASES = {"CO2": "CARBON DIOXIDE", "CH4": "METHANE", "N2O": "NITROUS OXIDE"}
_COMBUSTION = "stationary combustion (commercial/institutional) [1.A.4.a - Commercial/Institutional]"
_CALORIFIC = "NCV/carbon content [1.A - Fuel Combustion Activities]"
_YEARS = (2006, 2025)


def take(taking: Taking) -> None:
    """Wood and charcoal: their CO2 is biogenic, CH4 and N2O are in the total."""
    found = {(figure.category, figure.activity, figure.gas): figure for figure in taking.figures}
    for key, fuel in _FUELS.items():
        per_tj: dict[str, Figure] = {}
        for gas, name in _GASES.items():
            what = f"{fuel} | {gas} Emission Factor for Stationary Combustion (kg/TJ on a net calorific basis)"
            if (figure := found.get((_COMBUSTION, what, name))) is not None:
                per_tj[gas] = figure
        calorific = next(
            (
                figure
                for (category, activity, _), figure in found.items()
                if category == _CALORIFIC and activity == f"{fuel} | Net Calorific Value (NCV)"
            ),
            None,
        )
        if calorific is None or len(per_tj) < len(_GASES):
            continue
        published = ", ".join(f"{figure.value} kg {gas}/TJ" for gas, figure in per_tj.items())
        for unit, tj, by in (
            ("GJ_net", Decimal("0.001"), ""),
            ("tonne", calorific.value / 1000, f", {calorific.value} TJ/Gg net calorific value"),
        ):
            made = entry(
                release="ipcc-2006",
                category="heating_fuel",
                key=key,
                place="default",
                unit=unit,
                years=_YEARS,
                gases_stated_in="kg",
                co2="0",
                ch4=plain(per_tj["CH4"].value * tj),
                n2o=plain(per_tj["N2O"].value * tj),
                biogenic_co2=plain(per_tj["CO2"].value * tj),
                published_as=f"{published}, net{by}; CO2 biogenic",
                publisher="IPCC",
                document="2006 IPCC Guidelines for National Greenhouse Gas Inventories, volume 2: Energy",
                table="ch. 2, table 2.4 (commercial/institutional)" + ("; ch. 1, table 1.2" if by else ""),
                year="2006",
                licence="free use with attribution to the IPCC",
                status="published",
            )
            taking.add(made, of=[*per_tj.values(), calorific])
