//! A connection to PostgreSQL: its prepared statements, its pipelines, and values on their way in and out.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use futures::TryStreamExt;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Statement};

use super::failure::classify;
use crate::engine::{DatabaseError, Query, Rows};
use crate::value::{Row, Value};

/// A connection and the statements prepared on it.
pub(super) struct Connection {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    /// Something was sent, and not all answers are in or a transaction is open.
    pub(super) unsettled: bool,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Rows, tokio_postgres::Error>> + Send + 'a>>;

impl Connection {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            statements: HashMap::new(),
            unsettled: false,
        }
    }

    /// Whether the server is known to have closed it.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Sends statements at once, in order, and gathers all their answers: those of `queries`, or the first error.
    pub(super) async fn exchange(
        &mut self,
        before: &[&'static str],
        queries: &[Query],
        after: &[&'static str],
    ) -> Result<Vec<Rows>, DatabaseError> {
        let bare = |sql: &&'static str| (*sql, &[][..]);
        let all: Vec<(&'static str, &[Value])> = before
            .iter()
            .map(bare)
            .chain(queries.iter().map(|(sql, values)| (*sql, &values[..])))
            .chain(after.iter().map(bare))
            .collect();
        for (sql, _) in &all {
            if !self.statements.contains_key(sql) {
                let statement = self
                    .client
                    .prepare(sql)
                    .await
                    .map_err(|error| classify(&error))?;
                self.statements.insert(sql, statement);
            }
        }
        let mut answers: Vec<(Option<Result<Rows, tokio_postgres::Error>>, Answer<'_>)> = all
            .iter()
            .map(|(sql, values)| {
                let answer = run(&self.client, &self.statements[sql], values);
                (None, Box::pin(answer) as Answer<'_>)
            })
            .collect();
        // The first poll of an answer sends its statement: so all are sent, in order, before any is waited for.
        poll_fn(|context| {
            for (ready, answer) in &mut answers {
                if let Poll::Ready(outcome) = answer.as_mut().poll(context) {
                    *ready = Some(outcome);
                }
            }
            Poll::Ready(())
        })
        .await;
        let mut rows = Vec::with_capacity(all.len());
        let mut failure = None;
        for (ready, answer) in answers {
            let outcome = match ready {
                Some(outcome) => outcome,
                None => answer.await,
            };
            match outcome {
                Ok(answered) => rows.push(answered),
                // Later ones only say that the transaction has failed; but every answer must be taken in.
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if let Some(error) = failure {
            return Err(classify(&error));
        }
        rows.truncate(before.len() + queries.len());
        rows.drain(..before.len());
        Ok(rows)
    }
}

async fn run(
    client: &Client,
    statement: &Statement,
    values: &[Value],
) -> Result<Rows, tokio_postgres::Error> {
    let parameters = values.iter().map(|value| value as &(dyn ToSql + Sync));
    let mut stream = std::pin::pin!(client.query_raw(statement, parameters).await?);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        rows.push(Row::new(read_values(&row)?));
    }
    let affected = stream.rows_affected().unwrap_or_default();
    Ok(Rows { rows, affected })
}

pub(super) fn read_values(row: &tokio_postgres::Row) -> Result<Vec<Value>, tokio_postgres::Error> {
    let mut values = Vec::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        let value = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map(Value::Int),
            Type::INT4 => {
                let number = row.try_get::<_, Option<i32>>(index)?;
                number.map(|number| Value::Int(i64::from(number)))
            }
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index)?.map(Value::Blob),
            // Whatever is no text after all is refused by `try_get`, which names the column's type.
            _ => row.try_get::<_, Option<String>>(index)?.map(Value::Text),
        };
        values.push(value.unwrap_or(Value::Null));
    }
    Ok(values)
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => number.to_sql_checked(kind, out),
            Self::Text(text) => text.to_sql_checked(kind, out),
            Self::Blob(bytes) => bytes.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Decided value by value, above.
        true
    }

    to_sql_checked!();
}
