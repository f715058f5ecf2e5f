import { installObjects } from '@brupop/manifests';
import type { KubernetesObject } from '@brupop/manifests';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { prometheusObjects } from './prometheus.ts';
import { RULES } from './rules.ts';

const find = (objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject => {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
};

interface Job {
  readonly job_name: string;
  readonly kubernetes_sd_configs: readonly [{ readonly role: string; readonly namespaces: { readonly names: readonly string[] } }];
  readonly relabel_configs: readonly { readonly source_labels: readonly [string]; readonly regex?: string; readonly action?: string }[];
}

describe(prometheusObjects, () => {
  const objects = prometheusObjects('ns');
  const data = find(objects, 'ConfigMap', 'prometheus-config')['data'] as Record<string, string>;
  const config = parse(data['prometheus.yml'] ?? '') as { scrape_configs: readonly Job[] };
  const kept = (name: string): (string | undefined)[] =>
    config.scrape_configs
      .find((job) => job.job_name === name)
      ?.relabel_configs.filter(({ action }) => action === 'keep')
      .map(({ regex }) => regex) ?? [];

  test('everything is in the namespace of the operator, and may read nothing else', () => {
    expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['ns']));
    expect(objects.filter(({ kind }) => kind.startsWith('Cluster'))).toEqual([]);
    for (const { kubernetes_sd_configs: discovery } of config.scrape_configs) expect(discovery[0].namespaces.names).toEqual(['ns']);
  });

  test('the controller is discovered through its Service, by the name of its port', () => {
    const service = find(installObjects({ image: 'a', namespace: 'ns' }), 'Service', 'brupop-controller-server');
    expect(kept('brupop-controller')).toEqual([service.metadata.name, 'main']);
    expect(service['spec']).toMatchObject({ ports: [{ name: 'main' }] });
  });

  test('each replica of the apiserver is discovered by its label and the name of its port', () => {
    const deployment = find(installObjects({ image: 'a', namespace: 'ns' }), 'Deployment', 'brupop-apiserver');
    expect(kept('brupop-apiserver')).toEqual(['apiserver', 'metrics']);
    expect(deployment['spec']).toMatchObject({
      template: {
        metadata: { labels: { 'brupop.bottlerocket.aws/component': 'apiserver' } },
        spec: { containers: [{ ports: [{ name: 'https' }, { name: 'metrics' }] }] },
      },
    });
  });

  test('the rules are included', () => {
    expect(parse(data['brupop-rules.yml'] ?? '')).toEqual(RULES);
  });
});
