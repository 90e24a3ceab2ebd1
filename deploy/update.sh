#!/usr/bin/env bash
# Brings the installation of compose.yaml to other images without a pause: the schema first, then node by node, then nginx, whose
# replacement takes some seconds, if its image is another one. PostgreSQL, Redis and the storage of files are left alone.
#
#   deploy/update.sh                    builds the images from this checkout
#   VERSION=1.2.3 deploy/update.sh pull    takes them from a registry
#   VERSION=1.2.3 deploy/update.sh as-is   takes those that are there
#
# A node goes when one of the new ones is ready: it tells its clients to come back, ends what is in progress, and they resume at
# another. When a new node does not become ready the old ones stay, and so does the schema, which older nodes go on with.
# COMPOSE_FILE names more files (compose.yaml:compose.gpu.yaml); COMPOSE is the program, `docker compose` when nothing is said.
set -euo pipefail
cd "$(dirname "$0")"

READY_SECONDS_MAX=${READY_SECONDS_MAX:-180}

compose() {
    ${COMPOSE:-docker compose} "$@"
}

say() {
    echo "update: $*" >&2
}

main() {
    case ${1:-build} in
        build) compose build migrate chat nginx ;;
        pull) compose pull ;;
        as-is) ;;
        *) say "'$1' is none of build, pull and as-is"; exit 2 ;;
    esac
    local old
    old=$(compose ps --quiet --status running chat)
    if [ -z "$old" ]; then
        say "nothing runs yet: start it with 'docker compose up -d'"
        exit 1
    fi
    local wanted
    wanted=$(wc -w <<<"$old")
    say "the schema"
    compose run --rm migrate
    for node in $old; do
        start_one_more "$wanted"
        say "node ${node:0:12} goes"
        docker stop "$node" >/dev/null
        docker rm "$node" >/dev/null
    done
    update_door
    local watching
    watching=$(compose config --services | grep -vxE 'nginx|chat|migrate|postgres|redis|bucket|objects')
    # shellcheck disable=SC2086 # one word a service
    compose up --detach --no-deps $watching
    say "done: $wanted nodes"
}

# Two containers cannot have one port, so nothing answers while nginx is replaced: only if it is another one. The old one listens no
# more from the moment it is told to end, and would then wait for its WebSockets: it gets two seconds for requests, and clients come back.
update_door() {
    local runs wanted
    runs=$(docker inspect --format '{{.Image}}' "$(compose ps --quiet nginx)")
    # Named with the images of what nginx depends on.
    wanted=$(docker image inspect --format '{{.Id}}' "$(compose config --images nginx | grep -m 1 '/web:')")
    if [ "$runs" = "$wanted" ]; then
        say "nginx stays"
        return
    fi
    say "nginx is replaced"
    compose up --detach --no-deps --timeout 2 nginx
}

# Starts a node of the new image beside the old ones and waits until it may be given work.
start_one_more() {
    local before new deadline=$((SECONDS + READY_SECONDS_MAX))
    before=$(compose ps --quiet chat)
    compose up --detach --no-deps --no-recreate --scale "chat=$(($1 + 1))" chat
    new=$(compose ps --quiet chat | grep -vxF "$before")
    until [ "$(docker inspect --format '{{.State.Health.Status}}' "$new")" = healthy ]; do
        if [ "$(docker inspect --format '{{.State.Running}}' "$new")" != true ] || [ $SECONDS -ge $deadline ]; then
            docker logs --tail 20 "$new" >&2
            docker rm --force "$new" >/dev/null
            say "the new node did not become ready; its last lines stand above, the old nodes go on"
            exit 1
        fi
        sleep 0.5
    done
    say "node ${new:0:12} is ready"
}

main "$@"
