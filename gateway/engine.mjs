// Hive's query planner and plan executor over the committed supergraph; the ways in and out of it are ours.
import { readFileSync } from 'node:fs';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import { GraphQLError, Kind, buildASTSchema, execute, parse } from 'graphql';
import { shownError } from './answers.mjs';
import { completed } from './completion.mjs';
import { subgraphAddresses } from './settings.mjs';
import { Subgraph } from './subgraph.mjs';

export class Engine {
  #executor;
  #subgraphs;

  /** Reads the supergraph and makes ready to plan. */
  static async start(settings, environment, log) {
    const engine = new Engine();
    engine.log = log;
    const sdl = readFileSync(settings.supergraph, 'utf8');
    const document = parse(sdl, { noLocation: true });
    const addresses = subgraphAddresses(subgraphNames(document), environment);
    engine.#subgraphs = new Map([...addresses].map(([name, url]) => [name, new Subgraph(name, url, settings, log)]));
    const { unifiedGraph, executor } = await unifiedGraphHandler({
      unifiedGraph: buildASTSchema(document, { assumeValid: true, assumeValidSDL: true }),
      getUnifiedGraphSDL: () => sdl,
      onSubgraphExecute: (name, request) => engine.#subgraphs.get(name).execute(request),
    });
    engine.schema = unifiedGraph;
    engine.#executor = executor;
    return engine;
  }

  close() {
    for (const subgraph of this.#subgraphs.values()) subgraph.close();
  }

  /** The answer to a query or mutation that documents.prepare() gave. */
  async answer(prepared, context) {
    try {
      const result = prepared.isIntrospection
        ? await execute({ schema: this.schema, document: prepared.document, variableValues: prepared.variables, operationName: prepared.operation.name?.value })
        : await this.#run(prepared, context);
      return this.#shown(prepared, result, context);
    } catch (error) {
      return this.#shown(prepared, { errors: [error] }, context);
    }
  }

  /** The answers to a subscription, one an event. */
  async *answers(prepared, context) {
    try {
      const events = await this.#run(prepared, context);
      if (!(Symbol.asyncIterator in events)) {
        yield this.#shown(prepared, events, context);
        return;
      }
      for await (const event of events) {
        // The executor gathers errors over the life of a subscription: each event takes its own.
        yield this.#shown(prepared, { ...event, errors: event.errors?.splice(0) }, context);
      }
    } catch (error) {
      yield this.#shown(prepared, { errors: [error] }, context);
    }
  }

  #run({ document, operation, variables }, context) {
    return this.#executor({
      document,
      variables,
      operationName: operation.name?.value,
      operationType: operation.operation,
      context,
      signal: operation.operation === 'mutation' ? undefined : context.signal,
    });
  }

  #shown(prepared, { data, errors, extensions }, { trace }) {
    if (!errors?.length) return { data, ...(extensions ? { extensions } : {}) };
    for (const error of errors) this.#logBug(error, trace);
    return { data: completed(this.schema, prepared, data), errors: distinct(errors.map((error) => shownError(error, trace.traceId))) };
  }

  #logBug(error, { traceId }) {
    const code = error.extensions?.code;
    if (typeof code === 'string' && code !== 'INTERNAL') return;
    const original = error instanceof GraphQLError ? error.originalError : error;
    this.log('error', 'bug', { message: error.message, path: error.path, stack: original?.stack, trace_id: traceId });
  }
}

// One failed fetch for a list of entities is one error to the caller, not one an entity.
function distinct(errors) {
  const seen = new Set();
  return errors.filter((error) => {
    const key = JSON.stringify(error);
    return !seen.has(key) && seen.add(key);
  });
}

function subgraphNames(document) {
  const graphs = document.definitions.find(
    (definition) => definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph',
  );
  return graphs.values.map(
    ({ directives }) => directives[0].arguments.find((argument) => argument.name.value === 'name').value.value,
  );
}
