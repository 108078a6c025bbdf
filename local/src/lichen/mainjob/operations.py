"""The GraphQL operations of the main job, as a front end would send them."""

_REFUSAL = "... on Refusal { code subject found expected message }"

REGISTER_LOCATION = f"""
mutation RegisterLocation($input: RegisterLocationInput!) {{
  registerLocation(input: $input) {{ __typename ... on Location {{ id }} {_REFUSAL} }}
}}"""

STATE_DENOMINATOR = f"""
mutation StateDenominator($input: StateDenominatorInput!) {{
  stateDenominator(input: $input) {{ __typename ... on DenominatorStatement {{ id }} {_REFUSAL} }}
}}"""

RECORD_FUEL_STOCK = f"""
mutation RecordFuelStock($input: RecordFuelStockInput!) {{
  recordFuelStock(input: $input) {{
    __typename ... on FuelStock {{ id fuel capacity {{ value unit }} stock {{ value unit }} asOf }} {_REFUSAL}
  }}
}}"""

SET_TARGET = f"""
mutation SetTarget($input: SetTargetInput!) {{
  setTarget(input: $input) {{
    __typename
    ... on Target {{ id indicator baseValue {{ value unit }} targetYear targetValue {{ value unit }} }}
    {_REFUSAL}
  }}
}}"""

OPEN_REPORTING_CYCLE = f"""
mutation OpenReportingCycle($input: OpenReportingCycleInput!) {{
  openReportingCycle(input: $input) {{
    __typename ... on ReportingCycle {{ year dueOn owing {{ location {{ id }} state }} }} {_REFUSAL}
  }}
}}"""

IMPORT_ACTIVITY_DATA = f"""
mutation ImportActivityData($input: ImportActivityDataInput!) {{
  importActivityData(input: $input) {{
    __typename
    ... on ActivityImport {{
      id fileName rowCount
      inventory {{
        id version state total {{ value unit }} byScope {{ scope co2e {{ value unit }} }}
        byGas {{ gas mass {{ value unit }} }}
        activityRecords(first: 1) {{ edges {{ node {{
          category item amount {{ value unit }}
          emission {{ co2e {{ value unit }} factorId factorRelease gwpSet explanation }}
        }} }} }}
      }}
    }}
    ... on ImportRefused {{ fileName message problems {{ sheet row column value code reason hint }} }}
    {_REFUSAL}
  }}
}}"""

SUBMIT_INVENTORY = f"""
mutation SubmitInventory($input: SubmitInventoryInput!) {{
  submitInventory(input: $input) {{
    __typename
    ... on Inventory {{ id version state }}
    ... on SubmissionRefused {{
      message openFindings {{ severity message }} missingSources {{ locationId category month }}
    }}
    {_REFUSAL}
  }}
}}"""

APPROVE_INVENTORY = f"""
mutation ApproveInventory($input: ApproveInventoryInput!) {{
  approveInventory(input: $input) {{
    __typename
    ... on Inventory {{ id version state total {{ value unit }} indicators {{ name value {{ value unit }} }} }}
    {_REFUSAL}
  }}
}}"""

TARGET_PROGRESS = """
query TargetProgress($location: ID!) {
  location(id: $location) {
    targets(first: 20) { edges { node {
      indicator targetYear
      progress { year inventoryVersion value { value unit } expected { value unit } reduction { value unit } verdict }
    } } }
  }
}"""

OFFSET_POSITION = """
query OffsetPosition($location: ID!, $year: Int!) {
  location(id: $location) {
    offsetPosition(year: $year) {
      need { value unit } retired { value unit } remaining { value unit } inventoryVersion
      statement { status coverage { value unit } inventoryVersion }
    }
  }
}"""

REQUEST_PURCHASE = f"""
mutation RequestPurchase($input: RequestPurchaseInput!) {{
  requestPurchase(input: $input) {{ __typename ... on Purchase {{ id state }} {_REFUSAL} }}
}}"""

APPROVE_PURCHASE = f"""
mutation ApprovePurchase($input: ApprovePurchaseInput!) {{
  approvePurchase(input: $input) {{ __typename ... on Purchase {{ id state }} {_REFUSAL} }}
}}"""

RECORD_DELIVERY = f"""
mutation RecordDelivery($input: RecordDeliveryInput!) {{
  recordDelivery(input: $input) {{
    __typename ... on CreditBatch {{ id registry project vintage serialFirst serialLast }} {_REFUSAL}
  }}
}}"""

RETIRE_CREDITS = f"""
mutation RetireCredits($input: RetireCreditsInput!) {{
  retireCredits(input: $input) {{ __typename ... on Retirement {{ id serialFirst serialLast }} {_REFUSAL} }}
}}"""

SUBMIT_PROGRESS_REPORT = f"""
mutation SubmitProgressReport($input: SubmitProgressReportInput!) {{
  submitProgressReport(input: $input) {{ __typename ... on ProgressReport {{ id state }} {_REFUSAL} }}
}}"""

ACCEPT_PROGRESS_REPORT = f"""
mutation AcceptProgressReport($input: AcceptProgressReportInput!) {{
  acceptProgressReport(input: $input) {{ __typename ... on ProgressReport {{ id state }} {_REFUSAL} }}
}}"""

CONSOLIDATE_REPORTS = f"""
mutation ConsolidateReports($input: ConsolidateReportsInput!) {{
  consolidateReports(input: $input) {{
    __typename
    ... on ConsolidatedReport {{
      id version total {{ value unit }} byScope {{ scope co2e {{ value unit }} }}
      included {{ location {{ id name }} inventoryVersion total {{ value unit }} }}
      missing {{ location {{ id name }} }}
    }}
    {_REFUSAL}
  }}
}}"""

CONSOLIDATED_REPORT = """
query ConsolidatedReport($year: Int!) { consolidatedReport(year: $year) { id version } }"""

PUBLISH_CONSOLIDATED_REPORT = f"""
mutation PublishConsolidatedReport($input: PublishConsolidatedReportInput!) {{
  publishConsolidatedReport(input: $input) {{ __typename ... on ConsolidatedReport {{ id publishedAt }} {_REFUSAL} }}
}}"""

WHOLE_LOCATION = """
query WholeLocation($location: ID!, $year: Int!) {
  location(id: $location) {
    id name
    inventory(year: $year) {
      version state total { value unit } byScope { scope co2e { value unit } } indicators { name value { value unit } }
    }
    targets(first: 10) { edges { node {
      indicator baseYear targetYear targetValue { value unit } progress { year value { value unit } verdict }
    } } }
    offsetPosition(year: $year) {
      need { value unit } retired { value unit } remaining { value unit }
      statement { status coverage { value unit } inventoryVersion }
    }
    creditRetirements(first: 10) { edges { node { registry project vintage serialFirst serialLast } } }
    progressReport(year: $year) { state }
  }
}"""
