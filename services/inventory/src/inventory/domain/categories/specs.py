"""Every category by its streams: what a row of it is made of."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from inventory.domain import vocabulary
from inventory.domain.activity_data import Category
from inventory.domain.categories.form import AS_STATED, CategorySpec, Derived, Form, Items, Mark, Stream, Term
from inventory.domain.rows import Column
from inventory.domain.wastewater import METHANE_CORRECTION
from quantities import Unit

__all__ = ["CATEGORIES", "GENERATOR_YIELD_KWH_PER_LITRE", "ICAO", "TAXI_KM_PER_ROUND_TRIP", "form_of"]

GENERATOR_YIELD_KWH_PER_LITRE = Decimal("2.5")
"""Electricity from a litre of generator fuel (UNEP Sustainable UN; UNDP's EMT methodology, November 2023)."""

TAXI_KM_PER_ROUND_TRIP = Decimal(80)
"""Four terminal transfers of 20 km in every round trip (same source)."""

ICAO = "ICAO Carbon Emissions Calculator"
"""Its figures are taken as given: kg of CO2 per passenger and leg, without radiative forcing."""


_AMOUNT = (Column.AMOUNT, Column.UNIT)


def _less(subtracted: Column) -> tuple[Term, ...]:
    return (*AS_STATED, Term(times=Decimal(-1), of=(subtracted,)))


def _plain(
    *,
    about: str,
    items: tuple[str, ...] | Items,
    stated: tuple[Unit, ...],
    only_item: str | None = None,
    item_column: Column = Column.ITEM,
    allows: tuple[Column, ...] = (),
) -> Form:
    """An amount of an item, as stated."""
    return Form(
        name="amount",
        about=about,
        mark=None,
        item_column=item_column,
        items=items,
        only_item=only_item,
        needs=_AMOUNT if only_item else (item_column, *_AMOUNT),
        allows=(item_column, *allows) if only_item else allows,
        stated=stated,
        terms=AS_STATED,
        key=(item_column,),
    )


def _carried(*, only_item: str) -> tuple[Form, ...]:
    """Passengers over a distance, or passenger-kilometres at once."""
    return (
        Form(
            name="distance",
            about="Distance of the journey and how many people made it.",
            mark=Mark(column=Column.PASSENGERS),
            item_column=Column.ITEM,
            items=Items.CATALOGUE,
            only_item=only_item,
            needs=(*_AMOUNT, Column.PASSENGERS),
            allows=(Column.ITEM,),
            stated=(Unit.KILOMETRE,),
            unit=Unit.PASSENGER_KILOMETRE,
            terms=(Term(times=Decimal(1), of=(Column.AMOUNT, Column.PASSENGERS)),),
            key=(Column.ITEM,),
        ),
        _plain(
            about="Passenger-kilometres.",
            items=Items.CATALOGUE,
            only_item=only_item,
            stated=(Unit.PASSENGER_KILOMETRE,),
        ),
    )


_ENERGY = (
    CategorySpec(
        category=Category.GRID_ELECTRICITY,
        stream=Stream.ENERGY,
        by_month=True,
        forms=(
            _plain(
                about="Electricity taken from the grid.",
                items=("grid",),
                only_item="grid",
                stated=(Unit.KILOWATT_HOUR,),
                allows=(Column.METER,),
            ),
        ),
    ),
    CategorySpec(
        category=Category.GENERATOR_FUEL,
        stream=Stream.ENERGY,
        forms=(
            Form(
                name="output",
                about="Electricity that generators made, where their fuel is not known; litres are derived.",
                mark=Mark(column=Column.GENERATED_KWH, unless=Column.AMOUNT),
                item_column=Column.ITEM,
                items=Items.CATALOGUE,
                needs=(Column.ITEM, Column.GENERATED_KWH),
                stated=(),
                unit=Unit.LITRE,
                terms=(Term(times=1 / GENERATOR_YIELD_KWH_PER_LITRE, of=(Column.GENERATED_KWH,)),),
                key=(Column.ITEM,),
                derived_by=f"litres derived from kWh generated at {GENERATOR_YIELD_KWH_PER_LITRE} kWh per litre "
                "(UNEP Sustainable United Nations, as quoted by UNDP, November 2023)",
            ),
            _plain(
                about="Fuel burnt in generators, and the electricity that they made of it.",
                items=Items.CATALOGUE,
                stated=(Unit.LITRE, Unit.KILOGRAM, Unit.KILOWATT_HOUR_NET, Unit.KILOWATT_HOUR_GROSS),
                allows=(Column.GENERATED_KWH,),
            ),
        ),
    ),
    CategorySpec(
        category=Category.HEATING_FUEL,
        stream=Stream.ENERGY,
        forms=(
            _plain(
                about="Fuel burnt for heat; as energy, its unit says net or gross calorific value.",
                items=Items.CATALOGUE,
                stated=(Unit.LITRE, Unit.KILOGRAM, Unit.KILOWATT_HOUR_NET, Unit.KILOWATT_HOUR_GROSS),
            ),
        ),
    ),
    CategorySpec(
        category=Category.PURCHASED_HEAT,
        stream=Stream.ENERGY,
        forms=(
            _plain(
                about="Heat or steam bought.",
                items=("heat", "steam"),
                stated=(Unit.KILOWATT_HOUR,),
                allows=(Column.METER,),
            ),
        ),
    ),
    CategorySpec(
        category=Category.PURCHASED_COOLING,
        stream=Stream.ENERGY,
        forms=(
            _plain(
                about="Cooling bought.",
                items=("chilled_water",),
                only_item="chilled_water",
                stated=(Unit.KILOWATT_HOUR,),
                allows=(Column.METER,),
            ),
        ),
    ),
    CategorySpec(
        category=Category.ON_SITE_RENEWABLES,
        stream=Stream.ENERGY,
        forms=(
            Form(
                name="amount",
                about="Own renewable electricity: how much the site used of it, and how much it made.",
                mark=None,
                item_column=Column.ITEM,
                items=vocabulary.RENEWABLE_SOURCES,
                needs=(Column.ITEM, *_AMOUNT, Column.GENERATED_KWH),
                allows=(Column.METER,),
                stated=(Unit.KILOWATT_HOUR,),
                unit=Unit.KILOWATT_HOUR,
                terms=AS_STATED,
                at_most=((Column.AMOUNT, Column.GENERATED_KWH),),
                key=(Column.ITEM,),
            ),
        ),
    ),
)

_REFRIGERANTS = (
    CategorySpec(
        category=Category.REFRIGERANT,
        stream=Stream.REFRIGERANTS,
        forms=(
            Form(
                name="installation",
                about="What was used to charge new equipment; what is above its full charge (`capacity`) leaked.",
                mark=Mark(column=Column.PHASE, value="installation"),
                item_column=Column.ITEM,
                items=Items.GWP_SET,
                needs=(Column.ITEM, *_AMOUNT, Column.CAPACITY),
                allows=(Column.PHASE,),
                choices=MappingProxyType({Column.PHASE: vocabulary.PHASES}),
                stated=(Unit.KILOGRAM,),
                terms=_less(Column.CAPACITY),
                at_most=((Column.CAPACITY, Column.AMOUNT),),
                key=(Column.ITEM, "installation"),
            ),
            Form(
                name="disposal",
                about="The full charge of equipment taken out of use; what was not `recovered` of it leaked.",
                mark=Mark(column=Column.PHASE, value="disposal"),
                item_column=Column.ITEM,
                items=Items.GWP_SET,
                needs=(Column.ITEM, *_AMOUNT, Column.RECOVERED),
                allows=(Column.PHASE,),
                choices=MappingProxyType({Column.PHASE: vocabulary.PHASES}),
                stated=(Unit.KILOGRAM,),
                terms=_less(Column.RECOVERED),
                at_most=((Column.RECOVERED, Column.AMOUNT),),
                key=(Column.ITEM, "disposal"),
            ),
            Form(
                name="operation",
                about="What was topped up while the equipment ran; it replaces what leaked.",
                mark=None,
                item_column=Column.ITEM,
                items=Items.GWP_SET,
                needs=(Column.ITEM, *_AMOUNT),
                allows=(Column.PHASE,),
                choices=MappingProxyType({Column.PHASE: vocabulary.PHASES}),
                stated=(Unit.KILOGRAM,),
                terms=AS_STATED,
                key=(Column.ITEM, "operation"),
            ),
        ),
    ),
)

_GROUND_TRANSPORT = (
    CategorySpec(
        category=Category.VEHICLE_FUEL,
        stream=Stream.GROUND_TRANSPORT,
        forms=(
            _plain(about="Fuel that own vehicles burnt.", items=Items.CATALOGUE, stated=(Unit.LITRE, Unit.KILOGRAM)),
        ),
    ),
    CategorySpec(
        category=Category.VEHICLE_DISTANCE,
        stream=Stream.GROUND_TRANSPORT,
        forms=(
            _plain(
                about="How far own vehicles of a class went, where their fuel is not known.",
                items=Items.CATALOGUE,
                stated=(Unit.KILOMETRE,),
            ),
        ),
    ),
    CategorySpec(
        category=Category.TAXI_TRAVEL,
        stream=Stream.GROUND_TRANSPORT,
        one_day=True,
        forms=(
            Form(
                name="round_trips",
                about="Round trips on duty, where the way to and from terminals was not recorded; km are derived.",
                mark=Mark(column=Column.ROUND_TRIPS, unless=Column.AMOUNT),
                item_column=Column.ITEM,
                items=Items.CATALOGUE,
                only_item="taxi",
                needs=(Column.ROUND_TRIPS,),
                allows=(Column.ITEM,),
                stated=(),
                unit=Unit.KILOMETRE,
                terms=(Term(times=TAXI_KM_PER_ROUND_TRIP, of=(Column.ROUND_TRIPS,)),),
                key=(Column.ITEM,),
                derived_by="km derived from 4 terminal transfers of 20 km per round trip "
                "(UNEP Sustainable United Nations, as quoted by UNDP, November 2023)",
            ),
            _plain(about="Distance by taxi.", items=Items.CATALOGUE, only_item="taxi", stated=(Unit.KILOMETRE,)),
        ),
    ),
    CategorySpec(
        category=Category.RAIL_TRAVEL, stream=Stream.GROUND_TRANSPORT, one_day=True, forms=_carried(only_item="train")
    ),
    CategorySpec(
        category=Category.BUS_TRAVEL, stream=Stream.GROUND_TRANSPORT, one_day=True, forms=_carried(only_item="bus")
    ),
)

_LEG = (Column.ORIGIN, Column.DESTINATION, Column.PASSENGERS, Column.RETURN)
_AIR_TRAVEL = (
    CategorySpec(
        category=Category.AIR_TRAVEL,
        stream=Stream.AIR_TRAVEL,
        one_day=True,
        forms=(
            Form(
                name="icao",
                about="kg of CO2 per passenger and leg as ICAO's calculator gave it, and the calculator's version.",
                mark=Mark(column=Column.CO2_KG_PER_PASSENGER),
                item_column=Column.CLASS,
                items=Items.CATALOGUE,
                only_item="average",
                needs=(*_LEG, Column.CO2_KG_PER_PASSENGER, Column.CALCULATOR_VERSION),
                allows=(Column.CLASS,),
                stated=(),
                unit=Unit.KILOGRAM,
                terms=(Term(times=Decimal(1), of=(Column.CO2_KG_PER_PASSENGER, Column.PASSENGERS, Derived.WAYS)),),
                key=("icao", Column.CALCULATOR_VERSION),
            ),
            Form(
                name="passenger_km",
                about="Passenger-kilometres, where the airports are not known.",
                mark=Mark(column=Column.AMOUNT),
                item_column=Column.CLASS,
                items=Items.CATALOGUE,
                needs=(Column.CLASS, *_AMOUNT),
                stated=(Unit.PASSENGER_KILOMETRE,),
                terms=AS_STATED,
                key=(Column.CLASS,),
            ),
            Form(
                name="leg",
                about="One leg by its airports, the class and how many flew; the distance is the great circle.",
                mark=None,
                item_column=Column.CLASS,
                items=Items.CATALOGUE,
                needs=(Column.CLASS, *_LEG),
                stated=(),
                unit=Unit.PASSENGER_KILOMETRE,
                terms=(Term(times=Decimal(1), of=(Derived.DISTANCE_KM, Column.PASSENGERS, Derived.WAYS)),),
                key=(Column.CLASS,),
            ),
        ),
    ),
)

_WASTE_AND_WATER = (
    CategorySpec(
        category=Category.WASTE,
        stream=Stream.WASTE,
        forms=(
            Form(
                name="amount",
                about="Waste of a stream and what became of it.",
                mark=None,
                item_column=Column.ITEM,
                items=vocabulary.WASTE_STREAMS,
                needs=(Column.ITEM, Column.TREATMENT, *_AMOUNT),
                choices=MappingProxyType({Column.TREATMENT: vocabulary.WASTE_TREATMENTS}),
                stated=(Unit.KILOGRAM,),
                terms=AS_STATED,
                key=(Column.ITEM, Column.TREATMENT),
            ),
        ),
    ),
    CategorySpec(
        category=Category.WATER,
        stream=Stream.WATER,
        forms=(
            _plain(
                about="Water taken in, by its source.",
                items=vocabulary.WATER_SOURCES,
                stated=(Unit.CUBIC_METRE,),
                allows=(Column.METER,),
            ),
        ),
    ),
    CategorySpec(
        category=Category.WASTEWATER,
        stream=Stream.WATER,
        forms=(
            Form(
                name="bod",
                about="Biochemical oxygen demand, measured, of wastewater treated or let go on site; CH4 by IPCC 2006.",
                mark=Mark(column=Column.BOD_KG),
                item_column=Column.TREATMENT,
                items=tuple(METHANE_CORRECTION),
                needs=(Column.TREATMENT, Column.BOD_KG),
                # Nothing recovered is the default of the IPCC, so a blank is no gap.
                allows=(Column.RECOVERED_CH4_KG,),
                stated=(),
                unit=Unit.KILOGRAM,
                terms=(
                    Term(times=Decimal(1), of=(Column.BOD_KG, Derived.CH4_KG_PER_BOD_KG)),
                    Term(times=Decimal(-1), of=(Column.RECOVERED_CH4_KG,)),
                ),
                key=(Column.TREATMENT, "ch4"),
            ),
            Form(
                name="nitrogen",
                about="Nitrogen in the effluent, measured; N2O by IPCC 2006.",
                mark=Mark(column=Column.NITROGEN_KG),
                item_column=Column.ITEM,
                items=("effluent",),
                only_item="effluent",
                needs=(Column.NITROGEN_KG,),
                allows=(Column.ITEM,),
                stated=(),
                unit=Unit.KILOGRAM,
                terms=(Term(times=Decimal(1), of=(Column.NITROGEN_KG,)),),
                key=(Column.ITEM, "nitrogen"),
            ),
            _plain(
                about="Wastewater by the way in which it leaves.",
                items=vocabulary.DISCHARGES,
                stated=(Unit.CUBIC_METRE,),
                item_column=Column.TREATMENT,
                allows=(Column.METER,),
            ),
        ),
    ),
)

CATEGORIES: Mapping[Category, CategorySpec] = MappingProxyType(
    {spec.category: spec for spec in (*_ENERGY, *_REFRIGERANTS, *_GROUND_TRANSPORT, *_AIR_TRAVEL, *_WASTE_AND_WATER)}
)
"""Every category, by the streams' order."""


def form_of(category: Category, *, texts: Mapping[Column, str]) -> Form:
    """The form that a row is of; `texts` are its filled cells, words as the platform spells them."""
    for form in CATEGORIES[category].forms:
        if form.mark is None or _bears(form.mark, texts=texts):
            return form
    message = f"{category} has no form without a mark"
    raise LookupError(message)


def _bears(mark: Mark, *, texts: Mapping[Column, str]) -> bool:
    if mark.column not in texts or mark.unless in texts:
        return False
    return mark.value is None or texts[mark.column] == mark.value
