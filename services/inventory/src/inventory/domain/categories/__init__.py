"""What a row of each category is made of: which columns, items and units, and how its amount is worked out.

Data, not code: templates, imports and the method without a server read the same declarations. Bulk work reads `terms`
and `key` and does in columns what `amount_of` and `key_of` do for one row.
"""

from inventory.domain.categories.form import (
    CategorySpec,
    Derived,
    Form,
    Items,
    Mark,
    Stream,
    Term,
    amount_of,
    key_of,
    stated_of,
)
from inventory.domain.categories.specs import (
    CATEGORIES,
    GENERATOR_YIELD_KWH_PER_LITRE,
    ICAO,
    TAXI_KM_PER_ROUND_TRIP,
    form_of,
)

__all__ = [
    "CATEGORIES",
    "GENERATOR_YIELD_KWH_PER_LITRE",
    "ICAO",
    "TAXI_KM_PER_ROUND_TRIP",
    "CategorySpec",
    "Derived",
    "Form",
    "Items",
    "Mark",
    "Stream",
    "Term",
    "amount_of",
    "form_of",
    "key_of",
    "stated_of",
]
