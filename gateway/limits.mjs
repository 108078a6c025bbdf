// What a query may be, decided from its text before anything is executed. Depth, fields and cost are computed once per
// fragment, so that fragments which double each other cost no more than their text. Refuses, in order: QUERY_TOO_DEEP,
// FRAGMENT_CYCLE, TOO_MANY_ALIASES, TOO_MANY_DIRECTIVES, TOO_MANY_ROOT_FIELDS, TOO_MANY_FIELDS, BAD_NAME; and with the
// schema and variables: PAGE_SIZE_REQUIRED, PAGE_SIZE_OUT_OF_RANGE, PAGE_TOO_LARGE, QUERY_TOO_COSTLY.
import { Kind, getNamedType, getNullableType, isCompositeType, isListType, visit } from 'graphql';
import { Refused } from './answers.mjs';

const HINTS = {
  QUERY_TOO_DEEP: 'Ask for the inner part in a second query, by its id.',
  TOO_MANY_ALIASES: 'Ask for a list with one field instead of one alias each.',
  TOO_MANY_ROOT_FIELDS: 'Send several requests.',
  TOO_MANY_FIELDS: 'Ask for fewer fields, or send several requests.',
  QUERY_TOO_COSTLY: 'Ask for smaller pages: lower `first`.',
};

function refuse(code, what, limit, got) {
  return new Refused(400, code, `${what}: at most ${limit}, found ${got}.`, { limit, got, hint: HINTS[code] });
}

/** Refuses a document for its shape alone. */
export function checkShape(document, limits) {
  const fragments = fragmentsOf(document);
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const measured = new Map();
  const shapes = operations.map((operation) => shapeOf(operation.selectionSet, fragments, measured));
  const deepest = Math.max(0, ...shapes.map((shape) => shape.depth));
  if (deepest > limits.depth) throw refuse('QUERY_TOO_DEEP', 'Levels of nesting', limits.depth, deepest);
  countNames(document, limits);
  const root = Math.max(0, ...shapes.map((shape) => shape.width));
  if (root > limits.root_fields) throw refuse('TOO_MANY_ROOT_FIELDS', 'Fields at the root', limits.root_fields, root);
  const fields = Math.max(0, ...shapes.map((shape) => shape.fields));
  if (fields > limits.fields) {
    throw refuse('TOO_MANY_FIELDS', 'Fields with fragments spelt out', limits.fields, Math.min(fields, 1e9));
  }
}

function fragmentsOf(document) {
  return new Map(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
}

// The standard question for a schema is 14 deep; GraphQL's own validation bounds how deep such questions go.
const isIntrospection = ({ name }) => name.value === '__schema' || name.value === '__type';

// depth: levels of fields; width: fields on the first level; fields: all of them, fragments spelt out.
function shapeOf(selectionSet, fragments, measured) {
  const shape = { depth: 0, width: 0, fields: 0 };
  for (const selection of selectionSet?.selections ?? []) {
    if (selection.kind === Kind.FIELD) {
      const inner = shapeOf(selection.selectionSet, fragments, measured);
      shape.depth = Math.max(shape.depth, isIntrospection(selection) ? 1 : inner.depth + 1);
      shape.width += 1;
      shape.fields += inner.fields + 1;
    } else {
      const inner =
        selection.kind === Kind.INLINE_FRAGMENT
          ? shapeOf(selection.selectionSet, fragments, measured)
          : shapeOfFragment(selection.name.value, fragments, measured);
      shape.depth = Math.max(shape.depth, inner.depth);
      shape.width += inner.width;
      shape.fields += inner.fields;
    }
  }
  return shape;
}

function shapeOfFragment(name, fragments, measured) {
  if (!measured.has(name)) {
    measured.set(name, null);
    measured.set(name, shapeOf(fragments.get(name)?.selectionSet, fragments, measured));
  }
  const shape = measured.get(name);
  if (shape === null) {
    throw new Refused(400, 'FRAGMENT_CYCLE', `The fragment "${name}" contains itself.`);
  }
  return shape;
}

function countNames(document, limits) {
  let aliases = 0;
  let directives = 0;
  visit(document, {
    Field({ alias }) {
      if (alias === undefined) return;
      aliases += 1;
      if (alias.value in Object.prototype) {
        throw new Refused(400, 'BAD_NAME', `"${alias.value}" is not a name that may be used as an alias.`);
      }
    },
    Directive() {
      directives += 1;
    },
  });
  if (aliases > limits.aliases) throw refuse('TOO_MANY_ALIASES', 'Aliases', limits.aliases, aliases);
  if (directives > limits.directives) throw refuse('TOO_MANY_DIRECTIVES', 'Directives', limits.directives, directives);
}

/**
 * What an operation costs at most: one for each object it asks for, times the size of each page and list that it lies in.
 * A list without `first` counts as `assumed_list_size`; the lists right inside a page are that page.
 */
export function costOf(schema, document, operation, variables, limits) {
  const context = { schema, variables, limits, fragments: fragmentsOf(document), known: new Map() };
  const cost = costWithin(operation.selectionSet, schema.getRootType(operation.operation), false, context);
  if (cost > limits.cost) throw refuse('QUERY_TOO_COSTLY', 'Cost of the query', limits.cost, Math.min(cost, 1e12));
  return cost;
}

function costWithin(selectionSet, parent, insidePage, context) {
  let cost = 0;
  for (const selection of selectionSet.selections) {
    if (selection.kind === Kind.FIELD) cost += costOfField(selection, parent, insidePage, context);
    else if (selection.kind === Kind.INLINE_FRAGMENT) {
      const type = selection.typeCondition ? context.schema.getType(selection.typeCondition.name.value) : parent;
      cost += costWithin(selection.selectionSet, type, insidePage, context);
    } else {
      const key = `${selection.name.value} ${insidePage}`;
      if (!context.known.has(key)) {
        const fragment = context.fragments.get(selection.name.value);
        const type = context.schema.getType(fragment.typeCondition.name.value);
        context.known.set(key, costWithin(fragment.selectionSet, type, insidePage, context));
      }
      cost += context.known.get(key);
    }
  }
  return cost;
}

function costOfField(field, parent, insidePage, context) {
  const definition = parent.getFields?.()[field.name.value];
  if (definition === undefined || !isCompositeType(getNamedType(definition.type))) return 0;
  const size = pageSize(field, definition, context);
  const type = getNamedType(definition.type);
  const isList = isListType(getNullableType(definition.type));
  const children = costWithin(field.selectionSet, type, size !== null && !isList, context);
  if (size !== null) return isList ? size * (1 + children) : 1 + size * children;
  return isList && !insidePage ? context.limits.assumed_list_size * (1 + children) : 1 + children;
}

function pageSize(field, definition, { variables, limits }) {
  if (!definition.args.some((argument) => argument.name === 'first')) return null;
  const given = field.arguments?.find((argument) => argument.name.value === 'first')?.value;
  const value = given?.kind === Kind.VARIABLE ? variables[given.name.value] : given?.value;
  const size = value == null ? definition.args.find((argument) => argument.name === 'first').defaultValue : Number(value);
  const subject = { subject: field.name.value, limit: limits.page_size };
  if (size == null) {
    throw new Refused(400, 'PAGE_SIZE_REQUIRED', `"${field.name.value}" needs \`first\`: how many to give at most.`, subject);
  }
  if (size > limits.page_size) {
    throw new Refused(400, 'PAGE_TOO_LARGE', `"${field.name.value}" gives ${limits.page_size} at a time at most.`, {
      ...subject,
      got: size,
      hint: 'Take the next page with `after`.',
    });
  }
  if (!(size >= 1)) {
    throw new Refused(400, 'PAGE_SIZE_OUT_OF_RANGE', `"${field.name.value}" needs a \`first\` of 1 to ${limits.page_size}.`, {
      ...subject,
      got: size,
    });
  }
  return size;
}
