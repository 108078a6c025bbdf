// One trace from the caller through the gateway to the services: an incoming W3C trace context is carried on, otherwise
// one begins here. The request's span is exported by OTLP/HTTP where OTEL_EXPORTER_OTLP_ENDPOINT is set; without it no
// OpenTelemetry package is loaded.
import { randomBytes } from 'node:crypto';

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
const SERVICE = 'gateway';

/** One JSON line on standard output, as the services write them. */
export function log(level, event, details = {}) {
  process.stdout.write(`${JSON.stringify({ event, level, service: SERVICE, timestamp: new Date().toISOString(), ...details })}\n`);
}

/** What the headers say of the caller's trace: `{traceId, parentId, flags, tracestate}`, or null. */
function callersTrace(headers) {
  const found = TRACEPARENT.exec(headers.traceparent ?? '');
  if (found === null) return null;
  const [, traceId, parentId, flags] = found;
  const tracestate = headers.tracestate?.length <= 512 ? headers.tracestate : undefined;
  return { traceId, parentId, flags, tracestate };
}

function trace(traceId, spanId, flags, tracestate, end) {
  const headers = { traceparent: `00-${traceId}-${spanId}-${flags}`, ...(tracestate ? { tracestate } : {}) };
  return { traceId, headers, end };
}

/** Traces that are carried on but not exported. */
class Untraced {
  begin(headers) {
    const { traceId, flags, tracestate } = callersTrace(headers) ?? { traceId: randomBytes(16).toString('hex'), flags: '01' };
    return trace(traceId, randomBytes(8).toString('hex'), flags, tracestate, () => {});
  }

  async stop() {}
}

class Traced {
  constructor({ api, provider }) {
    Object.assign(this, { api, provider, tracer: provider.getTracer('lichen') });
  }

  begin(headers) {
    const { api } = this;
    const caller = callersTrace(headers);
    const parent = caller
      ? api.trace.setSpanContext(api.ROOT_CONTEXT, {
          traceId: caller.traceId,
          spanId: caller.parentId,
          traceFlags: Number.parseInt(caller.flags, 16),
          isRemote: true,
        })
      : api.ROOT_CONTEXT;
    const span = this.tracer.startSpan('graphql', { kind: api.SpanKind.SERVER }, parent);
    const { traceId, spanId, traceFlags } = span.spanContext();
    const flags = traceFlags.toString(16).padStart(2, '0');
    return trace(traceId, spanId, flags, caller?.tracestate, ({ name, status, code }) => {
      if (name) span.updateName(name);
      span.setAttribute('http.response.status_code', status);
      if (code) span.setAttribute('error.type', code);
      if (status >= 500 || code === 'INTERNAL') span.setStatus({ code: api.SpanStatusCode.ERROR });
      span.end();
    });
  }

  stop() {
    return this.provider.shutdown();
  }
}

/** What begins the trace of each request. */
export async function startTelemetry({ traced }) {
  if (!traced) return new Untraced();
  const [api, { TracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': SERVICE, 'service.version': '0.1.0' }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: 500 })],
  });
  return new Traced({ api, provider });
}
