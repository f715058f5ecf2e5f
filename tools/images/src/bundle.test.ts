import { describe, expect, test } from '@jest/globals';
import { ofBundle } from './bundle.ts';

describe(ofBundle, () => {
  const bill = ofBundle(
    {
      metadata: { component: { name: 'workspace', group: '@brupop', purl: 'pkg:npm/workspace', type: 'application' } },
      components: [{ 'bom-ref': 'a' }, { 'bom-ref': 'stub', properties: [{ name: 'cdx:esbuild:input:isVirtual' }] }],
      dependencies: [{ ref: 'a', dependsOn: ['stub', 'b'] }, { ref: 'b' }, { ref: 'stub' }],
    },
    { name: '@brupop/agent', version: '1.2.3' },
  );

  test('its subject is the component, not the workspace', () => {
    expect(bill.metadata.component).toEqual({ name: '@brupop/agent', version: '1.2.3', type: 'application' });
  });

  test('a stub is not listed as the package that it replaces', () => {
    expect(bill.components).toEqual([{ 'bom-ref': 'a' }]);
    expect(bill.dependencies).toEqual([{ ref: 'a', dependsOn: ['b'] }, { ref: 'b' }]);
  });
});
