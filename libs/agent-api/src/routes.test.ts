import { describe, expect, test } from '@jest/globals';
import { HEADERS, LOWER_CASE_HEADERS, ROUTES } from './routes.ts';

describe('the wire contract with agents and apiservers of Brupop 1.x', () => {
  test('paths', () => {
    expect(ROUTES).toMatchObject({
      shadow: '/bottlerocket-node-resource',
      cordonAndDrain: '/bottlerocket-node-resource/cordon-and-drain',
      uncordon: '/bottlerocket-node-resource/uncordon',
      excludeFromLb: '/bottlerocket-node-resource/exclude-from-lb',
      removeExclusionFromLb: '/bottlerocket-node-resource/remove-exclusion-from-lb',
      convert: '/crdconvert',
      ping: '/ping',
    });
  });

  test('headers', () => {
    expect(HEADERS).toEqual({ nodeName: 'BrupopNodeName', nodeUid: 'BrupopNodeUid', token: 'BrupopK8sAuthToken' });
  });

  test('the lower-case names match the headers', () => {
    expect(Object.values(LOWER_CASE_HEADERS)).toEqual(Object.values(HEADERS).map((name) => name.toLowerCase()));
  });
});
