#!/bin/sh
# Makes what is missing in deploy/secrets, or in the folder that is named: random passwords and keys, and, to try it, a certificate of
# one's own for SERVER_NAME (localhost). What is there is left alone: put the real certificate there before or afterwards.
#
# Containers read these files as users of their own, so the files are readable and the folder is not.
set -eu
umask 022
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

make() {
    [ -e "$1" ] && return
    printf '%s' "$2" >"$1"
    echo "made $folder/$1"
}
random() { openssl rand -base64 48 | tr -d '\n=+/'; }

make db_password "$(random)"
make redis_password "$(random)"
make grafana_password "$(random)"
make s3_secret_access_key "$(random)"
make jwt_secret "$(openssl rand -base64 48 | tr -d '\n')"
make ai_service_key "$(random)"
make vapid_private_key "$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n')"
if [ ! -e tls_certificate ] && [ ! -e tls_certificate_key ]; then
    name=${SERVER_NAME:-localhost}
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj "/CN=$name" \
        -addext "subjectAltName=DNS:$name" -keyout tls_certificate_key -out tls_certificate 2>/dev/null
    chmod 644 tls_certificate_key
    echo "made $folder/tls_certificate, which no browser believes: for trying only"
fi
