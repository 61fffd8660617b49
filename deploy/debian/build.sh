#!/usr/bin/env bash
# Builds rabbit-server and rabbit-client as Debian packages for amd64.
#
#   deploy/debian/build.sh [DIRECTORY]       where the packages go; artifacts/debian
#
# RABBIT_DEB_COMPRESSION=gzip is quicker than xz. Needs dpkg-deb and the .NET SDK, and gcc where the client is compiled ahead of time; no root.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${1:-$root/artifacts/debian}
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/rabbit-debian.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$root"
# In a copy: what is restored for one system differs from what the working tree's builds and lock files have.
source=$work/source
mkdir "$source"
tar --exclude=bin --exclude=obj -c global.json .editorconfig Directory.*.props BannedSymbols*.txt docs/openapi.json README.md LICENSE \
  Rabbit.Protocol Rabbit.Tunneling Rabbit.Persistence Rabbit.ApiClient Rabbit.ApiClient.Generator Rabbit.Client Rabbit.Host | tar -x -C "$source"
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
umask 022

# publish PROJECT DIRECTORY OPTION...: a program for this system with all that it needs.
publish() {
  local project=$1 directory=$2
  shift 2
  (cd "$source" && dotnet publish "$project/$project.csproj" -c Release -r linux-x64 -o "$directory" --nologo -v quiet -p:RunAnalyzers=false "$@" </dev/null >&2)
  # Symbols are for who develops. The server reads its own documentation (rabbit.xml) to describe its API.
  rm -f "$directory"/*.pdb "$directory"/*.dbg
}

# pack PACKAGE DIRECTORY: the files of deploy/debian/PACKAGE around those in the directory.
pack() {
  local package=$1 tree=$2 script
  mkdir -p "$tree/DEBIAN" "$tree/usr/share/doc/$package"
  sed -e "s/@VERSION@/$version/" -e "s/@SIZE@/$(du -sk --apparent-size "$tree" | cut -f1)/" "$here/${package#rabbit-}/control" >"$tree/DEBIAN/control"
  for script in conffiles postinst prerm postrm; do
    [[ -e $here/${package#rabbit-}/$script ]] || continue
    install -m "$([[ $script == conffiles ]] && echo 644 || echo 755)" "$here/${package#rabbit-}/$script" "$tree/DEBIAN/$script"
  done
  install -m 644 LICENSE "$tree/usr/share/doc/$package/copyright"
  (cd "$tree" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
  dpkg-deb --root-owner-group -Z"${RABBIT_DEB_COMPRESSION:-xz}" --build "$tree" "$out/${package}_${version}_amd64.deb" >&2
  echo "$out/${package}_${version}_amd64.deb"
}

server=$work/server
# .NET's runtime is in no Debian; it comes along.
publish Rabbit.Host "$server/usr/lib/rabbit-server" --self-contained
mkdir -p "$server/usr/bin" "$server/usr/share/bash-completion/completions"
ln -s ../lib/rabbit-server/rabbit "$server/usr/bin/rabbit"
install -D -m 640 "$here/server/rabbit.json" "$server/etc/rabbit/rabbit.json"
install -D -m 644 deploy/systemd/rabbit.service "$server/usr/lib/systemd/system/rabbit.service"
install -D -m 644 "$here/server/sysusers.conf" "$server/usr/lib/sysusers.d/rabbit-server.conf"
install -D -m 644 "$here/server/sysctl.conf" "$server/usr/share/doc/rabbit-server/examples/60-rabbit.conf"
install -m 644 deploy/config/*.json "$server/usr/share/doc/rabbit-server/examples/"
install -m 644 docs/operations.md docs/configuration.md docs/troubleshooting.md "$server/usr/share/doc/rabbit-server/"
"$server/usr/lib/rabbit-server/rabbit" completion bash >"$server/usr/share/bash-completion/completions/rabbit"
pack rabbit-server "$server"

client=$work/client
# Native where its project is made for that, or with .NET's runtime.
if grep -q PublishAot Rabbit.Client/Rabbit.Client.csproj; then
  rm -f "$source"/*/packages.lock.json
  publish Rabbit.Client "$client/usr/lib/rabbit-client" -p:PublishAot=true
else
  publish Rabbit.Client "$client/usr/lib/rabbit-client" --self-contained
fi
mkdir -p "$client/usr/bin"
ln -s ../lib/rabbit-client/tunnel-client "$client/usr/bin/tunnel-client"
mkdir -p "$client/etc/rabbit/clients"
install -D -m 644 deploy/systemd/tunnel-client@.service "$client/usr/lib/systemd/system/tunnel-client@.service"
install -D -m 644 "$here/client/sysusers.conf" "$client/usr/lib/sysusers.d/rabbit-client.conf"
mkdir -p "$client/usr/share/doc/rabbit-client"
install -m 644 "$here/client/README.md" "$client/usr/share/doc/rabbit-client/README.md"
pack rabbit-client "$client"
