#!/usr/bin/env bash
# Independent judges of the plan's document, on Java; everything they need goes to build/judges/.
#   document-judges.sh fetch                       their jars from Maven Central, once per version
#   document-judges.sh fetched                     whether they are there
#   document-judges.sh verapdf FLAVOUR FILE...     PDF/A, PDF/UA, e.g. 2a, ua1: PASS or FAIL and the broken rules
#   document-judges.sh odfvalidator FILE...        OpenDocument: what is wrong; exit 1 if anything is
#   document-judges.sh vnu FILE...                 HTML: what is wrong; exit 1 if anything is
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=$here/../../build/judges

version() { sed -n "s#.*<$1.version>\(.*\)</$1.version>.*#\1#p" "$here/$1.pom.xml"; }

fetched() {
  [ -f "$home/verapdf/greenfield-apps-$(version verapdf).jar" ] &&
    [ -f "$home/odfvalidator/odfvalidator-$(version odfvalidator)-jar-with-dependencies.jar" ] &&
    [ -f "$home/vnu/validator-$(version vnu).jar" ]
}

fetch() {
  local judge fresh
  mkdir -p "$home"
  for judge in verapdf odfvalidator vnu; do
    fresh=$(mktemp -d "$(cd "$home" && pwd)/$judge.XXXXXX")
    mvn -q -B -Dstyle.color=never -f "$here/$judge.pom.xml" "-Dlibs=$fresh" package </dev/null >&2
    chmod 755 "$fresh"
    rm -rf "${home:?}/$judge" && mv "$fresh" "$home/$judge"
  done
}

run() {
  exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true \
    -cp "$home/$1/*" "${@:2}"
}

case ${1:-} in
  fetched) fetched; exit ;;
  fetch | verapdf | odfvalidator | vnu) fetched || fetch ;;
  *) sed -n '2,7s/^# //p' "$0" >&2; exit 2 ;;
esac
case $1 in
  verapdf) run verapdf org.verapdf.apps.GreenfieldCliWrapper --flavour "$2" --format text -v "${@:3}" ;;
  odfvalidator) run odfvalidator org.odftoolkit.odfvalidator.Main "${@:2}" 2>&1 ;;
  vnu) run vnu nu.validator.client.SimpleCommandLineValidator --stdout --format gnu "${@:2}" 2>/dev/null ;;
esac
