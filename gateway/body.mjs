// Reads a request's body within bounds. Refuses, in order: UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE, BAD_ENCODING,
// JSON_TOO_DEEP, BAD_JSON, BAD_NUMBER, BATCHING_NOT_SUPPORTED, BAD_REQUEST.
import { Refused } from './answers.mjs';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** `{query, variables, operationName}` of a POST. */
export async function readOperation(request, limits) {
  refuseOtherMedia(request.headers);
  return operationFrom(await readBytes(request, limits.body_bytes), limits);
}

function refuseOtherMedia(headers) {
  const [type, ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  if (type.trim() !== 'application/json' || headers['content-encoding'] || (charset && !/utf-?8/.test(charset))) {
    throw new Refused(415, 'UNSUPPORTED_MEDIA_TYPE', 'Send application/json in UTF-8, not compressed.');
  }
}

async function readBytes(request, limit) {
  const tooLarge = () =>
    new Refused(413, 'BODY_TOO_LARGE', `A request may have ${limit} bytes at most.`, {
      limit,
      hint: 'Send a large workbook in parts.',
      headers: { connection: 'close' },
    });
  if (Number(request.headers['content-length']) > limit) throw tooLarge();
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size);
}

/** The operation in a message; the WebSocket's messages come as parsed objects and skip the first half. */
function operationFrom(bytes, limits) {
  let text;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new Refused(400, 'BAD_ENCODING', 'The body is not UTF-8.');
  }
  refuseDeepJson(bytes, limits.json_depth);
  let message;
  try {
    message = JSON.parse(text, exactly);
  } catch (error) {
    if (error instanceof Refused) throw error;
    const position = /position (\d+)/.exec(error.message)?.[1] ?? text.length;
    throw new Refused(400, 'BAD_JSON', `The body is not JSON: see position ${position}.`, { position: Number(position) });
  }
  return checkedOperation(message, limits);
}

/** `{query, variables, operationName}` with their types checked. */
export function checkedOperation(message, limits) {
  if (Array.isArray(message)) {
    throw new Refused(400, 'BATCHING_NOT_SUPPORTED', 'Send one operation a request.', {
      hint: 'One query may ask for several fields.',
    });
  }
  const { query, variables, operationName } = message ?? {};
  if (typeof query !== 'string') throw new Refused(400, 'BAD_REQUEST', 'The body is an object with a string `query`.');
  if (!isObjectOrMissing(variables) || (operationName != null && typeof operationName !== 'string')) {
    throw new Refused(400, 'BAD_REQUEST', '`variables` is an object and `operationName` a string.');
  }
  if (query.length > limits.query_characters) {
    throw new Refused(413, 'QUERY_TOO_LONG', `A query may have ${limits.query_characters} characters at most.`, {
      limit: limits.query_characters,
      got: query.length,
      hint: 'Put values into variables.',
    });
  }
  return { query, variables: variables ?? {}, operationName: operationName ?? undefined };
}

const isObjectOrMissing = (value) => value == null || (typeof value === 'object' && !Array.isArray(value));

// A figure that a double can't hold would be changed silently on its way to the service.
function exactly(key, value, { source }) {
  if (key === '__proto__') throw new Refused(400, 'BAD_NAME', '"__proto__" is not a name that may be used.');
  if (typeof value !== 'number') return value;
  const digits = source.replace(/e.*$/i, '').replace(/[-.]/g, '').replace(/^0+/, '');
  if (Number.isFinite(value) && digits.length <= 15) return value;
  throw new Refused(400, 'BAD_NUMBER', `The number ${source.slice(0, 40)} can't be held exactly.`, {
    hint: 'Send figures as strings.',
  });
}

// Before JSON.parse, so that nesting can't cost more than one pass over the bytes.
function refuseDeepJson(bytes, limit) {
  let depth = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (byte === QUOTE) {
      index = endOfString(bytes, index);
      if (index < 0) return;
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > limit) {
        throw new Refused(400, 'JSON_TOO_DEEP', `JSON may be nested ${limit} deep.`, { limit });
      }
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
}

function endOfString(bytes, start) {
  let end = start;
  for (;;) {
    end = bytes.indexOf(QUOTE, end + 1);
    if (end < 0) return -1;
    let backslashes = 0;
    while (bytes[end - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
}
