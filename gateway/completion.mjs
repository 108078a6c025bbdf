// The planner's executor leaves null where a non-null value is missing (a list of non-null items comes back as [null]).
// This carries such a null outwards to the nearest place that may be null, as the GraphQL specification asks. It runs
// only on answers with errors.
import { GraphQLIncludeDirective, GraphQLSkipDirective, Kind, getDirectiveValues, getNullableType, isAbstractType, isListType, isNonNullType, isObjectType } from 'graphql';

/** The data with nulls carried outwards; null when they reach the root. */
export function completed(schema, { document, operation, coerced }, data) {
  const fragments = new Map(document.definitions.map((definition) => [definition.name?.value, definition]));
  return object(schema.getRootType(operation.operation), [operation.selectionSet], data ?? {}, { schema, fragments, variables: coerced });
}

function object(type, selectionSets, value, context) {
  const fields = new Map();
  for (const selectionSet of selectionSets) collect(selectionSet, type, true, fields, context);
  for (const [key, { definition, certain, inner }] of fields) {
    // On an interface whose object is not known, a missing key may belong to another of its types.
    if (value[key] === undefined && !certain) continue;
    value[key] = carried(definition.type, inner, value[key], context);
    if (value[key] === null && isNonNullType(definition.type)) return null;
  }
  return value;
}

function carried(type, selectionSets, value, context) {
  if (value == null) return null;
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    if (!Array.isArray(value)) return null;
    const items = value.map((item) => carried(nullable.ofType, selectionSets, item, context));
    return isNonNullType(nullable.ofType) && items.includes(null) ? null : items;
  }
  return selectionSets.length > 0 ? object(nullable, selectionSets, value, context) : value;
}

function collect(selectionSet, type, certain, fields, context) {
  for (const selection of selectionSet.selections) {
    if (!isIncluded(selection, context.variables)) continue;
    if (selection.kind === Kind.FIELD) {
      const definition = type.getFields?.()[selection.name.value];
      if (definition === undefined) continue; // __typename
      const key = selection.alias?.value ?? selection.name.value;
      const field = fields.get(key) ?? { definition, certain: false, inner: [] };
      field.certain ||= certain;
      if (selection.selectionSet) field.inner.push(selection.selectionSet);
      fields.set(key, field);
    } else {
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : context.fragments.get(selection.name.value);
      const condition = fragment.typeCondition ? context.schema.getType(fragment.typeCondition.name.value) : type;
      collect(fragment.selectionSet, condition, certain && appliesToAll(condition, type, context.schema), fields, context);
    }
  }
}

function appliesToAll(condition, type, schema) {
  return condition === type || (isAbstractType(condition) && isObjectType(type) && schema.isSubType(condition, type));
}

function isIncluded(selection, variables) {
  if (!selection.directives?.length) return true;
  return (
    getDirectiveValues(GraphQLSkipDirective, selection, variables)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, selection, variables)?.if !== false
  );
}
