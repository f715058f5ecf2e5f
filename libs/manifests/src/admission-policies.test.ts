import { describe, expect, test } from '@jest/globals';
import { find, install } from './testing/installation.ts';

interface Spec {
  readonly failurePolicy: string;
  readonly matchConstraints: { readonly resourceRules: readonly { readonly resources: string[]; readonly operations: string[] }[] };
  readonly matchConditions: readonly { readonly expression: string }[];
  readonly validations: readonly { readonly expression: string; readonly message: string }[];
}

const POLICIES = [
  { name: 'brupop-apiserver-nodes', account: 'apiserver', rules: ['nodes UPDATE'] },
  { name: 'brupop-apiserver-shadows', account: 'apiserver', rules: ['bottlerocketshadows CREATE,UPDATE'] },
  { name: 'brupop-controller-creates', account: 'controller', rules: ['secrets CREATE', 'leases CREATE'] },
];
const specOf = (name: string, options = {}): Spec => find(install(options), 'ValidatingAdmissionPolicy', name)['spec'] as Spec;

describe('admission policies', () => {
  test.each(POLICIES)('$name is bound, and checks requests of the $account alone, in its namespace', ({ name, account, rules }) => {
    const { failurePolicy, matchConstraints, matchConditions } = specOf(name, { namespace: 'updates' });
    const found = matchConstraints.resourceRules.map(({ resources, operations }) => `${resources.join()} ${operations.join()}`);
    expect([failurePolicy, found, matchConditions.map(({ expression }) => expression)]).toEqual([
      'Fail',
      rules,
      [`request.userInfo.username == 'system:serviceaccount:updates:brupop-${account}-service-account'`],
    ]);
    expect(find(install(), 'ValidatingAdmissionPolicyBinding', name)['spec']).toEqual({ policyName: name, validationActions: ['Deny'] });
  });

  test.each(POLICIES)('$name has brackets and quotes that match, and messages without a line break', ({ name }) => {
    for (const { expression, message } of specOf(name).validations) {
      const count = (character: string): number => expression.split(character).length - 1;
      expect([count('('), count('['), count('{'), count("'") % 2]).toEqual([count(')'), count(']'), count('}'), 0]);
      expect(message).toMatch(/^The (apiserver|controller) of Brupop may [^\n]*$/);
    }
  });

  test('the controller may create the three Secrets and the Lease that are its own', () => {
    const text = JSON.stringify(specOf('brupop-controller-creates').validations);
    expect(text).toContain("['brupop-root-ca-secret', 'brupop-apiserver-certificate', 'brupop-apiserver-client-certificate']");
    expect(text).toContain("object.metadata.name == 'brupop-controller'");
  });

  test('are left out for clusters without support for them', () => {
    expect(install({ admissionPolicy: false }).filter(({ kind }) => kind.startsWith('ValidatingAdmission'))).toEqual([]);
  });
});
