// Numbers come from settings.json, which the Kubernetes router's configuration is rendered from as well; addresses and
// secrets come from LICHEN_… variables. Production is the default: a local value must be asked for.
import { readFileSync } from 'node:fs';

const here = (name) => new URL(name, import.meta.url);

export class SettingsRefused extends Error {}

/** The numbers alone; `overrides` is a JSON file of the same form, of which only what differs is given. */
export function readNumbers(overrides) {
  const numbers = JSON.parse(readFileSync(here('settings.json'), 'utf8'));
  if (overrides) merge(numbers, JSON.parse(readFileSync(overrides, 'utf8')), '');
  return numbers;
}

function merge(target, changes, path) {
  for (const [key, value] of Object.entries(changes)) {
    if (!Object.hasOwn(target, key) || typeof target[key] !== typeof value) {
      throw new SettingsRefused(`${path}${key} is not a setting of the gateway, or not of that type`);
    }
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) merge(target[key], value, `${path}${key}.`);
    else target[key] = value;
  }
}

/** Everything that one gateway process runs on, checked. */
export function readSettings(environment) {
  const env = environment.LICHEN_ENV ?? 'production';
  if (env !== 'production' && env !== 'local') {
    throw new SettingsRefused(`LICHEN_ENV is "production" or "local"; found "${env}"`);
  }
  const local = env === 'local';
  const settings = {
    local,
    host: environment.LICHEN_GATEWAY_HOST ?? '127.0.0.1',
    port: wholeNumber(environment, 'LICHEN_GATEWAY_PORT', 4000, 65535),
    supergraph: environment.LICHEN_GATEWAY_SUPERGRAPH ?? here('supergraph.graphql'),
    issuer: required(environment, 'LICHEN_ISSUER'),
    audience: environment.LICHEN_AUDIENCE ?? (local ? 'lichen-api-local' : 'lichen-api'),
    origins: (environment.LICHEN_GATEWAY_ORIGINS ?? '').split(/[\s,]+/).filter(Boolean),
    proxyHops: wholeNumber(environment, 'LICHEN_GATEWAY_PROXY_HOPS', 0, 8),
    traced: Boolean(environment.OTEL_EXPORTER_OTLP_ENDPOINT || environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT),
    ...readNumbers(environment.LICHEN_GATEWAY_SETTINGS),
  };
  if (!local) refuseLocalParts(settings);
  return settings;
}

/** Fail closed: the development issuer and its realm can't serve in production. */
function refuseLocalParts({ issuer, audience }) {
  const { protocol, hostname, pathname } = address('LICHEN_ISSUER', issuer);
  if (protocol !== 'https:' || isLoopback(hostname)) {
    throw new SettingsRefused(`LICHEN_ISSUER must be https and not this machine in production; found ${issuer}`);
  }
  if (audience.endsWith('-local') || pathname.includes('-local')) {
    throw new SettingsRefused('LICHEN_AUDIENCE and LICHEN_ISSUER name the local realm; production has another');
  }
}

/** The address of each subgraph that the supergraph names, from LICHEN_SUBGRAPH_<NAME>_URL. */
export function subgraphAddresses(names, environment) {
  return new Map(
    names.map((name) => {
      const variable = `LICHEN_SUBGRAPH_${name.toUpperCase().replaceAll('-', '_')}_URL`;
      return [name, address(variable, required(environment, variable))];
    }),
  );
}

function isLoopback(hostname) {
  return /^(localhost|.*\.localhost|127\..*|\[::1\]|\[::ffff:7f.*\]|0\.0\.0\.0|\[::\])$/.test(hostname);
}

function required(environment, name) {
  const value = environment[name];
  if (!value) throw new SettingsRefused(`${name} is not set`);
  return value;
}

function address(name, value) {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new SettingsRefused(`${name} is an http(s) address; found "${value}"`);
  }
  return url;
}

function wholeNumber(environment, name, fallback, most) {
  const text = environment[name];
  if (text === undefined || text === '') return fallback;
  if (!/^\d+$/.test(text) || Number(text) > most) {
    throw new SettingsRefused(`${name} is a whole number up to ${most}; found "${text}"`);
  }
  return Number(text);
}
