#!/bin/sh
# Installs the real daemons the tests talk to, without starting any of them. Idempotent.
# Without root or apt it says loudly what is missing; tests that need it are skipped by name.
set -u

# package:a program, or a file by its whole path, that proves it is there
WANTED="
snmpd:snmpd snmp:snmpget snmptrapd:snmptrapd openssh-server:sshd frr:zebra
victoria-metrics:victoria-metrics prometheus:prometheus influxdb:influxd chromium:chromium
prometheus-snmp-exporter:prometheus-snmp-exporter fping:fping
nftables:nft iproute2:ip iputils-ping:ping gettext:msgfmt fonts-noto-cjk:
gcc:gcc libc6-dev:/usr/include/stdio.h
"
PATH="$PATH:/usr/sbin:/sbin:/usr/lib/frr"
POLICY=/usr/sbin/policy-rc.d

has() {
    case "$2" in
    "") ls /usr/share/fonts/opentype/noto/NotoSansCJK* >/dev/null 2>&1 ;;
    /*) [ -e "$2" ] ;;
    *) command -v "$2" >/dev/null 2>&1 ;;
    esac
}

missing() {
    for pair in $WANTED; do
        has "${pair%%:*}" "${pair#*:}" || printf '%s ' "${pair%%:*}"
    done
}

absent=$(missing)
if [ -z "$absent" ]; then
    echo "install-daemons: all present"
    exit 0
fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    made=
    trap '[ -z "$made" ] || rm -f "$POLICY"' EXIT
    trap 'exit 1' INT TERM
    if [ ! -e "$POLICY" ]; then
        # 101: "action forbidden by policy", so that no package starts its service.
        made=1
        printf '#!/bin/sh\nexit 101\n' >"$POLICY" && chmod 755 "$POLICY"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    # One by one: a package this release does not have must not keep the others away.
    for package in $absent; do
        apt-get install -q -y --no-install-recommends "$package"
    done
fi

absent=$(missing)
if [ -n "$absent" ]; then
    echo "############################################################" >&2
    echo "install-daemons: STILL MISSING: $absent" >&2
    echo "install-daemons: tests that need them will be skipped by name" >&2
    echo "install-daemons: as root on Debian: apt-get install $absent" >&2
    echo "############################################################" >&2
    exit 0
fi
echo "install-daemons: all present"
