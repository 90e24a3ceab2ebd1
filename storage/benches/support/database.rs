//! A database for a benchmark.

use storage::Database;

/// A new database on the server of this URL.
pub(crate) async fn postgres(url: &str, pool_size: u32) -> Database {
    let server: tokio_postgres::Config = url.parse().expect("TEST_POSTGRES_URL is a URL");
    let (client, connection) = server
        .connect(tokio_postgres::NoTls)
        .await
        .expect("the server can be reached");
    tokio::spawn(connection);
    let database = format!("bench_{}", uuid::Uuid::now_v7().simple());
    let create = format!("CREATE DATABASE {database}");
    client
        .batch_execute(&create)
        .await
        .expect("the database is made");
    let [tokio_postgres::config::Host::Tcp(host)] = server.get_hosts() else {
        panic!("TEST_POSTGRES_URL names no host and port");
    };
    let password = server.get_password().unwrap_or_default();
    Database::Postgres {
        host: host.clone(),
        port: server.get_ports()[0],
        user: server.get_user().unwrap_or_default().to_owned(),
        password: String::from_utf8_lossy(password).into_owned(),
        database,
        pool_size,
    }
}
