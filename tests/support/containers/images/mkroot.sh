#!/bin/bash
# mkroot.sh OUT.tar: a minimal Debian root with a Java runtime and PostgreSQL, from this machine's own package
# sources (root; less than a minute).
set -euo pipefail

out=${1:?usage: mkroot.sh OUT.tar}
sources=/etc/apt/sources.list.d/debian.sources
[ -f "$sources" ] || sources=/etc/apt/sources.list
[ -s "$sources" ] || { echo "mkroot.sh: no Debian package sources found" >&2; exit 1; }
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
[ "$release" = bookworm ] || { echo "mkroot.sh: the images need Debian bookworm's sources, here is $release" >&2; exit 1; }

# man1 must exist, or installing the Java runtime fails; no database cluster is made while installing.
# shellcheck disable=SC2016 # mmdebstrap expands $1, the new root
prepare='mkdir -p "$1/usr/share/man/man1" "$1/etc/postgresql-common" &&
  echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"'
rm -f "$out.part"
mmdebstrap --quiet --format=tar --variant=minbase --include=openjdk-17-jre-headless,postgresql-15 \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --essential-hook="$prepare" bookworm "$out.part" "$sources" </dev/null
mv "$out.part" "$out"
