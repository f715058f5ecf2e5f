import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { fillValues, operatorValues, shadowValues } from './values.ts';

const IMAGE = { agent: 'a:1', apiserver: 'b:1', controller: 'c:1' };
const source = (chart: string): string => readFileSync(join(import.meta.dirname, '../../charts', chart, 'values.yaml'), 'utf8');
const valuesOf = (options: Parameters<typeof operatorValues>[0]): Record<string, unknown> =>
  parse(fillValues(source('bottlerocket-update-operator'), operatorValues(options))) as Record<string, unknown>;

describe('values of the charts', () => {
  test('the values of the Brupop 1.x chart keep their names', () => {
    const values = valuesOf({ image: IMAGE });
    expect(Object.keys(values)).toEqual(
      expect.arrayContaining([
        ...['namespace', 'image', 'placement', 'image_pull_secrets', 'exclude_from_lb_wait_time_in_sec', 'max_concurrent_updates'],
        ...['update_window_start', 'update_window_stop', 'scheduler_cron_expression', 'apiserver_internal_port', 'apiserver_service_port'],
        ...['logging', 'prometheus', 'resources', 'podLabels'],
      ]),
    );
    expect(values).toMatchObject({
      namespace: 'brupop-bottlerocket-aws',
      max_concurrent_updates: '1',
      scheduler_cron_expression: '* * * * * * *',
      apiserver_internal_port: '8443',
      placement: { controller: { priorityClassName: 'brupop-controller-high-priority' } },
      logging: { agent: { tracing_filter: 'info' } },
      prometheus: { controller: { serviceMonitor: { enabled: false } } },
      resources: { agent: { resources: { limits: { memory: '50Mi' } } } },
    });
  });

  test('every comment is kept when values are filled in', () => {
    const comments = (text: string): number => text.match(/^ *#/gm)?.length ?? 0;
    const text = source('bottlerocket-update-operator');
    expect(comments(fillValues(text, operatorValues({ image: IMAGE })))).toBe(comments(text));
  });

  test('one image for all leaves the three empty', () => {
    expect(valuesOf({ image: 'all:1' })).toMatchObject({ image: 'all:1', images: { agent: '', apiserver: '', controller: '' } });
  });

  test('the notes warn of every unknown value', () => {
    const notes = readFileSync(join(import.meta.dirname, '../../charts/bottlerocket-update-operator/templates/NOTES.txt'), 'utf8');
    const known = notes.match(/without \(keys \.Values\)(.*?)\}\}/)?.[1]?.match(/\w+/g);
    // Helm's own values, and two of Brupop 1.x that nothing reads.
    const further = ['global', 'nameOverride', 'fullnameOverride'];
    expect(known?.toSorted()).toEqual([...Object.keys(valuesOf({ image: IMAGE })), ...further].toSorted());
  });

  test('a value without an explanation in the file is rejected', () => {
    expect(() => fillValues('a: 1\n', new Map([['b.c', 1]]))).toThrow('values.yaml lacks b.c');
  });

  test('the CRD chart gets the values that it shares', () => {
    const values = shadowValues({ image: IMAGE, certificates: 'cert-manager', namespace: 'ns', apiserverServicePort: 8443 });
    expect(parse(fillValues(source('bottlerocket-shadow'), values))).toEqual({
      namespace: 'ns',
      apiserver_service_port: '8443',
      certificates: 'cert-manager',
    });
  });
});
