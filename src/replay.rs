//! `digital-twin replay`: has a twin say once more what it said, from what was kept of it.

use std::time::Instant;

use actors::{NodeConfig, Rebuilt, rebuild};
use anyhow::{Context, bail};
use inference::{Engine, EngineEvent, GenerateRequest, Ticket};
use protocol::{MessageId, NodeId};

use crate::config::Config;
use crate::{database, models};

/// What came of it.
#[derive(Debug)]
pub struct Replayed {
    /// The reply as it was, and from what it was written now.
    pub rebuilt: Rebuilt,
    /// The model that wrote it now.
    pub model: String,
    /// What it wrote.
    pub text: String,
}

impl Replayed {
    /// Whether the text is the same.
    pub fn is_same(&self) -> bool {
        self.rebuilt.reply.text == self.text
    }

    /// Both texts, and what is different about what they were written from.
    pub fn report(&self) -> String {
        let Rebuilt {
            reply,
            is_same_prompt,
            turns_gone,
            ..
        } = &self.rebuilt;
        let same = match self.is_same() {
            true => "the text is the same",
            false => "the text is another one",
        };
        let mut told = vec![same.to_owned()];
        if !is_same_prompt {
            told.push("the prompt is another one than then".to_owned());
        }
        if *turns_gone > 0 {
            told.push(format!(
                "messages that stood in it and are gone: {turns_gone}"
            ));
        }
        let model = reply.model.as_deref().unwrap_or("an unknown model");
        if model != self.model {
            told.push(format!("it was written by {model}, now by {}", self.model));
        }
        if reply.edited_at.is_some() {
            told.push("the reply was edited since".to_owned());
        }
        let lines: Vec<String> = told.iter().map(|line| format!("- {line}\n")).collect();
        format!(
            "then:\n{}\n\nnow:\n{}\n\n{}",
            reply.text,
            self.text,
            lines.concat()
        )
    }
}

/// Has the model write a reply once more.
///
/// # Errors
/// When nothing is kept of it, or the database or the model is not there.
pub async fn replay(config: &Config, reply: MessageId) -> anyhow::Result<Replayed> {
    let storage = database::open(config).await?;
    let mut engine = match models::own_engine(config).await {
        Ok(engine) => engine,
        Err(reason) => bail!("the language model cannot be loaded: {reason}"),
    };
    let limits = NodeConfig::new(NodeId::new());
    let about = engine.model();
    let context = about.context_tokens;
    let model = about.name.clone();
    let tokens_max = limits.prompt_tokens_max_for(context, config.models.reply_tokens_max);
    let rebuilt = rebuild(&storage, &engine.token_counter(), tokens_max, reply).await;
    storage.close().await;
    let rebuilt = rebuilt?;
    let request = rebuilt.request.clone();
    let text = tokio::task::spawn_blocking(move || write(engine.as_mut(), request))
        .await
        .context("the model stopped")??;
    Ok(Replayed {
        rebuilt,
        model,
        text,
    })
}

/// Has an engine write one text.
fn write(engine: &mut dyn Engine, request: GenerateRequest) -> anyhow::Result<String> {
    let ticket = Ticket(1);
    engine.submit(ticket, request.validate()?, None);
    while !engine.is_idle() {
        for (_, event) in engine.step(Instant::now())? {
            match event {
                EngineEvent::Begun | EngineEvent::Text(_) => {}
                EngineEvent::Finished(generation) => return Ok(generation.text),
                EngineEvent::Failed(error) => return Err(error.into()),
            }
        }
    }
    bail!("the model ended without a word")
}
