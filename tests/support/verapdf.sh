#!/usr/bin/env bash
# veraPDF, the independent judge of PDF/A and PDF/UA; everything it needs goes to build/verapdf/.
#   verapdf.sh fetch               its jars from Maven Central, once per version
#   verapdf.sh fetched             whether they are there
#   verapdf.sh FLAVOUR FILE...     e.g. ua1 or 2a: PASS or FAIL and the broken rules of each file; exit 1 if one fails
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=$here/../../build/verapdf
version=$(sed -n 's#.*<verapdf.version>\(.*\)</verapdf.version>.*#\1#p' "$here/verapdf.pom.xml")

fetched() { [ -f "$home/libs/greenfield-apps-$version.jar" ]; }

fetch() {
  ! fetched || return 0
  mkdir -p "$home"
  local fresh
  fresh=$(mktemp -d "$(cd "$home" && pwd)/libs.XXXXXX")
  mvn -q -B -Dstyle.color=never -f "$here/verapdf.pom.xml" "-Dlibs=$fresh" package </dev/null >&2
  chmod 755 "$fresh"
  rm -rf "$home/libs" && mv "$fresh" "$home/libs"
}

if [ "${1:-}" = fetched ]; then fetched; exit; fi
fetch
[ "${1:-}" != fetch ] || exit 0
[ $# -ge 2 ] || { sed -n '2,5s/^# //p' "$0" >&2 && exit 2; }
flavour=$1
shift
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true \
  -cp "$home/libs/*" org.verapdf.apps.GreenfieldCliWrapper --flavour "$flavour" --format text -v "$@"
