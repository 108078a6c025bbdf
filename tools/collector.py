"""An OpenTelemetry collector in memory: takes OTLP over HTTP from the services (protobuf) and the gateway (JSON)."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

__all__ = ["CollectedSpan", "Collector"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedSpan:
    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str


@dataclass(slots=True)
class Collector:
    spans: list[CollectedSpan] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    """All that was sent, unpacked."""
    server: ThreadingHTTPServer | None = None

    def start(self) -> str:
        """Listen; returns the endpoint for OTEL_EXPORTER_OTLP_ENDPOINT."""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self._chunks() if "chunked" in self.headers.get("transfer-encoding", "") else self._sized()
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                read = _json_spans if "json" in self.headers["content-type"] else _protobuf_spans
                collector.bodies.append(body)
                collector.spans.extend(read(body))
                self.send_response(200)
                self.send_header("content-type", self.headers["content-type"])
                self.end_headers()

            def _sized(self) -> bytes:
                return self.rfile.read(int(self.headers["content-length"]))

            def _chunks(self) -> bytes:
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self.endpoint

    @property
    def endpoint(self) -> str:
        """For OTEL_EXPORTER_OTLP_ENDPOINT. Refuses: RuntimeError before it listens."""
        if self.server is None:
            message = "the collector does not listen"
            raise RuntimeError(message)
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()


def _protobuf_spans(body: bytes) -> Iterator[CollectedSpan]:
    request = ExportTraceServiceRequest.FromString(body)
    for resource in request.resource_spans:
        service = next(item.value.string_value for item in resource.resource.attributes if item.key == "service.name")
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield CollectedSpan(
                    service=service,
                    name=span.name,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                )


def _json_spans(body: bytes) -> Iterator[CollectedSpan]:
    for resource in json.loads(body)["resourceSpans"]:
        attributes = {item["key"]: item["value"] for item in resource["resource"]["attributes"]}
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                yield CollectedSpan(
                    service=attributes["service.name"]["stringValue"],
                    name=span["name"],
                    trace_id=span["traceId"],
                    span_id=span["spanId"],
                    parent_id=span.get("parentSpanId", ""),
                )
