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

/** What an operator of a fleet wants to be told. */
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
          summary: 'Updates fail again and again',
          description: '{{ $value | printf "%.0f" }} updates failed within an hour: the new version may be bad.',
        }),
        alert('BrupopUpdateCheckFailing', 'max by (reason) (brupop_hosts_update_check_failing) > 0', '15m', 'warning', {
          summary: 'A node cannot check for updates',
          description:
            '{{ $value }} nodes have not checked for updates with success for half an hour or more ({{ $labels.reason }}). Condition Updating of their shadows quotes the host.',
        }),
        alert('BrupopAgentMissing', 'max(brupop_hosts_held{reason=~"AgentNotReady|NoShadow|NotReported"}) > 0', '1h', 'warning', {
          summary: 'An agent is not heard',
          description:
            '{{ $value }} nodes have no agent that is Ready and reports: they are not updated. Condition Updating of their shadows tells which.',
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
          description: 'No node starts an update. Nodes that are being updated go on up to the next decision.',
        }),
        alert('BrupopApiserverDown', 'absent(up{job="brupop-apiserver"} == 1)', '5m', 'critical', {
          summary: 'No replica of the apiserver answers',
          description: 'Agents wait, and shadows cannot be read in version v1.',
        }),
        alert('BrupopNoLeader', 'max(brupop_leader) < 1', '5m', 'warning', {
          summary: 'No controller leads',
          description: 'Somebody holds the Lease brupop-controller and does not renew it, or it cannot be written.',
        }),
        alert('BrupopCertificateExpires', 'min(brupop_certificate_expiry_timestamp_seconds) - time() < 604800', '1h', 'critical', {
          summary: 'A certificate expires within a week',
          description: 'It should have been renewed long ago: the log of the controller, or cert-manager, tells why not.',
        }),
        // A single agent whose token is rejected asks every half minute or so.
        alert('BrupopAgentsRefused', 'sum by (reason) (rate(brupop_apiserver_denials_total[15m])) > 0.02', '30m', 'warning', {
          summary: 'The apiserver refuses requests',
          description: 'Their tokens do not prove where they come from. The log of the apiserver has the reasons.',
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
