import { expect, test } from '@jest/globals';
import type { BottlerocketShadow, ShadowState } from '@brupop/crd-models';
import { VirtualClock } from '@brupop/ports';
import { watchReactions } from './reaction-times.ts';

test('a reaction lasts from the status with the desired state to the next spec, whatever is written in between', async () => {
  const clock = new VirtualClock();
  let write: (shadow: BottlerocketShadow) => void = () => undefined;
  const reactions = watchReactions({ onShadow: (listener) => (write = listener) }, clock);
  const at = async (ms: number, spec: ShadowState, status: ShadowState): Promise<void> => {
    await clock.advance(ms);
    write({ metadata: { name: 'brs-a' }, spec: { state: spec }, status: { current_state: status } } as BottlerocketShadow);
  };
  await at(0, 'Idle', 'Idle');
  await at(70, 'StagedAndPerformedUpdate', 'Idle');
  await at(500, 'StagedAndPerformedUpdate', 'StagedAndPerformedUpdate');
  await at(3, 'StagedAndPerformedUpdate', 'StagedAndPerformedUpdate');
  await at(4, 'RebootedIntoUpdate', 'StagedAndPerformedUpdate');
  await at(900, 'RebootedIntoUpdate', 'RebootedIntoUpdate');
  await at(5, 'MonitoringUpdate', 'RebootedIntoUpdate');
  await at(60, 'MonitoringUpdate', 'MonitoringUpdate');
  await at(6, 'Idle', 'MonitoringUpdate');
  expect(reactions()).toEqual([7, 5, 6]);
});
