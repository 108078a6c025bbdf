// Every no that the gateway itself gives, and what may be shown of a no that came from behind it.
import { GraphQLError } from 'graphql';

/** A request that is not carried out: status, stable code, a message for people, and what would help. */
export class Refused extends Error {
  constructor(status, code, message, { headers, ...details } = {}) {
    super(message);
    Object.assign(this, { status, code, headers, details });
  }

  toGraphQL() {
    return { message: this.message, extensions: { code: this.code, ...this.details } };
  }
}

/** A subgraph that gave no usable answer. Carries its name, never its address. `began`: it may have read the request. */
export function serviceFailed(code, service, { operation, began }) {
  const hint =
    operation !== 'mutation'
      ? 'The rest of the answer stands. Ask again in a moment.'
      : began
        ? 'Whether it was carried out is not known. Ask again with the same idempotency key.'
        : 'It was not carried out. Ask again in a moment.';
  return new GraphQLError(`The service "${service}" did not answer.`, { extensions: { code, service, hint } });
}

/** A subscription that a service ended because the right to it did: TOKEN_EXPIRED, RIGHT_WITHDRAWN, … */
export function subscriptionEnded(code, service) {
  return new GraphQLError(`The subscription has ended: ${code}.`, { extensions: { code, service, hint: 'Sign in again and resume after the last event.' } });
}

const SHOWN = ['code', 'subject', 'found', 'expected', 'limit', 'got', 'service', 'position', 'hint', 'traceId'];

/**
 * An error as the caller may see it: what has a code passes with its known details, anything else is a bug of ours. Only
 * errors about the caller's own text have places in it; those from behind the gateway speak of another text.
 */
export function shownError(error, traceId, { aboutText = false } = {}) {
  const code = error.extensions?.code;
  const known = typeof code === 'string' && code !== 'INTERNAL';
  const reference = error.extensions?.traceId ?? traceId;
  const extensions = Object.fromEntries(
    SHOWN.filter((key) => known && error.extensions[key] !== undefined).map((key) => [key, error.extensions[key]]),
  );
  return {
    message: known ? error.message : `Something went wrong on our side. Reference ${reference}.`,
    ...(aboutText && error.locations?.length ? { locations: error.locations } : {}),
    ...(error.path ? { path: error.path } : {}),
    extensions: { ...extensions, code: known ? code : 'INTERNAL', traceId: reference },
  };
}

/** The errors that a refusal is told by. */
export function refusalErrors(refused, traceId) {
  const errors = refused.errors ?? [refused.toGraphQL()];
  return errors.map((error) => shownError(error, traceId, { aboutText: true }));
}
