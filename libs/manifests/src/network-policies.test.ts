import { describe, expect, test } from '@jest/globals';
import type { InstallOptions } from './options.ts';
import { find, install, WORKLOADS } from './testing/installation.ts';

describe('network policies', () => {
  const policyOf = (options: Partial<InstallOptions>, name: string): Record<string, unknown> =>
    find(install(options), 'NetworkPolicy', name)['spec'] as Record<string, unknown>;
  const ports = { apiserverInternalPort: 9, apiserverServicePort: 8 };

  test.each([
    { name: 'brupop-agent', ingress: [] },
    {
      name: 'brupop-apiserver',
      ingress: [
        {
          ports: [
            { protocol: 'TCP', port: 9 },
            { protocol: 'TCP', port: 8080 },
          ],
        },
      ],
    },
    { name: 'brupop-controller-deployment', ingress: [{ ports: [{ protocol: 'TCP', port: 8080 }] }] },
  ])(
    '$name: callers are distinguished by port alone, so that webhook, kubelets and Prometheus get through from anywhere',
    ({ name, ingress }) => {
      expect(policyOf(ports, name)).toMatchObject({ ingress });
    },
  );

  test('an agent reaches the apiserver, before and after the Service is resolved, and DNS; nothing else', () => {
    expect(policyOf(ports, 'brupop-agent')['egress']).toEqual([
      {
        to: [{ podSelector: { matchLabels: { 'brupop.bottlerocket.aws/component': 'apiserver' } } }],
        ports: [
          { protocol: 'TCP', port: 9 },
          { protocol: 'TCP', port: 8 },
        ],
      },
      {
        ports: [
          { protocol: 'UDP', port: 53 },
          { protocol: 'TCP', port: 53 },
        ],
      },
    ]);
  });

  test.each(['brupop-apiserver', 'brupop-controller-deployment'])('%s may call the Kubernetes API, wherever it is', (name) => {
    expect(policyOf({}, name)).toMatchObject({ policyTypes: ['Ingress'] });
    expect(policyOf({}, name)).not.toHaveProperty('egress');
  });

  test('they select the pods of the workload of their name', () => {
    for (const { component, name } of WORKLOADS)
      expect(policyOf({}, name)['podSelector']).toEqual({
        matchLabels: { 'brupop.bottlerocket.aws/component': component === 'controller' ? 'brupop-controller' : component },
      });
  });

  test('they may be left out', () => {
    expect(install({ networkPolicy: false }).filter(({ kind }) => kind === 'NetworkPolicy')).toEqual([]);
  });
});
