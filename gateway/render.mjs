// Renders router.yaml, the configuration of Hive Router for Kubernetes (made for 0.3.10), from the same settings.json.
//   node render.mjs [--check]
// What the router can't do is left to the services behind it, which refuse for themselves: cost by `first`, page sizes,
// root fields, the token's lifetime and `typ`. Rates are the ingress's there. See README.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readNumbers } from './settings.mjs';

const target = new URL('router.yaml', import.meta.url);
const SUBGRAPHS = ['access', 'inventory', 'offsets', 'reporting', 'targets'];
const { values: options } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const { limits, timeouts_ms: timeouts, tokens } = readNumbers();

const seconds = (milliseconds) => `${Math.ceil(milliseconds / 1000)}s`;
const kibibytes = (bytes) => `${bytes / 1024}KiB`;
const fromEnv = (name) => `{ from_env: ${name} }`;
const variable = (subgraph) => `LICHEN_SUBGRAPH_${subgraph.toUpperCase()}_URL`;

const rendered = `# Rendered from settings.json by gateway/render.mjs; not edited by hand. Addresses come from the environment.
supergraph:
  source: file
  path: ./supergraph.graphql
http:
  host: 0.0.0.0
  port: 4000
  graphql_endpoint: /graphql
  shutdown_timeout: ${seconds(timeouts.stop)}
log:
  format: json
  level: info
laboratory:
  enabled: false
introspection:
  expression: .request.jwt.authenticated == true
jwt:
  enabled: true
  # Anonymous callers may read what is published. The services verify each token again.
  require_authentication: false
  issuers: [${fromEnv('LICHEN_ISSUER')}]
  audiences: [${fromEnv('LICHEN_AUDIENCE')}]
  allowed_algorithms: [${tokens.algorithms.join(', ')}]
  jwks_providers:
    - source: remote
      url: ${fromEnv('LICHEN_KEYS_URL')}
      polling_interval: 10m
      prefetch: true
      refresh_on_unknown_kid: ${tokens.keys_refetch_min_s}s
headers:
  all:
    request:
      - propagate: { named: authorization }
limits:
  max_request_body_size: ${kibibytes(limits.body_bytes)}
  max_request_header_size: ${kibibytes(limits.header_bytes)}
  max_depth: { n: ${limits.depth}, ignore_introspection: true, flatten_fragments: true }
  max_tokens: { n: ${limits.tokens} }
  max_aliases: { n: ${limits.aliases} }
  max_directives: { n: ${limits.directives} }
demand_control:
  enabled: true
  mode: enforce
  strategy:
    static_estimated: { max: ${limits.cost}, list_size: ${limits.assumed_list_size} }
error_masking:
  enabled: true
  redacted_error_message: Something went wrong on our side.
  all:
    enabled: true
    extensions: { mode: allow, keys: [code, subject, found, expected, traceId] }
traffic_shaping:
  router:
    request_timeout: ${seconds(Math.max(timeouts.mutation, timeouts.query) + timeouts.query)}
    header_read_timeout: ${seconds(timeouts.headers)}
  all:
    dedupe_enabled: true
    pool_idle_timeout: 60s
    request_timeout:
      expression: |
        if .request.operation.type == "mutation" { "${seconds(timeouts.mutation)}" } else { "${seconds(timeouts.query)}" }
subscriptions:
  enabled: true
  websocket:
    all: { path: /graphql }
websocket:
  enabled: true
  headers: { source: connection }
override_subgraph_urls:
${SUBGRAPHS.map((name) => `  ${name}: { url: ${fromEnv(variable(name))} }`).join('\n')}
telemetry:
  resource:
    attributes: { service.name: gateway }
  tracing:
    propagation: { trace_context: true }
    exporters:
      - kind: otlp
        protocol: http
        endpoint: ${fromEnv('LICHEN_TRACES_URL')}
`;

if (!options.check) writeFileSync(target, rendered);
else if (!existsSync(target) || readFileSync(target, 'utf8') !== rendered) {
  process.stderr.write('gateway/router.yaml is stale: run node gateway/render.mjs\n');
  process.exit(1);
}
