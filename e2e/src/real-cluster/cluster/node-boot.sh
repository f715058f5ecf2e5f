#!/bin/sh
# The first process of a node, in its network, mount and PID namespaces. $1: file with NODE, NODE_IP, NODE_LABELS, NODE_TAINTS, DIRECTORY, KUBELET,
# KUBELET_KUBECONFIG, KUBE_PROXY and KUBE_PROXY_KUBECONFIG. Each boot starts from the state folder; the rest is gone with the power.
set -eu
. "$1"
mount -t proc proc /proc
# A boot empties /run. The host's API is served outside: $DIRECTORY/host-run/api.sock is /run/api.sock on the node.
mount -t tmpfs tmpfs /run
mkdir /run/host /run/netns
mount --bind "$DIRECTORY/host-run" /run/host
ln -s host/api.sock /run/api.sock
mount --bind /run/host/boot_id /proc/sys/kernel/random/boot_id
# What a node keeps in fixed places is its own.
for place in /var/lib/cni /var/log/containers; do
  mkdir -p "$place" "$DIRECTORY/state$place"
  mount --bind "$DIRECTORY/state$place" "$place"
done
hostname "$NODE"
echo 1 >/proc/sys/net/ipv4/ip_forward

containerd -c "$DIRECTORY/containerd.toml" >>"$DIRECTORY/logs/containerd.log" 2>&1 &
waited=0
until [ -S /run/containerd.sock ]; do
  waited=$((waited + 1))
  [ "$waited" -lt 300 ] || { echo 'containerd does not start' >&2; exit 1; }
  sleep 0.1
done
while read -r image; do
  imported="$DIRECTORY/state/imported-$(basename "$image")"
  [ -e "$imported" ] || { ctr -a /run/containerd.sock -n k8s.io images import --all-platforms "$image" && touch "$imported"; }
done <"$DIRECTORY/images"

"$KUBE_PROXY" --kubeconfig "$KUBE_PROXY_KUBECONFIG" --hostname-override "$NODE" --proxy-mode iptables \
  --conntrack-max-per-core 0 --conntrack-tcp-timeout-established 0 --conntrack-tcp-timeout-close-wait 0 >>"$DIRECTORY/logs/kube-proxy.log" 2>&1 &
# Started again whenever it ends, as by an init system: at first its runtime may have a socket, but not be ready to answer.
while :; do
  "$KUBELET" --config "$DIRECTORY/kubelet.yaml" --kubeconfig "$KUBELET_KUBECONFIG" --root-dir "$DIRECTORY/state/kubelet" \
    --hostname-override "$NODE" --node-ip "$NODE_IP" --node-labels "$NODE_LABELS" --register-with-taints "$NODE_TAINTS" --v 2 \
    >>"$DIRECTORY/logs/kubelet.log" 2>&1 || true
  sleep 1
done
