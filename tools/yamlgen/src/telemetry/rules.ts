/** A file of rules as Prometheus reads it. */
export interface RuleFile {
  readonly groups: readonly RuleGroup[];
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (AlertingRule | RecordingRule)[];
}

export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: 'critical' | 'warning' };
  readonly annotations: { readonly summary: string; readonly description: string };
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

/** The alerts that an operator of a fleet needs; docs/operations.md explains each. */
export const RULES: RuleFile = {
  groups: [
    {
      name: 'brupop-fleet',
      rules: [
        { record: 'brupop:hosts:count', expr: 'sum(brupop_hosts_state)' },
        { record: 'brupop:hosts_updating:count', expr: 'sum(brupop_hosts_state{state!="Idle"})' },
        alert('BrupopHostStuck', 'max(brupop_hosts_stuck) > 0', '10m', 'warning', {
          summary: 'An update of a node is stuck',
          description:
            '{{ $value }} nodes are past the deadline of a step of their update, or have not been Ready for five minutes in it. Condition Healthy of their shadows says which, and why.',
        }),
        alert('BrupopDrainBlocked', 'max(brupop_drains_blocked) > 0', '30m', 'warning', {
          summary: 'A node cannot be drained',
          description: 'Condition Drained of the shadow names the pod and its PodDisruptionBudget.',
        }),
        alert('BrupopUpdatesFailing', 'sum(increase(brupop_updates_failed_total[1h])) > 2', '0m', 'critical', {
          summary: 'Updates fail repeatedly',
          description: '{{ $value | printf "%.0f" }} updates failed within an hour: the new version may be bad.',
        }),
        alert('BrupopVersionFailed', 'sum(increase(brupop_updates_failed_total{reason="VersionFailed"}[1h])) > 0', '0m', 'warning', {
          summary: 'A node could not run the new version',
          description: 'The node came back with its former version, or could not activate the new one. The console of the host says more.',
        }),
        alert('BrupopNodeLeftUnavailable', 'max(brupop_hosts_held{reason="LeftUnavailable"}) > 0', '15m', 'warning', {
          summary: 'A node is cordoned without an update',
          description:
            "{{ $value }} nodes still have the operator's cordon or load-balancer exclusion. Condition Healthy of their shadows says which.",
        }),
        alert('BrupopUpdateCheckFailing', 'max by (reason) (brupop_hosts_update_check_failing) > 0', '15m', 'warning', {
          summary: 'A node cannot check for updates',
          description:
            'No check for updates has succeeded on {{ $value }} nodes for half an hour or more ({{ $labels.reason }}). Condition Updating of their shadows quotes the host.',
        }),
        alert('BrupopAgentMissing', 'max(brupop_hosts_held{reason=~"AgentNotReady|NoShadow|NotReported"}) > 0', '1h', 'warning', {
          summary: 'A node has no working agent',
          description:
            '{{ $value }} nodes have no agent that is Ready and reports, so they are not updated. Condition Updating of their shadows says why.',
        }),
        alert('BrupopHostInErrorReset', 'sum(brupop_hosts_state{state="ErrorReset"}) > 0', '30m', 'warning', {
          summary: 'A node does not recover from a failed update',
          description: '{{ $value }} nodes have been in state ErrorReset for half an hour.',
        }),
      ],
    },
    {
      name: 'brupop-operator',
      rules: [
        alert('BrupopControllerDown', 'absent(up{job="brupop-controller"} == 1)', '10m', 'critical', {
          summary: 'The controller does not answer',
          description: 'No update starts. Nodes that are being updated finish their current step.',
        }),
        alert('BrupopApiserverDown', 'absent(up{job="brupop-apiserver"} == 1)', '5m', 'critical', {
          summary: 'No replica of the apiserver answers',
          description: 'Agents wait, and shadows cannot be read in version v1.',
        }),
        alert('BrupopNoLeader', 'max(brupop_leader) < 1', '5m', 'warning', {
          summary: 'No controller is the leader',
          description: 'The holder of the Lease brupop-controller does not renew it, or the Lease cannot be written.',
        }),
        alert('BrupopWatchSilent', 'max by (resource) (brupop_watch_age_seconds) > 300', '5m', 'warning', {
          summary: 'A process receives no events from the Kubernetes API',
          description:
            'The watch of {{ $labels.resource }} has been silent for {{ $value | printf "%.0f" }} seconds. Decisions may rest on old data.',
        }),
        alert('BrupopCertificateExpires', 'min(brupop_certificate_expiry_timestamp_seconds) - time() < 604800', '1h', 'critical', {
          summary: 'A certificate expires within a week',
          description: 'It should have been renewed weeks ago. The log of the controller says why it was not.',
        }),
        // A single agent whose token is rejected retries about every half minute.
        alert('BrupopAgentsRefused', 'sum by (reason) (rate(brupop_apiserver_denials_total[15m])) > 0.02', '30m', 'warning', {
          summary: 'The apiserver denies requests',
          description: 'The reason is a code of docs/errors.md. The log of the apiserver says more.',
        }),
      ],
    },
  ],
};

function alert(
  name: string,
  expr: string,
  duration: string,
  severity: AlertingRule['labels']['severity'],
  annotations: AlertingRule['annotations'],
): AlertingRule {
  return { alert: name, expr, for: duration, labels: { severity }, annotations };
}
