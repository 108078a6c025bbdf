"""Traces and logs. One trace id runs from the gateway through services and events; each log line carries it.

Without OTEL_EXPORTER_OTLP_ENDPOINT nothing is exported and no collector is needed.
"""

import logging
import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import orjson
import structlog
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

__all__ = ["configure", "log", "span", "trace_id", "traceparent"]

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("lichen")
log: structlog.stdlib.BoundLogger = structlog.get_logger()


def configure(service: str, *, version: str, stream: TextIO | None = None) -> TracerProvider:
    """Install the tracer provider and JSON logs on standard output, or another stream. Called once, at the start."""
    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.version": version}))
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - 20 MB

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=500))
    trace.set_tracer_provider(provider)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_trace_id,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    return provider


def _json(event: Mapping[str, Any], **_: Any) -> str:
    """One line. A dataclass is written as its `repr`, which leaves out what must not be told: a principal's token."""
    return orjson.dumps(event, default=str, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()


def _add_trace_id(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    current = trace_id()
    if current is not None:
        event["trace_id"] = current
    return event


@contextmanager
def span(
    name: str, *, kind: SpanKind = SpanKind.INTERNAL, carrier: Mapping[str, str] | None = None, **attributes: str | int
) -> Iterator[Span]:
    """A span, child of the current one, or of the trace context that `carrier` (headers) brings.

    What ends it with an error is told by its type alone: the text of a refusal may quote a row, and who reads traces
    has no right to it. Bugs are in the log, with the trace id.
    """
    context = _propagator.extract(carrier) if carrier is not None else None
    with _tracer.start_as_current_span(
        name,
        context=context,
        kind=kind,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def trace_id() -> str | None:
    """The current trace's id as 32 hex digits, or None outside of one."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None


def traceparent() -> str | None:
    """The current W3C traceparent header."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")
