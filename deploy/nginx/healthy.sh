#!/bin/bash
# Whether nginx answers in this container, which has no other client.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/${HEALTH_PORT:-8081}"
printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3
read -r _ status _ <&3
[ "$status" = 200 ]
