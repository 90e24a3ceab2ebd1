//! Replies of inference services behind the seam of engines: each is a task on the services' thread.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use inference::{
    Engine, EngineError, EngineEvent, EngineLoad, Generation, ModelInfo, StopReason, Ticket,
    TokenCounter, ValidGenerateRequest,
};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::Network;
use super::cluster::Cluster;
use super::limits::{EVENT_WITHIN, EVENTS_MAX, REPLIES_MAX};
use super::writing::{Outlet, counted, write};

/// An engine whose work others do.
pub(super) struct RemoteEngine {
    cluster: Arc<Cluster>,
    network: Arc<Network>,
    replies: HashMap<Ticket, Reply>,
    untold: Vec<(Ticket, EngineEvent)>,
    sender: mpsc::Sender<(Ticket, EngineEvent)>,
    events: mpsc::Receiver<(Ticket, EngineEvent)>,
}

struct Reply {
    request: Arc<ValidGenerateRequest>,
    text: String,
    task: AbortHandle,
}

impl Drop for Reply {
    fn drop(&mut self) {
        // The connection ends with the task, and with it the work of the service.
        self.task.abort();
    }
}

impl RemoteEngine {
    /// An engine of these services, which must have a language model.
    pub(super) fn new(cluster: Arc<Cluster>, network: Arc<Network>) -> Self {
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        Self {
            cluster,
            network,
            replies: HashMap::new(),
            untold: Vec::new(),
            sender,
            events,
        }
    }

    fn took_in(
        &mut self,
        ticket: Ticket,
        event: EngineEvent,
        told: &mut Vec<(Ticket, EngineEvent)>,
    ) {
        // Nobody wants to hear any more of one that was cancelled.
        let Some(reply) = self.replies.get_mut(&ticket) else {
            return;
        };
        match &event {
            EngineEvent::Begun => {}
            EngineEvent::Text(piece) => reply.text.push_str(&piece.text),
            EngineEvent::Finished(_) | EngineEvent::Failed(_) => {
                self.replies.remove(&ticket);
            }
        }
        told.push((ticket, event));
    }
}

impl Engine for RemoteEngine {
    fn model(&self) -> &ModelInfo {
        let language = self.cluster.language();
        &language.expect("services that write have a model").info
    }

    fn token_counter(&self) -> TokenCounter {
        let language = self.cluster.language();
        let language = language.expect("services that write have a model");
        language.counter.clone()
    }

    fn submit(&mut self, ticket: Ticket, request: ValidGenerateRequest, deadline: Option<Instant>) {
        if self.replies.len() >= REPLIES_MAX {
            self.untold
                .push((ticket, EngineEvent::Failed(EngineError::Overloaded)));
            return;
        }
        let request = Arc::new(request);
        let outlet = Outlet {
            ticket,
            events: self.sender.clone(),
        };
        let (cluster, asked) = (self.cluster.clone(), request.clone());
        let task = self.network.handle().spawn(async move {
            write(&cluster, &asked, deadline.map(Into::into), outlet).await;
        });
        let reply = Reply {
            request,
            text: String::new(),
            task: task.abort_handle(),
        };
        self.replies.insert(ticket, reply);
    }

    fn cancel(&mut self, ticket: Ticket) -> Option<Generation> {
        let reply = self.replies.remove(&ticket)?;
        Some(Generation {
            usage: counted(&self.cluster, &reply.request, &reply.text),
            text: reply.text.clone(),
            stop_reason: StopReason::Cancelled,
        })
    }

    fn forget(&mut self, owner: u128) {
        self.network.handle().block_on(self.cluster.forget(owner));
    }

    fn is_idle(&self) -> bool {
        self.replies.is_empty() && self.untold.is_empty()
    }

    fn step(&mut self, _: Instant) -> Result<Vec<(Ticket, EngineEvent)>, EngineError> {
        let mut told = std::mem::take(&mut self.untold);
        if told.is_empty() && !self.replies.is_empty() {
            let events = &mut self.events;
            let waited = async move { timeout(EVENT_WITHIN, events.recv()).await };
            if let Ok(Some((ticket, event))) = self.network.handle().block_on(waited) {
                self.took_in(ticket, event, &mut told);
            }
        }
        while let Ok((ticket, event)) = self.events.try_recv() {
            self.took_in(ticket, event, &mut told);
        }
        Ok(told)
    }

    fn load(&self) -> EngineLoad {
        EngineLoad {
            running: self.replies.len(),
            ..EngineLoad::default()
        }
    }
}
