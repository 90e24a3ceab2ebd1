#!/usr/bin/env bash
# Installs the Debian packages that building (`build`), testing (`test`), measuring (`load`), trying the operation (`ops`)
# or trying images (`images`) needs, if their programs are missing.
# Silent when all are there. Installs as root or through sudo, and never starts a service.
set -euo pipefail

# Prints the packages that are missing for one purpose.
missing_packages() {
    command -v c++ >/dev/null && command -v cc >/dev/null || echo build-essential
    python3 -c "import pip" 2>/dev/null || echo python3-pip
    if [ "$1" = load ]; then
        command -v nats-server >/dev/null || echo nats-server
    fi
    if [ "$1" = test ] || [ "$1" = load ]; then
        has_postgres || postgres_package
        command -v redis-server >/dev/null || echo redis-server
        command -v faketime >/dev/null || faketime_package
    fi
    if [ "$1" = test ]; then
        # The official OpenAI client for JavaScript is tried against the server.
        command -v node >/dev/null || echo nodejs
        command -v npm >/dev/null || echo npm
        # The browser client is tried in it.
        command -v chromium >/dev/null || echo chromium
    fi
    if [ "$1" = ops ]; then
        # The door of an installation, with what sends the browser client in its shortest form; a DNS of a test's own; certificates.
        has_program nginx || echo nginx
        [ -e /usr/lib/nginx/modules/ngx_http_brotli_static_module.so ] || echo libnginx-mod-http-brotli-static
        has_program dnsmasq || echo dnsmasq-base
        command -v envsubst >/dev/null || echo gettext-base
        command -v openssl >/dev/null || echo openssl
        command -v shellcheck >/dev/null || echo shellcheck
        command -v systemd-analyze >/dev/null || echo systemd
        command -v testssl >/dev/null || echo testssl.sh
        # They watch two nodes; promtool and amtool come along.
        command -v promtool >/dev/null || echo prometheus
        command -v amtool >/dev/null || echo prometheus-alertmanager
        # They copy backups away and open them without the program.
        command -v rclone >/dev/null || echo rclone
        command -v age >/dev/null || echo age
        command -v zstd >/dev/null || echo zstd
    fi
    if [ "$1" = images ]; then
        # A daemon of the test's own, and the only way to a base image without a registry.
        has_program dockerd || echo docker.io
        has_program debootstrap || echo debootstrap
        has_program nsenter || echo util-linux
    fi
    if [ "$1" = test ] && [ "$(uname -s)" = Linux ]; then
        # They drop packets in a network of a test's own.
        has_program nft || echo nftables
        has_program ip || echo iproute2
    fi
}

# An administrator's programs are off the PATH of others.
has_program() {
    command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]
}

# Debian keeps the server's programs off the PATH.
has_postgres() {
    command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

# PostgreSQL 15 is what Debian 12 has and what the tests are run with; elsewhere the release's own version.
postgres_package() {
    if apt-cache show postgresql-15 >/dev/null 2>&1; then echo postgresql-15; else echo postgresql; fi
}

# Moves the clock of one process; macOS has another way, and the test that wants it is left out there.
faketime_package() {
    if [ "$(uname -s)" = Linux ]; then echo faketime; fi
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# A package that brings a service starts it unless this file says no; ours is removed again, another's is left alone.
forbid_service_starts() {
    local policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] && return
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
}

main() {
    local purpose=${1:-build} missing
    missing=$(missing_packages "$purpose" | tr '\n' ' ')
    [ -z "$missing" ] && return
    if ! command -v apt-get >/dev/null; then
        echo "missing for '$purpose': $missing- install them with this system's package manager" >&2
        echo "(macOS: xcode-select --install; brew install postgresql@15 redis)" >&2
        exit 1
    fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        echo "missing for '$purpose': $missing- install them as root: apt-get install $missing" >&2
        exit 1
    fi
    quietly apt-get -q -o DPkg::Lock::Timeout=120 update
    # An index that was empty before may know PostgreSQL 15 now.
    missing=$(missing_packages "$purpose" | tr '\n' ' ')
    echo "installing $missing"
    forbid_service_starts
    # shellcheck disable=SC2086 # one word a package
    quietly env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o DPkg::Lock::Timeout=120 install -y --no-install-recommends $missing
}

# Runs a command as root and shows what it printed only if it fails.
quietly() {
    local output
    output=$(as_root "$@" 2>&1) && return
    printf '%s\n' "$output" >&2
    echo "'$*' failed; mend this, then run the same command again" >&2
    return 1
}

main "$@"
