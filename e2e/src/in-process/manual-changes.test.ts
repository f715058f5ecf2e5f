import {
  AGENT_COMPONENT,
  DEFAULT_NAMESPACE,
  GROUP,
  isOwned,
  PLURAL,
  shadowName,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
} from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { OLD } from '../fleet/versions.ts';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const HOUR = 3_600_000;
const NODE = 'node-1';
const SHADOW = { group: GROUP, resource: PLURAL, namespace: DEFAULT_NAMESPACE, name: shadowName(NODE) };

const moments: readonly { readonly name: string; readonly when: (fleet: Fleet) => boolean }[] = [
  {
    name: 'during its download',
    when: (fleet) => fleet.cluster.host(NODE).updateStatus?.state === 'Available' && fleet.updating.length > 0,
  },
  { name: 'once it is staged', when: (fleet) => fleet.shadow(NODE)?.status?.current_state === 'StagedAndPerformedUpdate' },
  { name: 'once it is cordoned', when: (fleet) => fleet.node(NODE).cordoned },
  { name: 'when it is about to reboot', when: (fleet) => fleet.shadow(NODE)?.status?.progress?.step === 'Rebooting' },
  { name: 'while it is down', when: (fleet) => !fleet.cluster.host(NODE).isUp },
  { name: 'when it comes back into service', when: (fleet) => fleet.shadow(NODE)?.status?.progress?.step === 'Returning' },
  { name: 'while it is monitored', when: (fleet) => fleet.shadow(NODE)?.spec.state === 'MonitoringUpdate' },
];

async function updatedUntil(when: (fleet: Fleet) => boolean, act: (fleet: Fleet) => void): Promise<Fleet> {
  const fleet = aFleet({ nodes: 1, webReplicas: 0 });
  expect(
    await fleet.at(
      () => when(fleet),
      () => {
        act(fleet);
      },
      HOUR,
    ),
  ).toBe(true);
  return fleet;
}

const isOwnedOrCordoned = (fleet: Fleet): boolean => fleet.cluster.nodes.some((node) => isOwned(node) || node.spec?.unschedulable === true);
const label = (fleet: Fleet, value: string | null): void => {
  fleet.cluster.store.patch('Node', { name: NODE }, { metadata: { labels: { [UPDATER_INTERFACE_LABEL]: value } } });
};

describe('a node that is taken out of the fleet', () => {
  test.each(moments)('$name is restored, and updated when it is labelled again', async ({ when }) => {
    const fleet = await updatedUntil(when, (it) => {
      label(it, null);
    });
    const isForgotten = (): boolean =>
      !isOwnedOrCordoned(fleet) && fleet.shadow(NODE) === undefined && fleet.running(AGENT_COMPONENT).length === 0;
    expect(await fleet.until(isForgotten, HOUR)).toBe(true);
    label(fleet, UPDATER_INTERFACE_VERSION);
    expect(await fleet.rollOut(6 * HOUR)).toBe(true);
    expect(isOwnedOrCordoned(fleet)).toBe(false);
  });

  test.each(moments)('$name by an autoscaler leaves nothing behind, and its replacement of the same name is updated', async ({ when }) => {
    const fleet = await updatedUntil(when, (it) => {
      it.cluster.removeNode(NODE);
    });
    expect(await fleet.until(() => fleet.shadow(NODE) === undefined, HOUR)).toBe(true);
    fleet.cluster.addNode({ name: NODE, version: OLD });
    expect(await fleet.rollOut(6 * HOUR)).toBe(true);
  });
});

describe('a shadow', () => {
  const hands: readonly { readonly name: string; readonly act: (fleet: Fleet) => void }[] = [
    {
      name: 'deleted',
      act: ({ api }) => {
        api.store.delete(SHADOW);
      },
    },
    {
      name: 'set to Idle',
      act: ({ api }) => {
        api.store.patch(SHADOW, { spec: { state: 'Idle', version: null } });
      },
    },
    {
      name: 'stripped of its status',
      act: ({ api }) => {
        api.store.patch(SHADOW, { status: null });
      },
    },
    {
      name: 'stripped of its version',
      act: ({ api }) => {
        api.store.patch(SHADOW, { spec: { version: null } });
      },
    },
    {
      name: 'set to another version',
      act: ({ api }) => {
        api.store.patch(SHADOW, { spec: { version: '1.26.9' } });
      },
    },
    {
      name: 'set to ErrorReset',
      act: ({ api }) => {
        api.store.patch(SHADOW, { spec: { state: 'ErrorReset' } });
      },
    },
  ];
  for (const { name, act } of hands) {
    test.each(moments)(`${name} by hand when its node is at: $name: ends with the node updated and restored`, async ({ when }) => {
      const fleet = await updatedUntil(when, act);
      expect(await fleet.rollOut(6 * HOUR)).toBe(true);
      expect(await fleet.until(() => !isOwnedOrCordoned(fleet), HOUR)).toBe(true);
    });
  }
});
