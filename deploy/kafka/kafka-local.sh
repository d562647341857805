#!/usr/bin/env bash
# A real Apache Kafka on this machine's loopback interface; everything it writes goes to build/kafka/.
#   kafka-local.sh fetch                   Kafka's jars from Maven Central, once per version
#   kafka-local.sh start single|cluster    one node on 9192, or three on 19192, 29192, 39192; returns when they listen
#   kafka-local.sh stop                    end the nodes started here
#   kafka-local.sh tool CLASS ARGS...      e.g. tool org.apache.kafka.tools.TopicCommand --bootstrap-server ... --list
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=$here/../../build/kafka
mkdir -p "$home" && cd "$home"
version=$(sed -n 's#.*<kafka.version>\(.*\)</kafka.version>.*#\1#p' "$here/pom.xml")
read -ra heap <<<"${KAFKA_HEAP_OPTS:--Xms128m -Xmx384m}"
kafka=("${JAVA_HOME:+$JAVA_HOME/bin/}java" "${heap[@]}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true
  "-Dlog4j2.configurationFile=$here/log4j2.properties" -Dkafka.logs.dir=logs -cp 'libs/*')

fetch() {
  [ ! -f "libs/kafka_2.13-$version.jar" ] || return 0
  local fresh
  fresh=$(mktemp -d "$PWD/libs.XXXXXX")
  mvn -q -B -Dstyle.color=never -f "$here/pom.xml" "-Dlibs=$fresh" package </dev/null
  chmod 755 "$fresh"
  rm -rf libs && mv "$fresh" libs
}

# The process id in the file, if that process is still the node that wrote it.
running() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && ps -o args= -p "$pid" 2>/dev/null | grep -q 'kafka\.Kafka' && echo "$pid"
}

wait_listening() {
  local pid_file=run/$1.pid port
  port=$(sed -n 's#^listeners=PLAINTEXT://127.0.0.1:\([0-9]*\),.*#\1#p' "$here/$1.properties")
  for _ in $(seq 240); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$1 listens on 127.0.0.1:$port" && return; fi
    running "$pid_file" >/dev/null || break
    sleep 0.25
  done
  tail -n 20 "logs/$1.log" >&2
  echo "$1 did not start: see $home/logs/$1.log" >&2
  return 1
}

start() {
  local nodes node cluster_id=5L6g3nShT-eMCtK--X86sw
  case ${1:-} in
    single) nodes=(single) ;;
    cluster) nodes=(node1 node2 node3) ;;
    *) usage ;;
  esac
  fetch
  mkdir -p data logs run
  for node in "${nodes[@]}"; do
    ! running "run/$node.pid" >/dev/null || { echo "$node already runs" >&2 && exit 1; }
    "${kafka[@]}" kafka.tools.StorageTool format -t "$cluster_id" -c "$here/$node.properties" --ignore-formatted >/dev/null
  done
  for node in "${nodes[@]}"; do
    nohup "${kafka[@]}" kafka.Kafka "$here/$node.properties" </dev/null >"logs/$node.log" 2>&1 &
    echo $! >"run/$node.pid"
  done
  for node in "${nodes[@]}"; do wait_listening "$node"; done
}

# All are told before any is waited for: a node that leaves a quorum in order needs a majority of the others.
stop() {
  local file pid
  for file in run/*.pid; do
    if pid=$(running "$file"); then kill "$pid"; fi
  done
  for file in run/*.pid; do
    for _ in $(seq 120); do running "$file" >/dev/null || break; sleep 0.25; done
    if pid=$(running "$file"); then kill -KILL "$pid"; fi
    rm -f "$file"
  done
}

usage() {
  sed -n '3,6s/^#   //p' "$here/kafka-local.sh" >&2
  exit 2
}

case ${1:-} in
  fetch) fetch ;;
  start) start "${2:-}" ;;
  stop) stop ;;
  tool) shift && exec "${kafka[@]}" "$@" ;;
  *) usage ;;
esac
