// The way to one subgraph: POST for queries and mutations, graphql-transport-ws for subscriptions. Node's own HTTP client,
// because fetch costs twice the memory. What goes wrong here is told with the service's name, never its address.
import http from 'node:http';
import https from 'node:https';
import { print } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { serviceFailed, subscriptionEnded } from './answers.mjs';

// Shorter than the 75 s after which the services close an idle connection, so that none is used while it closes.
const IDLE_MS = 60_000;
// How a service closes the socket of someone who may not listen, or no longer; the reason is a code of its own.
const RIGHT_ENDED = new Set([4401, 4403]);
const NOT_REACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

export class Subgraph {
  #printed = new WeakMap();

  constructor(name, url, { timeouts_ms: timeouts, limits }, log) {
    Object.assign(this, { name, url, timeouts, answerLimit: limits.subgraph_answer_bytes, aheadLimit: limits.subscription_events_ahead, log });
    this.client = url.protocol === 'https:' ? https : http;
    this.agent = new this.client.Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 16, timeout: IDLE_MS });
  }

  /** What the planner's executor calls: a result, or for subscriptions an asynchronous iterator of results. */
  execute(request) {
    const payload = { query: this.#text(request.document), variables: request.variables ?? undefined };
    return request.operationType === 'subscription'
      ? this.#subscribe(payload, request.context)
      : this.#ask(payload, request.operationType, request.context);
  }

  close() {
    this.agent.destroy();
  }

  #text(document) {
    let text = this.#printed.get(document);
    if (text === undefined) this.#printed.set(document, (text = print(document)));
    return text;
  }

  async #ask(payload, operation, context) {
    const body = Buffer.from(JSON.stringify(payload));
    try {
      const answer = await this.#postOnce(body, operation, context).catch((error) => {
        // The service closed a kept connection just as it was taken: nothing was read yet. Only reads are asked again.
        if (error.code === 'ECONNRESET' && error.reused && operation === 'query') return this.#postOnce(body, operation, context);
        throw error;
      });
      const result = JSON.parse(answer);
      if (result === null || typeof result !== 'object' || (result.data === undefined && !Array.isArray(result.errors))) {
        throw new SyntaxError('neither data nor errors');
      }
      return result;
    } catch (error) {
      if (context.signal?.aborted) throw serviceFailed('CANCELLED', this.name, { operation, began: true });
      this.log('warning', 'subgraph failed', { subgraph: this.name, reason: error.code ?? error.message, trace_id: context.trace.traceId });
      const code = error.code === 'TIMEOUT' ? 'SERVICE_TIMEOUT' : 'SERVICE_UNAVAILABLE';
      throw serviceFailed(code, this.name, { operation, began: !NOT_REACHED.has(error.code) });
    }
  }

  #postOnce(body, operation, { authorization, trace, signal }) {
    const limitMs = operation === 'mutation' ? this.timeouts.mutation : this.timeouts.query;
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': body.length, accept: 'application/json', ...trace.headers };
      if (authorization) headers.authorization = authorization;
      const request = this.client.request(this.url, {
        method: 'POST',
        agent: this.agent,
        headers,
        // A mutation that has begun is not cut off because its caller went away.
        signal: operation === 'mutation' ? undefined : signal,
      });
      const timer = setTimeout(() => request.destroy(Object.assign(new Error('timeout'), { code: 'TIMEOUT' })), limitMs);
      const fail = (error) => {
        clearTimeout(timer);
        reject(Object.assign(error, { reused: request.reusedSocket }));
      };
      request.on('error', fail);
      request.on('response', (response) => {
        const chunks = [];
        let size = 0;
        response.on('data', (chunk) => {
          size += chunk.length;
          if (size > this.answerLimit) request.destroy(new Error('answer too large'));
          else chunks.push(chunk);
        });
        response.on('error', fail);
        response.on('end', () => {
          clearTimeout(timer);
          resolve(Buffer.concat(chunks, size).toString('utf8'));
        });
      });
      request.end(body);
    });
  }

  async *#subscribe(payload, { authorization, trace, signal, readerIsSlow }) {
    const url = new URL(this.url);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    // Events that came and that the caller has not taken: the client keeps them, without end if we let it.
    let ahead = 0;
    // One connection a subscription: a connection is authenticated by the token of whoever opened it.
    const client = createClient({
      url: url.href,
      lazy: false,
      retryAttempts: 0,
      onNonLazyError: () => {},
      webSocketImpl: WebSocket,
      connectionParams: { ...(authorization ? { authorization } : {}), ...trace.headers },
      on: {
        message: ({ type }) => {
          if (type === 'next' && ++ahead > this.aheadLimit) readerIsSlow();
        },
      },
    });
    const events = client.iterate(payload);
    const stop = () => client.dispose();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      for await (const event of events) {
        ahead -= 1;
        yield event;
      }
    } catch (error) {
      if (Array.isArray(error)) yield { data: null, errors: error };
      else {
        this.log('warning', 'subscription failed', { subgraph: this.name, reason: error.reason || error.code || error.message, trace_id: trace.traceId });
        throw RIGHT_ENDED.has(error.code) ? subscriptionEnded(error.reason, this.name) : serviceFailed('SERVICE_UNAVAILABLE', this.name, { operation: 'subscription' });
      }
    } finally {
      signal?.removeEventListener('abort', stop);
      await client.dispose();
    }
  }
}
