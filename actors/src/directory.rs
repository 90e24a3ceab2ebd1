//! Who is awake on this node: a map that every thread can read, kept by the supervisor.

use std::sync::OnceLock;

use actix::prelude::*;
use dashmap::DashMap;
use protocol::{ConversationId, TwinId};

use crate::conversation::Conversation;
use crate::fan_out::{RoomShard, ShardId};
use crate::supervisor::{Supervisor, Wake, WakeError};
use crate::twin::Twin;

/// The actors of this node that others look up.
#[derive(Default)]
pub(crate) struct Directory {
    pub(crate) conversations: DashMap<ConversationId, Addr<Conversation>>,
    pub(crate) twins: DashMap<TwinId, Addr<Twin>>,
    pub(crate) shards: DashMap<ShardId, Addr<RoomShard>>,
    supervisor: OnceLock<Addr<Supervisor>>,
}

impl Directory {
    /// Names the supervisor, once, at the start.
    pub(crate) fn set_supervisor(&self, supervisor: Addr<Supervisor>) {
        if self.supervisor.set(supervisor).is_err() {
            tracing::error!("the directory has its supervisor already");
        }
    }

    /// The conversation's actor, woken if need be.
    pub(crate) async fn conversation(
        &self,
        id: ConversationId,
    ) -> Result<Addr<Conversation>, WakeError> {
        if let Some(addr) = self.awake_conversation(id) {
            return Ok(addr);
        }
        self.supervisor()?
            .send(Wake::<Conversation>(id))
            .await
            .map_err(|_| WakeError::Stopping)?
    }

    /// The conversation's actor, if it is awake.
    pub(crate) fn awake_conversation(&self, id: ConversationId) -> Option<Addr<Conversation>> {
        let addr = self.conversations.get(&id)?;
        addr.connected().then(|| addr.clone())
    }

    /// The twin's actor, woken if need be.
    pub(crate) async fn twin(&self, id: TwinId) -> Result<Addr<Twin>, WakeError> {
        if let Some(addr) = self.awake_twin(id) {
            return Ok(addr);
        }
        self.supervisor()?
            .send(Wake::<Twin>(id))
            .await
            .map_err(|_| WakeError::Stopping)?
    }

    /// The twin's actor, if it is awake.
    pub(crate) fn awake_twin(&self, id: TwinId) -> Option<Addr<Twin>> {
        let addr = self.twins.get(&id)?;
        addr.connected().then(|| addr.clone())
    }

    fn supervisor(&self) -> Result<&Addr<Supervisor>, WakeError> {
        self.supervisor.get().ok_or(WakeError::Stopping)
    }
}
