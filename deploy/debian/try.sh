#!/usr/bin/env bash
# Installs, starts, upgrades, removes and purges the packages in a copy of this Debian system, as root, and leaves nothing behind.
#
#   deploy/debian/try.sh DIRECTORY      where build.sh has put them
#
# The copy is an overlay that is gone with this process, and it has a network of its own. There is no systemd in it: the unit is verified, and its
# program is started as the unit's account with the unit's settings.
set -euo pipefail
packages=$(cd "$1" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ ${RABBIT_TRY_INSIDE:-} != 1 ]]; then
  RABBIT_TRY_INSIDE=1 exec unshare --mount --net --pid --fork --kill-child "${BASH_SOURCE[0]}" "$packages"
fi

fail() {
  echo "try.sh: $*" >&2
  exit 1
}
step() { echo "try.sh: $*"; }

ip link set lo up
mount --make-rprivate /
place=/mnt
mount -t tmpfs tmpfs "$place"
mkdir "$place/upper" "$place/work" "$place/root" "$place/packages"
cp "$packages"/rabbit-{server,client}_*_amd64.deb "$place/packages/"
cp "$here/try.sh" "$place/packages/"
mount -t overlay overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" "$place/root"
mkdir -p "$place/root/packages"
mount --bind "$place/packages" "$place/root/packages"
mount --rbind /dev "$place/root/dev"
mount -t proc proc "$place/root/proc"
root=$place/root
export DEBIAN_FRONTEND=noninteractive

within() { chroot "$root" "$@"; }
as_server() { within setpriv --reuid=rabbit --regid=rabbit --clear-groups env -C /etc/rabbit "$@"; }
packages() { within sh -c "dpkg $*" >&2; }

# As the unit starts it, until it is healthy. Sets pid.
start_server() {
  (
    exec chroot "$root" setpriv --reuid=rabbit --regid=rabbit --clear-groups env -C /etc/rabbit \
      STATE_DIRECTORY=/var/lib/rabbit HOME=/var/lib/rabbit rabbit server </dev/null >"$place/server.log" 2>&1
  ) &
  pid=$!
  for _ in {1..150}; do
    kill -0 "$pid" 2>/dev/null || { cat "$place/server.log" >&2; fail "the server ended"; }
    ! as_server rabbit health >/dev/null 2>&1 || return 0
    sleep 0.2
  done
  cat "$place/server.log" >&2
  fail "the server was not healthy in time"
}

stop_server() {
  kill -TERM "$pid"
  wait "$pid" || fail "the server did not end in order: $?"
}

[[ ! -e $root/etc/rabbit && ! -e $root/usr/bin/rabbit ]] || fail "a Rabbit is installed on this system already"

step install
packages --install /packages/*.deb || fail "dpkg --install failed"
[[ $(within stat -c %U:%G:%a /var/lib/rabbit) == rabbit:rabbit:700 ]] || fail "/var/lib/rabbit is not the server's alone"
[[ $(within stat -c %G:%a /etc/rabbit/rabbit.json) == rabbit:640 ]] || fail "/etc/rabbit/rabbit.json can be read by others"
[[ $(within stat -c %G:%a /etc/rabbit/clients) == rabbit-client:750 ]] || fail "/etc/rabbit/clients can be read by others"
[[ -L $root/etc/systemd/system/multi-user.target.wants/rabbit.service ]] || fail "the unit is not enabled"
within systemd-analyze verify --man=no rabbit.service tunnel-client@office.service 2>&1 | tee "$place/verify.log" >&2
! grep -q -e rabbit -e tunnel-client "$place/verify.log" || fail "the units are not clean"
as_server rabbit config check
within tunnel-client --version >/dev/null || fail "the client does not start"
# shellcheck disable=SC2016
within bash -c '. /usr/share/bash-completion/completions/rabbit && complete -p rabbit' >/dev/null || fail "the completion is none"

step start
start_server
as_server rabbit team create office >/dev/null
[[ $(within stat -c %U "/proc/$pid") == rabbit ]] || fail "it runs as another account"
stop_server

step upgrade
echo '  // mine' >>"$root/etc/rabbit/rabbit.json"
packages --install --force-confold /packages/rabbit-server_*.deb
grep -q mine "$root/etc/rabbit/rabbit.json" || fail "an upgrade has replaced the operator's settings"
start_server
[[ $(as_server rabbit team list) == *office* ]] || fail "an upgrade has lost state"
stop_server

step remove
packages --remove rabbit-server
[[ -e $root/etc/rabbit/rabbit.json && -d $root/var/lib/rabbit && ! -e $root/usr/bin/rabbit ]] || fail "removing takes programs, and leaves settings and state"
[[ ! -L $root/etc/systemd/system/multi-user.target.wants/rabbit.service ]] || fail "the unit is enabled still"

step purge
echo '{}' >"$root/etc/rabbit/clients/office.json"
packages --purge rabbit-server rabbit-client
[[ ! -e $root/etc/rabbit/rabbit.json && ! -e $root/var/lib/rabbit && ! -e $root/usr/lib/rabbit-server && ! -e $root/usr/lib/rabbit-client ]] ||
  fail "purging leaves something"
[[ -e $root/etc/rabbit/clients/office.json ]] || fail "purging takes the operator's own files"
# Of this system nothing else has changed than what dpkg and the accounts are.
left=$(cd "$place/upper" && find . \( -path ./packages -o -path ./proc -o -path ./dev -o -path ./tmp -o -path ./var/lib/dpkg -o -path ./var/lib/systemd -o -path ./var/log -o -path ./var/cache -o -path ./run \) -prune -o -type f -print |
  grep -v -E '^\./etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|^\./etc/rabbit/clients/office\.json$|^\./etc/\.pwd\.lock$' || true)
[[ -z $left ]] || fail "purging leaves $left"
step done
