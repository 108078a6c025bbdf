// From the text of a query to an operation that may be executed. Refuses, in order: TOO_MANY_TOKENS,
// GRAPHQL_PARSE_FAILED, what limits.mjs refuses by shape, PAGE_SIZE_REQUIRED, GRAPHQL_VALIDATION_FAILED,
// OPERATION_NOT_FOUND, INTROSPECTION_DISABLED, INTROSPECTION_ALONE, BAD_VARIABLES, what limits.mjs refuses by cost.
import { GraphQLError, Kind, getOperationAST, getVariableValues, parse, validate } from 'graphql';
import { Refused } from './answers.mjs';
import { checkShape, costOf } from './limits.mjs';

const SUGGESTION = / Did you mean .*\?$/;

/** Parses, checks and prices queries; keeps what it found out about the `size` most recent texts. */
export class Documents {
  #known = new Map();

  constructor(schema, { limits, caches, local }) {
    Object.assign(this, { schema, limits, size: caches.documents, local });
  }

  /** `{document, operation, variables, coerced, isIntrospection}`, or a refusal. */
  prepare({ query, variables, operationName }, caller) {
    const document = this.#checked(query);
    const operation = getOperationAST(document, operationName);
    if (operation == null) {
      throw new Refused(400, 'OPERATION_NOT_FOUND', 'Name one of the operations in the query by `operationName`.');
    }
    const isIntrospection = this.#introspects(document, operation, caller);
    const { errors, coerced } = getVariableValues(this.schema, operation.variableDefinitions ?? [], variables, {
      maxErrors: 1,
    });
    if (errors) throw this.#refused(errors.slice(0, 1), 'BAD_VARIABLES');
    costOf(this.schema, document, operation, coerced, this.limits);
    return { document, operation, variables, coerced, isIntrospection };
  }

  #checked(query) {
    let document = this.#known.get(query);
    if (document !== undefined) {
      this.#known.delete(query);
    } else {
      document = parsed(query, this.limits);
      checkShape(document, this.limits);
      // One more error than asked for may come: that there are too many.
      const maxErrors = this.local ? 20 : 1;
      const errors = validate(this.schema, document, undefined, { maxErrors }).slice(0, maxErrors);
      if (errors.length > 0) {
        throw this.#refused(errors, isMissingFirst(errors[0]) ? 'PAGE_SIZE_REQUIRED' : 'GRAPHQL_VALIDATION_FAILED');
      }
      if (this.#known.size >= this.size) this.#known.delete(this.#known.keys().next().value);
    }
    this.#known.set(query, document);
    return document;
  }

  // Names that the caller did not write help a developer, and in production whoever maps the schema by guessing.
  #refused(errors, code) {
    return refusedBy(errors, code, (message) => (this.local ? message : message.replace(SUGGESTION, '')));
  }

  #introspects(document, operation, caller) {
    const names = rootFieldNames(document, operation);
    const schemaFields = names.filter((name) => name === '__schema' || name === '__type');
    if (schemaFields.length === 0) return false;
    if (!this.local && caller.anonymous) {
      throw new Refused(400, 'INTROSPECTION_DISABLED', 'Sign in to read the schema.', {
        hint: 'The schema is published with the documentation as well.',
      });
    }
    if (names.some((name) => !name.startsWith('__'))) {
      throw new Refused(400, 'INTROSPECTION_ALONE', 'Ask for the schema and for data in separate requests.');
    }
    return true;
  }
}

function parsed(query, limits) {
  try {
    return parse(query, { maxTokens: limits.tokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    if (/more (than|that) \d+ tokens/.test(error.message)) {
      throw new Refused(400, 'TOO_MANY_TOKENS', `A query may have ${limits.tokens} tokens at most.`, {
        limit: limits.tokens,
        hint: 'Put values into variables, and repeated parts into fragments.',
      });
    }
    throw refusedBy([error], 'GRAPHQL_PARSE_FAILED');
  }
}

function refusedBy(errors, code, worded = (message) => message) {
  const coded = errors.map(
    ({ message, nodes, source, positions }) => new GraphQLError(worded(message), { nodes, source, positions, extensions: { code } }),
  );
  return Object.assign(new Refused(400, code, coded[0].message), { errors: coded });
}

function isMissingFirst(error) {
  return error.nodes?.[0]?.kind === Kind.FIELD && /argument "first" of type/.test(error.message);
}

function rootFieldNames(document, operation) {
  const fragments = new Map(document.definitions.map((definition) => [definition.name?.value, definition]));
  const seen = new Set();
  const names = [];
  const collect = ({ selections }) => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) names.push(selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value);
        collect(fragments.get(selection.name.value).selectionSet);
      }
    }
  };
  collect(operation.selectionSet);
  return names;
}
