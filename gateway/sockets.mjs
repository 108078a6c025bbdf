// Subscriptions: graphql-transport-ws on /graphql. The token comes with connection_init and the socket closes when it ends.
import { GraphQLError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { Refused, refusalErrors } from './answers.mjs';
import { checkedOperation } from './body.mjs';

const PROTOCOL = 'graphql-transport-ws';
const FORBIDDEN = 4403;
const TRY_AGAIN_LATER = 1013;

/** Takes over sockets whose upgrade was let through; `stop()` closes all of them. */
export function startSockets({ settings, engine, documents, identity, rates, telemetry, addressOf }) {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: settings.limits.query_characters,
    handleProtocols: (offered) => offered.has(PROTOCOL) && PROTOCOL,
  });
  const graphql = useServer(
    {
      connectionInitWaitTimeout: settings.timeouts_ms.subscription_init,
      async onConnect({ connectionParams, extra }) {
        try {
          extra.caller = await identity.caller(authorizationIn(connectionParams));
        } catch (error) {
          extra.socket.close(FORBIDDEN, error.code ?? 'INVALID_TOKEN');
          return false;
        }
        if (!extra.caller.anonymous) {
          const leftMs = (extra.caller.expiresAt + settings.tokens.leeway_s) * 1000 - Date.now();
          extra.expiry = setTimeout(() => extra.socket.close(FORBIDDEN, 'TOKEN_EXPIRED'), Math.max(0, leftMs));
        }
        return true;
      },
      onDisconnect: ({ extra }) => clearTimeout(extra.expiry),
      onSubscribe(context, _id, payload) {
        const trace = telemetry.begin(context.connectionParams ?? {});
        trace.end({ name: `graphql ${payload.operationName ?? 'subscription'}`, status: 200 });
        try {
          const { caller, request, socket } = context.extra;
          rates.take(caller, addressOf(request));
          if (Object.keys(context.subscriptions).length > settings.limits.subscriptions_per_socket) {
            throw new Refused(400, 'SUBSCRIPTION_LIMIT', `One socket carries ${settings.limits.subscriptions_per_socket} subscriptions at most.`, {
              limit: settings.limits.subscriptions_per_socket,
            });
          }
          const prepared = documents.prepare(checkedOperation(payload, settings.limits), caller);
          if (prepared.operation.operation !== 'subscription') {
            throw new Refused(400, 'NOT_A_SUBSCRIPTION', 'Queries and mutations are sent by POST.');
          }
          // Read again by `subscribe` below; the rest is what the protocol's server wants to see.
          return { schema: engine.schema, document: prepared.document, contextValue: { prepared, caller, trace, socket } };
        } catch (error) {
          const refused = error instanceof Refused ? error : new Refused(500, 'INTERNAL', error.message);
          return asGraphQL(refusalErrors(refused, trace.traceId));
        }
      },
      subscribe({ contextValue: { prepared, caller, trace, socket } }) {
        const controller = new AbortController();
        const readerIsSlow = () => {
          socket.close(TRY_AGAIN_LATER, 'SLOW_READER');
          controller.abort();
        };
        const events = engine.answers(prepared, { authorization: caller.authorization, trace, signal: controller.signal, readerIsSlow });
        return {
          [Symbol.asyncIterator]() {
            return this;
          },
          async next() {
            const { done, value } = await events.next();
            return done ? { done, value } : { done, value: { ...value, ...(value.errors ? { errors: asGraphQL(value.errors) } : {}) } };
          },
          // The subgraph's stream is ended first: a generator that waits for an event can't be told to return.
          return() {
            controller.abort();
            return events.return();
          },
        };
      },
    },
    server,
  );

  return {
    upgrade(request, socket, head) {
      server.handleUpgrade(request, socket, head, (opened) => server.emit('connection', opened, request));
    },
    stop: () => graphql.dispose(),
  };
}

// The protocol's server takes instances only.
function asGraphQL(errors) {
  return errors.map(({ message, path, extensions }) => new GraphQLError(message, { path, extensions }));
}

function authorizationIn(connectionParams) {
  const given = connectionParams?.authorization ?? connectionParams?.Authorization;
  if (given === undefined || given === null || given === '') return undefined;
  return /^bearer /i.test(given) ? given : `Bearer ${given}`;
}
