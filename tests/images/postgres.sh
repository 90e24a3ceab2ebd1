#!/bin/sh
# What deploy/compose.yaml uses of the official image: a cluster with one database at the first start, then the command.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb --username "$POSTGRES_USER" --pwfile "$POSTGRES_PASSWORD_FILE" --auth-host scram-sha-256 --auth-local trust >/dev/null
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
    echo "create database $POSTGRES_DB" | postgres --single postgres >/dev/null
fi
exec "$@"
