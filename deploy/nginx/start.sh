#!/bin/sh
# Fills nginx.conf.template in from the environment and starts nginx with it, in the foreground; more arguments go to nginx (-t).
#
#   SERVER_NAME              the name that people type; required
#   PUBLIC_PORT              the port that they type (443)
#   TLS_CERTIFICATE          file with the certificate and those that it hangs on (/run/secrets/tls_certificate)
#   TLS_CERTIFICATE_KEY      file with its key (/run/secrets/tls_certificate_key)
#   TLS_1_2                  true lets clients in that have no TLS 1.3 (false)
#   HSTS_SECONDS             how long browsers shall know this name by https only (63072000, two years); 0 while one tries
#   CHAT_HOST                name of all nodes in the DNS, with their port; looked up again every two seconds (chat:8000)
#   CHAT_NODES               instead: addresses of the nodes with their ports, separated by commas
#   RESOLVER                 DNS server for CHAT_HOST (the first of /etc/resolv.conf)
#   MAX_UPLOAD_SIZE          as the nodes have it (10485760)
#   TWIN_IMPORT_MIB          as the nodes have it (256)
#   TWIN_HEARTBEAT_SECONDS   as the nodes have it (20)
#   LISTEN_ADDRESSES         addresses to listen on, separated by commas (0.0.0.0); IPv6 in brackets
#   HTTP_PORT, HTTPS_PORT    ports to listen on (8080, 8443)
#   HEALTH_PORT              port of 127.0.0.1 that answers /healthz (8081)
#   RATE_API, RATE_LOG_IN    requests of one address in a second (50r/s), and those to /api/v1/auth (10r/s)
#   CONNECTIONS_PER_ADDRESS  connections of one address at once (200)
#   CONNECTIONS_MAX          connections of one worker at once, those to nodes included (8192)
#   WEB_DIR                  the browser client as `make web` builds it (/usr/share/digital-twin/web)
#   POLICIES                 its policies as policies.mjs writes them (/etc/digital-twin/policies.conf)
#   ACME_DIR                 folder under which a certificate's renewal puts its proofs (/var/lib/acme)
#   RUN_DIR                  folder for what nginx writes (/tmp/nginx)
#   ACCESS_LOG, ERROR_LOG    where the logs go (/dev/stdout, stderr)
# shellcheck disable=SC2034 # the template uses what is set here
set -eu

CONFIG_DIR=$(cd "$(dirname "$0")" && pwd)
: "${SERVER_NAME:?is the name of this installation, such as twin.example.com}"
: "${PUBLIC_PORT:=443}" "${TLS_1_2:=false}" "${HSTS_SECONDS:=63072000}"
: "${TLS_CERTIFICATE:=/run/secrets/tls_certificate}" "${TLS_CERTIFICATE_KEY:=/run/secrets/tls_certificate_key}"
: "${CHAT_HOST:=chat:8000}" "${CHAT_NODES:=}" "${RESOLVER:=}"
: "${MAX_UPLOAD_SIZE:=10485760}" "${TWIN_IMPORT_MIB:=256}" "${TWIN_HEARTBEAT_SECONDS:=20}"
: "${LISTEN_ADDRESSES:=0.0.0.0}" "${HTTP_PORT:=8080}" "${HTTPS_PORT:=8443}" "${HEALTH_PORT:=8081}"
: "${RATE_API:=50r/s}" "${RATE_LOG_IN:=10r/s}" "${CONNECTIONS_PER_ADDRESS:=200}" "${CONNECTIONS_MAX:=8192}"
: "${WEB_DIR:=/usr/share/digital-twin/web}" "${POLICIES:=/etc/digital-twin/policies.conf}" "${ACME_DIR:=/var/lib/acme}"
: "${RUN_DIR:=/tmp/nginx}" "${ACCESS_LOG:=/dev/stdout}" "${ERROR_LOG:=stderr}"

# A form has its boundaries beside its file: MULTIPART_OVERHEAD_BYTES_MAX in src/http/limits.rs.
BODY_BYTES_MAX=$((MAX_UPLOAD_SIZE + 16384))
IMPORT_BYTES_MAX=$((TWIN_IMPORT_MIB * 1048576 + 16384))
# A node closes what is silent for two and a half heartbeats, and should be the one that does.
FILES_MAX=$((CONNECTIONS_MAX * 2 + 1024))
HEARTBEAT_SECONDS=$TWIN_HEARTBEAT_SECONDS
WEBSOCKET_TIMEOUT=$((TWIN_HEARTBEAT_SECONDS * 4 + 5))s

case $TLS_1_2 in
    true) TLS_PROTOCOLS="TLSv1.2 TLSv1.3" ;;
    false) TLS_PROTOCOLS=TLSv1.3 ;;
    *) echo "start.sh: TLS_1_2 is '$TLS_1_2': allowed is true or false" >&2; exit 78 ;;
esac

case $PUBLIC_PORT in
    443) PUBLIC_HOST=$SERVER_NAME ;;
    *) PUBLIC_HOST=$SERVER_NAME:$PUBLIC_PORT ;;
esac

# A `listen` for each address: the port, and what else it says.
listen_lines() {
    for address in $(echo "$LISTEN_ADDRESSES" | tr , ' '); do
        echo "        listen $address:$1;"
    done
}
LISTEN_HTTP=$(listen_lines "$HTTP_PORT")
LISTEN_HTTP_DEFAULT=$(listen_lines "$HTTP_PORT default_server")
LISTEN_HTTPS=$(listen_lines "$HTTPS_PORT ssl http2")
LISTEN_HTTPS_DEFAULT=$(listen_lines "$HTTPS_PORT ssl http2 default_server")

if [ -z "$RESOLVER" ]; then
    RESOLVER=$(awk '$1 == "nameserver" { print ($2 ~ /:/) ? "[" $2 "]" : $2; exit }' /etc/resolv.conf)
fi
NODES="    resolver ${RESOLVER:-127.0.0.1} valid=2s ipv6=off;
    resolver_timeout 2s;"
if [ -n "$CHAT_NODES" ]; then
    NODES="$NODES
    upstream nodes {
$(for node in $(echo "$CHAT_NODES" | tr , ' '); do echo "        server $node max_fails=1 fail_timeout=2s;"; done)
    }
    map \"\" \$nodes { default nodes; }"
else
    NODES="$NODES
    map \"\" \$nodes { default $CHAT_HOST; }"
fi

brotli=/usr/lib/nginx/modules/ngx_http_brotli_static_module.so
LOAD_MODULES="" BROTLI=""
if [ -e $brotli ]; then
    LOAD_MODULES="load_module $brotli;" BROTLI="    brotli_static on;"
fi

mkdir -p "$RUN_DIR"
names="ACCESS_LOG ACME_DIR BODY_BYTES_MAX BROTLI CONFIG_DIR CONNECTIONS_MAX CONNECTIONS_PER_ADDRESS ERROR_LOG FILES_MAX HEALTH_PORT
    HEARTBEAT_SECONDS HSTS_SECONDS IMPORT_BYTES_MAX LISTEN_HTTP LISTEN_HTTPS LISTEN_HTTPS_DEFAULT LISTEN_HTTP_DEFAULT LOAD_MODULES NODES POLICIES
    PUBLIC_HOST RATE_API RATE_LOG_IN RUN_DIR SERVER_NAME TLS_CERTIFICATE TLS_CERTIFICATE_KEY TLS_PROTOCOLS WEBSOCKET_TIMEOUT WEB_DIR"
list=""
for name in $names; do
    export "${name?}"
    list="$list\${$name} "
done
envsubst "$list" <"$CONFIG_DIR/nginx.conf.template" >"$RUN_DIR/nginx.conf"
exec nginx -c "$RUN_DIR/nginx.conf" -e "$ERROR_LOG" -g 'daemon off;' "$@"
