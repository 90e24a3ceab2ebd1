//! How much the one pipelining writer gains over a pooled connection per message: `cargo bench -p bus`, with
//! `TEST_REDIS_URL` naming a Redis server. Prints events per second of both and the ratio.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use bb8_redis::redis::{self, ConnectionAddr, IntoConnectionInfo};
use bb8_redis::{RedisConnectionManager, bb8::Pool};
use bus::{Bus, BusError, RedisConfig};
use bytes::Bytes;
use protocol::{ConversationId, NodeId};

/// A chat message with its envelope.
const PAYLOAD_BYTES: usize = 200;
const PIPELINED_EVENTS: u64 = 400_000;
const POOLED_EVENTS: usize = 100_000;
/// Tasks and connections of the pool, as a server of many sessions would have them.
const POOLED_TASKS: usize = 64;
const POOLED_CONNECTIONS: u32 = 8;
const ROUNDS: usize = 5;
/// How often the producer looks whether there is room, and whether all is out.
const LOOK: Duration = Duration::from_millis(1);
/// What the design promises.
const RATIO_MIN: f64 = 4.0;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let url = std::env::var("TEST_REDIS_URL").context(
        "TEST_REDIS_URL is not set: name a Redis server, such as redis://127.0.0.1:6379/0",
    )?;
    let registry = prometheus::Registry::new();
    bus::metrics::register(&registry)?;
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        let pooled = POOLED_EVENTS as f64 / pooled(&url).await?.as_secs_f64();
        let pipelined = PIPELINED_EVENTS as f64 / pipelined(&url, &registry).await?.as_secs_f64();
        let ratio = pipelined / pooled;
        println!(
            "round {round}: pipelined {pipelined:.0}/s, pooled {pooled:.0}/s, ratio {ratio:.1}"
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ROUNDS / 2];
    println!("median ratio {median:.1}, at least {RATIO_MIN} is promised");
    ensure!(
        median >= RATIO_MIN,
        "the pipelining writer gains too little"
    );
    Ok(())
}

/// The bus: one queue, one writer, pipelines.
async fn pipelined(url: &str, registry: &prometheus::Registry) -> anyhow::Result<Duration> {
    let (bus, _events) = Bus::redis(&config(url)?, NodeId::new(), "bench")?;
    bus.ping().await?;
    let conversation_id = ConversationId::new();
    let payload = Bytes::from(vec![b'x'; PAYLOAD_BYTES]);
    let before = published(registry);
    let begin = Instant::now();
    let mut queued = 0;
    while queued < PIPELINED_EVENTS {
        match bus.publish(conversation_id, payload.clone()) {
            Ok(()) => queued += 1,
            // The queue holds several milliseconds' worth: spinning here would only take a core from writer and server.
            Err(BusError::Full) => tokio::time::sleep(LOOK).await,
            Err(error) => bail!(error),
        }
    }
    while published(registry) - before < PIPELINED_EVENTS {
        tokio::time::sleep(LOOK).await;
    }
    Ok(begin.elapsed())
}

/// The obvious way: every message takes a connection from a pool of default settings and publishes on it.
async fn pooled(url: &str) -> anyhow::Result<Duration> {
    let manager = RedisConnectionManager::new(url)?;
    let pool = Pool::builder()
        .max_size(POOLED_CONNECTIONS)
        .min_idle(POOLED_CONNECTIONS)
        .build(manager)
        .await?;
    let channel = format!("bench:conversation:{}", ConversationId::new());
    let left = Arc::new(AtomicUsize::new(POOLED_EVENTS));
    let begin = Instant::now();
    let tasks = (0..POOLED_TASKS).map(|_| {
        let (pool, channel, left) = (pool.clone(), channel.clone(), Arc::clone(&left));
        tokio::spawn(async move {
            let payload = [b'x'; PAYLOAD_BYTES];
            let take = |left: usize| left.checked_sub(1);
            while left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                .is_ok()
            {
                let mut connection = pool.get().await?;
                redis::cmd("PUBLISH")
                    .arg(&channel)
                    .arg(&payload[..])
                    .exec_async(&mut *connection)
                    .await?;
            }
            anyhow::Ok(())
        })
    });
    for task in Vec::from_iter(tasks) {
        task.await??;
    }
    Ok(begin.elapsed())
}

fn published(registry: &prometheus::Registry) -> u64 {
    let families = registry.gather();
    let family = families
        .iter()
        .find(|family| family.name() == "twin_bus_published_total")
        .expect("the metric is registered");
    family.get_metric()[0].get_counter().get_value() as u64
}

fn config(url: &str) -> anyhow::Result<RedisConfig> {
    let info = url.into_connection_info()?;
    let ConnectionAddr::Tcp(host, port) = info.addr() else {
        bail!("TEST_REDIS_URL is not redis://HOST:PORT/DB");
    };
    Ok(RedisConfig {
        host: host.clone(),
        port: *port,
        db: u32::try_from(info.redis_settings().db())?,
        password: info.redis_settings().password().map(str::to_owned),
    })
}
