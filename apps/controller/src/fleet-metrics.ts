import { SHADOW_STATES } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import { createMetrics } from '@brupop/process';
import type { FleetChange, FleetPlan } from '@brupop/state-machine';

/** The controller's metrics. */
export interface FleetMetrics {
  readonly contentType: string;
  /** Shows the fleet as it is now. */
  show(shadows: readonly BottlerocketShadow[], plan: Pick<FleetPlan, 'holds'>): void;
  /** Counts a change that was made. */
  changed(change: FleetChange): void;
  /** When certificates end, milliseconds since the Unix epoch. */
  certificates(ends: { readonly authorityMs: number; readonly servingMs: number }): void;
  render(): Promise<string>;
}

export function createFleetMetrics(): FleetMetrics {
  const metrics = createMetrics('controller');
  const states = metrics.gauge({
    name: 'brupop_hosts_state',
    help: "Brupop host's state",
    labels: ['state'],
    initial: SHADOW_STATES.map((state) => ({ state })),
  });
  const versions = metrics.gauge({
    name: 'brupop_hosts_version',
    help: "Brupop host's bottlerocket version",
    labels: ['bottlerocket_version'],
  });
  const held = metrics.gauge({ name: 'brupop_hosts_held', help: 'Hosts that take no next step, by reason', labels: ['reason'] });
  const changes = metrics.counter({ name: 'brupop_fleet_changes_total', help: 'Changes made to shadows, by reason', labels: ['reason'] });
  const expiry = metrics.gauge({
    name: 'brupop_certificate_expiry_timestamp_seconds',
    help: 'When the certificates that the controller keeps up end, in seconds since the Unix epoch; absent where others keep them up',
    labels: ['certificate'],
  });
  const showStates = countInto((state, count) => {
    states.set({ state }, count);
  });
  const showVersions = countInto((version, count) => {
    versions.set({ bottlerocket_version: version }, count);
  });
  const showHeld = countInto((reason, count) => {
    held.set({ reason }, count);
  });
  return {
    contentType: metrics.contentType,
    show(shadows, { holds }) {
      const reported = shadows.map(({ status }) => status).filter((status) => status !== undefined && status !== null);
      showStates(reported.map(({ current_state }) => current_state));
      showVersions(reported.map(({ current_version }) => current_version));
      showHeld(holds.map(({ reason }) => reason));
    },
    changed({ reason }) {
      changes.inc({ reason });
    },
    certificates({ authorityMs, servingMs }) {
      expiry.set({ certificate: 'authority' }, authorityMs / 1_000);
      expiry.set({ certificate: 'serving' }, servingMs / 1_000);
    },
    render: () => metrics.render(),
  };
}

/** Counts equal labels. A label that has gone stays, at 0: a series that ends would leave graphs and alerts at its last value. */
function countInto(set: (label: string, count: number) => void): (labels: readonly string[]) => void {
  const known = new Set<string>();
  return (labels) => {
    const counts = Map.groupBy(labels, (label) => label);
    for (const label of counts.keys()) known.add(label);
    for (const label of known) set(label, counts.get(label)?.length ?? 0);
  };
}
