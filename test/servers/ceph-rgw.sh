#!/usr/bin/env bash
# A real S3 server for the contract suite: Ceph's RADOS Gateway on one node (mon, osd, rgw; no mgr, no systemd).
#   ceph-rgw.sh up     installs Debian's packages where they are absent (root), starts, returns when it answers
#   ceph-rgw.sh down   stops what `up` started, by pid, and removes the state
# Settings: S3_DIR (state, must not exist), S3_PORT, S3_MON_PORT, S3_ACCESS_KEY, S3_SECRET_KEY.
set -euo pipefail

DIR=${S3_DIR:?a folder for the state}
POLL_S=0.2
STORE_GB=16 # of a sparse file

down() {
  for name in rgw osd mon; do
    local file="$DIR/run/$name.started" pid
    [ -f "$file" ] || continue
    pid=$(cat "$file")
    kill -TERM "$pid" 2>/dev/null || continue
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep "$POLL_S"; done
    kill -KILL "$pid" 2>/dev/null || true
  done
  rm -rf "$DIR"
}

up() {
  install_ceph
  mkdir "$DIR"
  mkdir "$DIR"/{mon,osd,rgw,run,log}
  export CEPH_CONF="$DIR/ceph.conf" CEPH_ARGS=
  FSID=$(cat /proc/sys/kernel/random/uuid)
  write_conf
  start_mon
  start_osd
  radosgw-admin -c "$CEPH_CONF" user create --uid=test --display-name=test \
    --access-key="$S3_ACCESS_KEY" --secret-key="$S3_SECRET_KEY" >/dev/null
  start rgw radosgw -f -n client.rgw.a -c "$CEPH_CONF"
  until_true 300 gateway_answers || fail rgw
}

install_ceph() {
  if command -v radosgw ceph-osd ceph-mon ceph >/dev/null; then return; fi
  [ "$(id -u)" = 0 ] || { echo "radosgw, ceph-mon, ceph-osd and ceph-common are not installed, and only root can" >&2; exit 1; }
  command -v apt-get >/dev/null || { echo "radosgw is not installed, and there is no apt-get" >&2; exit 1; }
  apt-get update -q >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends radosgw ceph-mon ceph-osd ceph-common >&2
}

start() {
  local name=$1
  shift
  setsid nohup "$@" >>"$DIR/log/$name.out" 2>&1 </dev/null &
  echo $! >"$DIR/run/$name.started"
}

until_true() {
  local tries=$1
  shift
  for _ in $(seq "$tries"); do "$@" && return; sleep "$POLL_S"; done
  return 1
}

fail() {
  echo "ceph: $1 did not come up" >&2
  tail -n 20 "$DIR"/log/*.out >&2
  exit 1
}

mon_answers() { timeout 5 ceph -c "$CEPH_CONF" --connect-timeout 2 mon stat >/dev/null 2>&1; }
osd_is_up() { timeout 5 ceph -c "$CEPH_CONF" --connect-timeout 2 osd stat 2>/dev/null | grep -q '1 up'; }
osd_is_up_or_dead() { osd_is_up || ! kill -0 "$(cat "$DIR/run/osd.started")" 2>/dev/null; }
gateway_answers() { timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/$S3_PORT && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && grep -q ' 200 ' <&3" 2>/dev/null; }

start_mon() {
  monmaptool --create --addv a "[v1:127.0.0.1:$S3_MON_PORT]" --fsid "$FSID" "$DIR/monmap" >/dev/null
  ceph-mon -i a --mkfs --monmap "$DIR/monmap" -c "$CEPH_CONF" >/dev/null
  start mon ceph-mon -f -i a -c "$CEPH_CONF"
  until_true 100 mon_answers || fail mon
}

# --no-mon-config: without it a race makes the osd exit with "wrong fsid" now and then (16.2); hence also the tries.
start_osd() {
  local uuid
  uuid=$(cat /proc/sys/kernel/random/uuid)
  ceph -c "$CEPH_CONF" osd new "$uuid" >/dev/null
  ceph-osd -i 0 --no-mon-config --mkfs --monmap "$DIR/monmap" --osd-uuid "$uuid" -c "$CEPH_CONF" >>"$DIR/log/osd.out" 2>&1
  for _ in 1 2 3 4 5; do
    start osd ceph-osd -f -i 0 -c "$CEPH_CONF" --no-mon-config
    until_true 100 osd_is_up_or_dead || true
    osd_is_up && return
  done
  fail osd
}

write_conf() {
  : >"$DIR/keyring"
  cat >"$CEPH_CONF" <<CONF
[global]
fsid = $FSID
mon host = [v1:127.0.0.1:$S3_MON_PORT/0]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr2 = false
ms bind ipv4 = true
auth cluster required = none
auth service required = none
auth client required = none
keyring = $DIR/keyring
run dir = $DIR/run
admin socket = $DIR/run/\$cluster-\$name.\$pid.asok
pid file = $DIR/run/\$name.pid
log file = $DIR/log/\$name.log
crash dir = $DIR/run
debug none = 0/0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon allow pool delete = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 2
mon data = $DIR/mon
osd data = $DIR/osd
osd objectstore = bluestore
osd class load list = *
osd class default list = *
osd memory target = 1073741824
bluestore block size = $((STORE_GB * 1024 * 1024 * 1024))
bluestore block create = true
bluestore fsck on mount = false
bluestore prefer deferred size hdd = 0
[client]
rgw frontends = beast endpoint=127.0.0.1:$S3_PORT
rgw enable usage log = false
rgw enable ops log = false
rgw max chunk size = 4194304
CONF
}

case "${1:-}" in
  up | down) "$1" ;;
  *) echo "usage: ceph-rgw.sh up|down" >&2; exit 2 ;;
esac
