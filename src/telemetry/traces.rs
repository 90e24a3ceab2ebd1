//! Traces: the spans of this process, sent in batches to a collector that speaks OpenTelemetry's protocol (OTLP) over HTTP.
//!
//! A span says in its fields which trace it belongs to (`trace_id`) and, where that is not the span around it, under which span it
//! stands (`parent_id`) and which it is (`span_id`). So the parts of one trace meet although they come from different nodes: what
//! names a trace is an id that all of them know anyhow (`actors/src/trace.rs`). A span without a trace around it is not sent.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

use crate::config::{Environment, TracesConfig};

/// How long one call to the collector may take, and a stop waits for the last.
const CALL_WITHIN: Duration = Duration::from_secs(5);

/// Fields of one span; more are left out.
const ATTRIBUTES_MAX: usize = 32;

/// Our own crates: what libraries say of themselves is not sent.
const OWN_TARGETS: &[&str] = &["actors", "digital_twin"];

/// Sends the spans of this process.
#[derive(Clone)]
pub(super) struct Traces {
    processor: Arc<BatchSpanProcessor>,
    /// Traces are sent whose random half is less than this.
    below: u64,
    scope: InstrumentationScope,
}

impl Traces {
    /// # Errors
    /// When the client of the collector cannot be made.
    pub(super) fn new(config: &TracesConfig, environment: Environment) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", config.endpoint))
            .with_timeout(CALL_WITHIN)
            .build()?;
        let resource = Resource::builder()
            .with_service_name(env!("CARGO_PKG_NAME"))
            .with_attributes([
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
                KeyValue::new("service.instance.id", Uuid::now_v7().to_string()),
                KeyValue::new("deployment.environment.name", environment.as_str()),
            ])
            .build();
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        processor.set_resource(&resource);
        Ok(Self {
            processor: Arc::new(processor),
            below: below(config.share),
            scope: InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
        })
    }

    /// Whether a span, or an event in one, is of interest.
    pub(super) fn heeds(metadata: &Metadata<'_>) -> bool {
        let root = metadata.target().split("::").next().unwrap_or_default();
        let is_told = match metadata.is_span() {
            true => *metadata.level() <= Level::DEBUG,
            false => *metadata.level() == Level::ERROR,
        };
        is_told && OWN_TARGETS.contains(&root)
    }

    /// Sends what is left.
    pub(super) fn stop(&self) {
        if let Err(error) = self.processor.shutdown_with_timeout(CALL_WITHIN) {
            eprintln!("the last traces were not sent: {error}");
        }
    }

    fn is_sampled(&self, trace: TraceId) -> bool {
        let [.., a, b, c, d, e, f, g, h] = trace.to_bytes();
        u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 1 < self.below
    }
}

/// The part of all 63-bit numbers that is below what this returns is `share`.
fn below(share: f64) -> u64 {
    const ALL: u64 = 1 << 63;
    // At 1 the product is exact, and between 0 and 1 its last bits do not matter.
    (share * ALL as f64) as u64
}

/// A span that has begun.
struct Begun {
    trace: TraceId,
    span: SpanId,
    parent: SpanId,
    since: SystemTime,
    attributes: Vec<KeyValue>,
    failed: bool,
}

impl<S> tracing_subscriber::Layer<S> for Traces
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let around = span.parent().and_then(|parent| {
            let extensions = parent.extensions();
            let begun = extensions.get::<Begun>()?;
            Some((begun.trace, begun.span))
        });
        let Some(trace) = fields.trace.or(around.map(|(trace, _)| trace)) else {
            return;
        };
        if !self.is_sampled(trace) {
            return;
        }
        let inherited = around.filter(|(of, _)| *of == trace).map(|(_, span)| span);
        let begun = Begun {
            trace,
            span: fields.span.unwrap_or_else(random_span),
            parent: fields.parent.or(inherited).unwrap_or(SpanId::INVALID),
            since: SystemTime::now(),
            attributes: fields.attributes,
            failed: false,
        };
        span.extensions_mut().insert(begun);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        if let Some(begun) = span.extensions_mut().get_mut::<Begun>() {
            let mut fields = Fields::default();
            values.record(&mut fields);
            let room = ATTRIBUTES_MAX.saturating_sub(begun.attributes.len());
            begun
                .attributes
                .extend(fields.attributes.into_iter().take(room));
        }
    }

    /// Only errors are heeded.
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if let Some(span) = context.event_span(event)
            && let Some(begun) = span.extensions_mut().get_mut::<Begun>()
        {
            begun.failed = true;
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let Some(begun) = span.extensions_mut().remove::<Begun>() else {
            return;
        };
        let name = span.name();
        let sampled = TraceFlags::SAMPLED;
        let state = TraceState::default();
        self.processor.on_end(SpanData {
            span_context: SpanContext::new(begun.trace, begun.span, sampled, false, state),
            parent_span_id: begun.parent,
            parent_span_is_remote: false,
            span_kind: match name {
                "request" => SpanKind::Server,
                _ => SpanKind::Internal,
            },
            name: name.into(),
            start_time: begun.since,
            end_time: SystemTime::now(),
            attributes: begun.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: match begun.failed {
                true => Status::error(""),
                false => Status::Unset,
            },
            instrumentation_scope: self.scope.clone(),
        });
    }
}

fn random_span() -> SpanId {
    SpanId::from_bytes(rand::random())
}

/// The fields of a span: where it belongs, and what else it says.
#[derive(Default)]
struct Fields {
    trace: Option<TraceId>,
    span: Option<SpanId>,
    parent: Option<SpanId>,
    attributes: Vec<KeyValue>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        if self.attributes.len() < ATTRIBUTES_MAX {
            self.attributes.push(KeyValue::new(field.name(), value));
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "trace_id" => self.trace = TraceId::from_hex(&text).ok(),
            "span_id" => self.span = SpanId::from_hex(&text).ok(),
            "parent_id" => self.parent = SpanId::from_hex(&text).ok(),
            _ => self.add(field, text),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_owned());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn of_all_traces_as_many_are_sent_as_their_share() {
        assert_eq!(below(0.0), 0);
        assert_eq!(below(0.25), 1 << 61);
        assert_eq!(below(1.0), 1 << 63);
    }
}
