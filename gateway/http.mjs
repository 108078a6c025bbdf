import http from 'node:http';
import { Refused, refusalErrors } from './answers.mjs';
import { readOperation } from './body.mjs';
import { Documents } from './document.mjs';
import { Engine } from './engine.mjs';
import { ANONYMOUS, Identity } from './identity.mjs';
import { Rates } from './rates.mjs';
import { startSockets } from './sockets.mjs';
import { log, startTelemetry } from './telemetry.mjs';

const RESULT_TYPE = 'application/graphql-response+json';

/** Runs until SIGTERM or SIGINT. */
export async function serve(settings, environment) {
  const gateway = await Gateway.start(settings, environment);
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => gateway.stop());
}

class Gateway {
  stopping = false;

  static async start(settings, environment) {
    const gateway = new Gateway();
    gateway.settings = settings;
    gateway.telemetry = await startTelemetry(settings);
    gateway.engine = await Engine.start(settings, environment, log);
    gateway.documents = new Documents(gateway.engine.schema, settings);
    gateway.identity = new Identity(settings, log);
    gateway.rates = new Rates(settings);
    gateway.sockets = startSockets({ ...gateway, addressOf: (request) => gateway.#address(request) });
    await gateway.#listen();
    return gateway;
  }

  #listen() {
    const { timeouts_ms: timeouts, limits, host, port } = this.settings;
    this.server = http.createServer(
      { headersTimeout: timeouts.headers, requestTimeout: timeouts.request, maxHeaderSize: limits.header_bytes, keepAliveTimeout: 75_000, connectionsCheckingInterval: 2_000 },
      (request, response) => this.#route(request, response),
    );
    this.server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.server.on('clientError', refuseBrokenRequest);
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        log('info', 'ready', { address: `http://${host}:${this.server.address().port}/graphql`, start_ms: Math.round(performance.now()) });
        resolve();
      });
    });
  }

  /** Finishes what is under way, for as long as `timeouts_ms.stop`. */
  async stop() {
    if (this.stopping) return;
    this.stopping = true;
    const forced = setTimeout(() => this.server.closeAllConnections(), this.settings.timeouts_ms.stop);
    const closed = new Promise((resolve) => this.server.close(resolve));
    // A caller keeps its connection after its last answer, which would keep us here.
    const idle = setInterval(() => this.server.closeIdleConnections(), 50);
    await this.sockets.stop();
    await closed;
    clearInterval(idle);
    clearTimeout(forced);
    this.engine.close();
    await this.telemetry.stop();
    log('info', 'stopped');
  }

  #route(request, response) {
    const path = pathOf(request);
    if (path === '/graphql') this.#graphql(request, response);
    else if (path === '/health/live') sendJson(response, 200, { status: 'live' });
    else if (path === '/health/ready') sendJson(response, this.stopping ? 503 : 200, { status: this.stopping ? 'stopping' : 'ready' });
    else sendJson(response, 404, { errors: refusalErrors(new Refused(404, 'NOT_FOUND', 'GraphQL is at /graphql.')) });
  }

  async #graphql(request, response) {
    const trace = this.telemetry.begin(request.headers);
    const outcome = { status: 200 };
    const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
    if (request.headers.accept?.includes(RESULT_TYPE)) headers['content-type'] = `${RESULT_TYPE}; charset=utf-8`;
    try {
      Object.assign(headers, this.#allowOrigin(request));
      if (request.method === 'OPTIONS' && headers['access-control-allow-origin']) {
        outcome.status = 204;
        response.writeHead(204, headers).end();
      } else if (this.settings.local && request.method === 'GET' && request.headers.accept?.includes('text/html')) {
        const { PAGE_HEADERS, explorerPage } = await import('./explorer.mjs');
        response.writeHead(200, PAGE_HEADERS).end(await explorerPage());
      } else {
        const answer = await this.#answerTo(request, response, headers, trace, outcome);
        outcome.code = answer.errors?.[0]?.extensions.code;
        sendJson(response, 200, answer, headers);
      }
    } catch (error) {
      const refused = error instanceof Refused ? error : bug(error, trace);
      Object.assign(outcome, { status: refused.status, code: refused.code });
      sendJson(response, refused.status, { errors: refusalErrors(refused, trace.traceId) }, { ...headers, ...refused.headers });
    }
    trace.end(outcome);
  }

  // Each step is cheaper than what follows it, and refuses before that is begun.
  async #answerTo(request, response, headers, trace, outcome) {
    if (request.method !== 'POST') {
      throw new Refused(405, 'METHOD_NOT_ALLOWED', 'GraphQL is asked by POST.', { headers: { allow: 'POST' } });
    }
    const caller = await this.#caller(request, headers);
    const operation = await readOperation(request, this.settings.limits);
    const prepared = this.documents.prepare(operation, caller);
    outcome.name = `graphql ${prepared.operation.name?.value ?? prepared.operation.operation}`;
    if (prepared.operation.operation === 'subscription') {
      throw new Refused(400, 'USE_WEBSOCKET', 'Subscriptions are sent over a WebSocket, protocol graphql-transport-ws.');
    }
    const controller = new AbortController();
    response.once('close', () => response.writableFinished || controller.abort());
    return this.engine.answer(prepared, { authorization: caller.authorization, trace, signal: controller.signal });
  }

  async #caller(request, headers) {
    const address = this.#address(request);
    let caller;
    try {
      caller = await this.identity.caller(request.headers.authorization);
    } catch (error) {
      // Who sends bad tokens is counted as anonymous, so that guessing is slow.
      if (error.code === 'INVALID_TOKEN') this.rates.take(ANONYMOUS, address);
      throw error;
    }
    Object.assign(headers, this.rates.take(caller, address));
    return caller;
  }

  #upgrade(request, socket, head) {
    socket.on('error', () => socket.destroy());
    try {
      this.#allowOrigin(request);
      if (pathOf(request) !== '/graphql') throw new Refused(404, 'NOT_FOUND', 'Subscriptions are at /graphql.');
      if (this.stopping) throw new Refused(503, 'STOPPING', 'This process is stopping. Connect again.');
      this.sockets.upgrade(request, socket, head);
    } catch (error) {
      sendRaw(socket, error instanceof Refused ? error : bug(error, {}));
    }
  }

  // A browser names the page that a request comes from; other clients send no Origin.
  #allowOrigin({ headers: { origin, host } }) {
    if (origin === undefined || URL.parse(origin)?.host === host) return {};
    if (!this.settings.origins.includes(origin)) {
      throw new Refused(403, 'ORIGIN_NOT_ALLOWED', 'Requests from this page are not allowed here.');
    }
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization, content-type, traceparent, tracestate',
      'access-control-expose-headers': 'retry-after, ratelimit, ratelimit-policy',
      'access-control-max-age': '600',
      vary: 'origin',
    };
  }

  // Only proxies that the operator counted may say who the caller is; anyone else's word is not read.
  #address(request) {
    const hops = this.settings.proxyHops;
    const forwarded = hops > 0 ? (request.headers['x-forwarded-for'] ?? '').split(',').map((part) => part.trim()) : [];
    return forwarded.at(-hops) || request.socket.remoteAddress;
  }
}

function pathOf(request) {
  return request.url.split('?', 1)[0];
}

function bug(error, { traceId }) {
  log('error', 'bug', { message: error.message, stack: error.stack, trace_id: traceId });
  return new Refused(500, 'INTERNAL', `Something went wrong on our side. Reference ${traceId}.`);
}

function sendJson(response, status, body, headers = {}) {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length, ...headers }).end(bytes);
}

function sendRaw(socket, refused) {
  const body = JSON.stringify({ errors: refusalErrors(refused) });
  const head = `HTTP/1.1 ${refused.status} ${http.STATUS_CODES[refused.status]}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n`;
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

const BROKEN = {
  HPE_HEADER_OVERFLOW: new Refused(431, 'HEADERS_TOO_LARGE', 'The headers are too large.'),
  ERR_HTTP_REQUEST_TIMEOUT: new Refused(408, 'REQUEST_TIMEOUT', 'The request took too long to arrive.'),
};

// What Node's parser refuses before there is a request.
function refuseBrokenRequest(error, socket) {
  if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
  else sendRaw(socket, BROKEN[error.code] ?? new Refused(400, 'BAD_REQUEST', 'This is not a valid HTTP request.'));
}
