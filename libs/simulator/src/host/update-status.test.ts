import { describe, expect, test } from '@jest/globals';
import { bootDisk, EMPTY_STATUS, finishCommand, refuseCommand } from './update-status.ts';
import type { Disk, UpdateCommand, UpdateState, UpdateStatusFile } from './update-status.ts';

const aFile = (changes: Partial<UpdateStatusFile> = {}): UpdateStatusFile => ({
  ...EMPTY_STATUS,
  state: 'Available',
  available: ['1.27.0', '1.26.1'],
  chosen: '1.27.0',
  ...changes,
});
const aDisk = (changes: Partial<Disk> = {}): Disk => ({ active: '1.26.1', inactive: null, bootsInactive: false, ...changes });

describe(refuseCommand, () => {
  const states: UpdateState[] = ['Idle', 'Available', 'Staged', 'Ready'];
  const legal: Record<UpdateCommand, UpdateState[]> = {
    refresh: states,
    prepare: ['Available', 'Staged'],
    activate: ['Staged'],
    deactivate: ['Ready'],
  };
  const rows = (Object.keys(legal) as UpdateCommand[]).flatMap((command) => states.map((state) => ({ command, state })));

  test.each(rows)('$command in $state is refused with 409 unless it is allowed', ({ command, state }) => {
    const refusal = refuseCommand(command, aFile({ state, staged: '1.27.0' }));
    expect(refusal?.status).toBe(legal[command].includes(state) ? undefined : 409);
  });

  test('prepare without a chosen update is 404', () => {
    expect(refuseCommand('prepare', aFile({ state: 'Staged', chosen: null }))).toEqual({
      status: 404,
      body: 'Previously chosen Update no longer exists',
    });
  });

  test('activate without an image is 404', () => {
    expect(refuseCommand('activate', aFile({ state: 'Staged' }))).toEqual({
      status: 404,
      body: 'No update image applied to staging partition',
    });
  });
});

describe(finishCommand, () => {
  const offer = { listed: ['1.27.0', '1.26.1'], chosen: '1.27.0' };
  const base = { offer, timestamp: '2026-01-05T00:00:00.000000001Z', disk: aDisk() };

  test.each([
    { name: 'a refresh that finds an update', state: 'Idle', command: 'refresh', outcome: 'success', ends: 'Available' },
    { name: 'a refresh that fails', state: 'Available', command: 'refresh', outcome: 'failed', ends: 'Idle' },
    { name: 'a refresh that fails while staged', state: 'Staged', command: 'refresh', outcome: 'failed', ends: 'Staged' },
    { name: 'a refresh while ready', state: 'Ready', command: 'refresh', outcome: 'success', ends: 'Ready' },
    { name: 'a refresh that cannot be read', state: 'Idle', command: 'refresh', outcome: 'unparsable', ends: 'Idle' },
    { name: 'a download', state: 'Available', command: 'prepare', outcome: 'success', ends: 'Staged' },
    { name: 'a download that fails', state: 'Available', command: 'prepare', outcome: 'failed', ends: 'Available' },
    { name: 'a second download that fails', state: 'Staged', command: 'prepare', outcome: 'failed', ends: 'Staged' },
    { name: 'an activation without image', state: 'Staged', command: 'activate', outcome: 'success', ends: 'Staged' },
    { name: 'a deactivation', state: 'Ready', command: 'deactivate', outcome: 'success', ends: 'Staged' },
    { name: 'a deactivation that fails', state: 'Ready', command: 'deactivate', outcome: 'failed', ends: 'Ready' },
  ] as const)('$name, begun in $state, ends in $ends', ({ state, command, outcome, ends }) => {
    expect(finishCommand({ ...base, command, outcome, file: aFile({ state, staged: '1.27.0' }) }).file.state).toBe(ends);
  });

  test('a failed refresh keeps the chosen update', () => {
    expect(finishCommand({ ...base, command: 'refresh', outcome: 'failed', file: aFile() }).file.chosen).toBe('1.27.0');
  });

  test('a successful refresh can drop the chosen update of a host that is ready', () => {
    const { file } = finishCommand({
      ...base,
      command: 'refresh',
      outcome: 'success',
      file: aFile({ state: 'Ready' }),
      offer: { listed: [], chosen: null },
    });
    expect(file).toMatchObject({ state: 'Ready', chosen: null });
  });

  test('an activation with an image boots it next', () => {
    const done = finishCommand({
      ...base,
      command: 'activate',
      outcome: 'success',
      file: aFile({ state: 'Staged', staged: '1.27.0' }),
      disk: aDisk({ inactive: '1.27.0' }),
    });
    expect(done).toMatchObject({ file: { state: 'Ready' }, disk: { bootsInactive: true } });
  });
});

describe(bootDisk, () => {
  test.each([
    { name: 'stays where nothing was activated', disk: aDisk({ inactive: '1.27.0' }), fails: false, active: '1.26.1', rolledBack: false },
    {
      name: 'swaps the partitions',
      disk: aDisk({ inactive: '1.27.0', bootsInactive: true }),
      fails: false,
      active: '1.27.0',
      rolledBack: false,
    },
    { name: 'rolls back', disk: aDisk({ inactive: '1.27.0', bootsInactive: true }), fails: true, active: '1.26.1', rolledBack: true },
  ])('$name', ({ disk, fails, active, rolledBack }) => {
    expect(bootDisk(disk, fails)).toMatchObject({ disk: { active, bootsInactive: false }, rolledBack });
  });
});
