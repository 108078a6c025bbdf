"""What amounts are plausible, what is found beyond, and what people said about it.

Findings are worked out from the data each time and never kept. An explanation is of a finding with its very figures:
when these change, the finding is another one and has no explanation.
"""

from inventory.domain.plausibility.checks import Data, Use, findings
from inventory.domain.plausibility.finding import (
    EXPLANATION_MIN,
    Explanation,
    Finding,
    FindingCode,
    explanation_of,
    require_explanation,
)
from inventory.domain.plausibility.ranges import (
    PERCENT,
    Basis,
    PlausibilityRange,
    Severity,
    parse_ranges,
    range_to_set,
)

__all__ = [
    "EXPLANATION_MIN",
    "PERCENT",
    "Basis",
    "Data",
    "Explanation",
    "Finding",
    "FindingCode",
    "PlausibilityRange",
    "Severity",
    "Use",
    "explanation_of",
    "findings",
    "parse_ranges",
    "range_to_set",
    "require_explanation",
]
