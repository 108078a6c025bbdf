// Composes the committed subgraph schemas into supergraph.graphql.
//   node compose.mjs [--check] [--from <folder of *.graphql>] [--to <file>]
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { composeServices } from '@theguild/federation-composition';
import { Kind, parse } from 'graphql';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    from: { type: 'string', default: here('../contracts/graphql') },
    to: { type: 'string', default: here('supergraph.graphql') },
  },
});
const HEADER = '# Composed from the subgraph schemas by gateway/compose.mjs; not edited by hand.\n';

// What every subgraph serves to the gateway, and composition adds by itself.
const MACHINERY = new Set(['_Any', '_Entity', '_Service']);
const MACHINERY_FIELDS = new Set(['_entities', '_service']);

function subgraph(file) {
  const document = parse(readFileSync(join(options.from, file), 'utf8'), { noLocation: true });
  const definitions = document.definitions
    .filter(({ name }) => !MACHINERY.has(name?.value))
    .map((definition) =>
      definition.kind === Kind.OBJECT_TYPE_DEFINITION
        ? { ...definition, fields: definition.fields.filter(({ name }) => !MACHINERY_FIELDS.has(name.value)) }
        : definition,
    );
  // The address is a placeholder: where a subgraph is, each process learns from its environment.
  const name = basename(file, '.graphql');
  return { name, url: `http://${name}.invalid/graphql`, typeDefs: { ...document, definitions } };
}

function fail(lines) {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exit(1);
}

const files = readdirSync(options.from).filter((file) => file.endsWith('.graphql')).sort();
if (files.length === 0) fail([`no subgraph schemas (*.graphql) in ${options.from}`]);
const { supergraphSdl, errors = [] } = composeServices(files.map(subgraph));
if (!supergraphSdl) {
  fail([
    `The subgraphs ${files.join(', ')} do not compose:`,
    ...errors.map(({ message, extensions }) => `- ${extensions?.code ?? 'ERROR'}: ${message}`),
  ]);
}
const composed = `${HEADER}${supergraphSdl.trimEnd()}\n`;
if (!options.check) writeFileSync(options.to, composed);
else if (!existsSync(options.to) || composed !== readFileSync(options.to, 'utf8')) {
  fail([`${options.to} is stale: run node gateway/compose.mjs`]);
}
