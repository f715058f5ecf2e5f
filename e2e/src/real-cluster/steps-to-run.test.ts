import { describe, expect, test } from '@jest/globals';
import { STEPS } from './steps/index.ts';
import { programsFor, stepsToRun } from './steps-to-run.ts';

describe(stepsToRun, () => {
  test.each([
    { name: 'a step on nodes brings the one that installs the operator', only: ['restarts'], expected: ['rollout', 'restarts'] },
    { name: 'steps keep their order', only: ['rollback', 'kills'], expected: ['rollout', 'kills', 'rollback'] },
    { name: 'a step that needs an API alone brings nothing', only: ['contract'], expected: ['contract'] },
    { name: 'the one that installs is not run twice', only: ['rollout'], expected: ['rollout'] },
    { name: 'a step that makes its own installation brings nothing', only: ['migration'], expected: ['migration'] },
    {
      name: 'a step that makes its own installation brings the one that removes what others needed',
      only: ['migration', 'budget'],
      expected: ['rollout', 'budget', 'uninstall', 'migration'],
    },
    { name: 'all run when none is named', only: [], expected: STEPS.map(({ name }) => name) },
  ])('$name', ({ only, expected }) => {
    expect(stepsToRun(STEPS, only).map(({ name }) => name)).toEqual(expected);
  });
});

describe(programsFor, () => {
  const isMonitoring = (program: string): boolean => program.startsWith('prom');
  test.each([
    { name: 'a step that monitors nothing needs no Prometheus', only: ['rollout'], expected: [] },
    { name: 'the one that does needs it', only: ['prometheus'], expected: ['prometheus', 'promtool'] },
    { name: 'so do all', only: [], expected: ['prometheus', 'promtool'] },
  ])('$name', ({ only, expected }) => {
    const programs = programsFor(stepsToRun(STEPS, only));
    expect(programs).toEqual(expect.arrayContaining(['etcd', 'kubelet', 'kubectl', 'testpod']));
    expect(programs.filter(isMonitoring)).toEqual(expected);
  });
});
