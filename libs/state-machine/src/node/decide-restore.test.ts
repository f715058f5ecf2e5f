import { describe, expect, test } from '@jest/globals';
import { PROGRESS_STEPS, SHADOW_STATES } from '@brupop/crd-models';
import type { ProgressStep, ShadowProgress, ShadowState } from '@brupop/crd-models';
import { decideRestore } from './decide-restore.ts';
import type { OwnedNode } from './decide-restore.ts';

const progress = (step: ProgressStep): ShadowProgress => ({ step, since: '2026-01-05T00:00:00Z', boot_id: 'boot-1', version: '1.1.0' });

function aShadow(desired: ShadowState, reported: ShadowState = desired, step?: ProgressStep): NonNullable<OwnedNode['shadow']> {
  return {
    spec: { state: desired },
    status: {
      current_version: '1.0.0',
      target_version: '1.1.0',
      current_state: reported,
      crash_count: 0,
      progress: step === undefined ? null : progress(step),
    },
  };
}

const aNode = (changes: Partial<OwnedNode>): OwnedNode => ({
  managed: true,
  ready: true,
  bootId: 'boot-1',
  hasAgent: true,
  shadow: aShadow('Idle'),
  ...changes,
});
const gone = { managed: false, hasAgent: false };
const SOON = 30_000;
const LATE = 600_000;

describe(decideRestore, () => {
  test.each<{ name: string; node: Partial<OwnedNode>; expected: string | number }>([
    {
      name: 'an agent that is draining is left to it',
      node: { shadow: aShadow('RebootedIntoUpdate', 'Idle', 'Draining') },
      expected: 'The agent is restoring the node',
    },
    {
      name: 'so is one that may reboot and has not reported yet',
      node: { shadow: aShadow('RebootedIntoUpdate', 'Idle') },
      expected: 'The agent is restoring the node',
    },
    {
      name: 'so is one that is being restored after a failure',
      node: { shadow: aShadow('Idle', 'ErrorReset') },
      expected: 'The agent is restoring the node',
    },
    {
      name: 'so is one that is to stop',
      node: { shadow: aShadow('Idle', 'Idle', 'Returning') },
      expected: 'The agent is restoring the node',
    },
    {
      name: 'so is one that has yet to end with its label',
      node: { managed: false, shadow: aShadow('RebootedIntoUpdate', 'Idle', 'Draining') },
      expected: 'The agent is restoring the node',
    },
    {
      name: 'an agent whose pod is being replaced will return',
      node: { hasAgent: false, shadow: aShadow('RebootedIntoUpdate', 'Idle', 'Draining') },
      expected: 'The agent is restoring the node',
    },
    { name: 'an agent whose shadow was edited manually', node: { shadow: aShadow('Idle') }, expected: SOON },
    { name: 'an agent whose shadow was deleted', node: { shadow: undefined }, expected: SOON },
    { name: 'an agent whose shadow has lost its status', node: { shadow: { spec: { state: 'Idle' } } }, expected: SOON },
    {
      name: 'an agent that went with the label in a drain',
      node: { ...gone, shadow: aShadow('RebootedIntoUpdate', 'Idle', 'Draining') },
      expected: SOON,
    },
    {
      name: 'one that went before the host went down',
      node: { ...gone, shadow: aShadow('RebootedIntoUpdate', 'Idle', 'Rebooting') },
      expected: LATE,
    },
    {
      name: 'and whose kubelet does not report its boot',
      node: { ...gone, bootId: undefined, shadow: aShadow('RebootedIntoUpdate', 'Idle', 'Rebooting') },
      expected: LATE,
    },
    {
      name: 'one whose host has since booted',
      node: { ...gone, bootId: 'boot-2', shadow: aShadow('RebootedIntoUpdate', 'Idle', 'Rebooting') },
      expected: SOON,
    },
    {
      name: 'an agent of Brupop 1.x, which may have requested a reboot',
      node: { ...gone, shadow: aShadow('RebootedIntoUpdate', 'Idle') },
      expected: LATE,
    },
    { name: 'one whose shadow was deleted', node: { ...gone, shadow: undefined }, expected: SOON },
    { name: 'a host that is not back yet is waited for', node: { ...gone, ready: false }, expected: 'Waiting for the Node to be Ready' },
  ])('$name', ({ node, expected }) => {
    const decision = decideRestore(aNode(node));
    expect(decision.kind === 'leave' ? decision.reason : decision.afterMs).toBe(expected);
  });

  test.each(
    SHADOW_STATES.flatMap((desired) =>
      SHADOW_STATES.flatMap((reported) => [undefined, ...PROGRESS_STEPS].map((step) => ({ desired, reported, step }))),
    ),
  )('desired $desired, reported $reported and $step: restored if the label is removed', ({ desired, reported, step }) => {
    expect(decideRestore(aNode({ ...gone, shadow: aShadow(desired, reported, step) }))).toMatchObject({
      kind: 'restore',
      reason: 'Restoring the node because it has lost its opt-in label and its agent',
    });
  });
});
