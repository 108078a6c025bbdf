"""What `lichen lineage` asks of the gateway."""

__all__ = ["BELOW", "DOCUMENTS", "LINES", "TOTAL", "lines_with_lineage"]

TOTAL = """
query Total($location: ID!, $year: Int!, $version: Int) {
  location(id: $location) {
    id name kind country
    inventory(year: $year, version: $version) {
      id version state factorEdition correctionCause correctionReason
      total { value unit }
      byScope { scope co2e { value unit } }
      byCategory { scope category optional co2e { value unit } }
      biogenicCo2 { value unit }
      steps { action by at reasons }
    }
  }
}"""

BELOW = """
query Below($location: ID!, $year: Int!) {
  location(id: $location) {
    figures(by: [LOCATION], filter: { yearFrom: $year, yearTo: $year }) { figures { locationId } }
  }
}"""

LINES = """
query Lines($id: ID!, $first: Int!, $after: String, $filter: ActivityRecordFilter) {
  inventory(id: $id) {
    page: activityRecords(first: $first, after: $after, filter: $filter) {
      pageInfo { hasNextPage endCursor }
      edges { node { id category emission { scope optional gwpSet co2e { value } } } }
    }
  }
}"""

DOCUMENTS = """
query Documents($id: ID!, $first: Int!, $after: String) {
  inventory(id: $id) {
    page: evidence(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges { node { id name mediaType size sha256 note path recordId importId attachedBy attachedAt } }
    }
  }
}"""

_LINE = """
fragment Line on ActivityRecord {
  id locationId category item periodStart periodEnd amount { value unit } quality note sheet row
  emission {
    scope optional co2e { value unit } byGas { gas mass { value unit } } biogenicCo2 { value unit }
    factorId factorRelease gwpSet explanation
  }
  lineage {
    methodEdition factorEdition factorRelease gwpSet
    source { id fileName contentHash rowCount importedBy importedAt }
    evidence {
      id name mediaType size sha256 note path recordId importId attachedBy attachedAt detachment { by at reason }
    }
    factor {
      id release place validFrom validTo unit publishedAs publisher document table licence co2eKg gwpSet
      byGas { gas mass { value unit } } biogenicCo2Kg uncertaintyPercent
    }
    earlier { recordId inventoryId action reason by at amount { value unit } }
    recomputed {
      __typename
      ... on Recomputation {
        co2e { value unit } byGas { gas mass { value unit } gwp { value unit } citation }
        conversion { recorded { value unit } converted { value unit } unitsPerUnit } equalsStored
      }
      ... on Refusal { code message }
    }
  }
}"""


def lines_with_lineage(count: int) -> str:
    """A query for that many lines, named `line0` and so on, by the variables `id0` and so on."""
    variables = ", ".join(f"$id{at}: ID!" for at in range(count))
    fields = " ".join(f"line{at}: activityRecord(id: $id{at}) {{ ...Line }}" for at in range(count))
    return f"query Lines({variables}) {{ {fields} }}\n{_LINE}"
