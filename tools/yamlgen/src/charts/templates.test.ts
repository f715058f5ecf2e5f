import { describe, expect, test } from '@jest/globals';
import { chartTemplates } from './templates.ts';

const { operator, shadow } = chartTemplates();
const conditionsOf = (file: string): string[] => operator.get(file)?.match(/^\{\{- (if|else|end).*\}\}$/gm) ?? [];

describe(chartTemplates, () => {
  test('every hole is filled', () => {
    for (const text of [...operator.values(), ...shadow.values()]) expect(text).not.toMatch(/hole_|649\d\d/);
  });

  test('the CRD is in its own chart, and no chart contains the namespace', () => {
    expect([...shadow.keys()]).toEqual(['customresourcedefinition-bottlerocketshadows.brupop.bottlerocket.aws.yaml']);
    expect([...operator.keys()].filter((file) => file.startsWith('namespace') || file.startsWith('custom'))).toEqual([]);
  });

  test.each([
    { file: 'service-brupop-apiserver.yaml', conditions: [] },
    {
      file: 'issuer-selfsigned-issuer.yaml',
      conditions: ['{{- if eq .Values.certificates "cert-manager" }}', '{{- end }}'],
    },
    {
      file: 'role-brupop-controller-role.yaml',
      conditions: ['{{- if eq .Values.certificates "operator" }}', '{{- else }}', '{{- end }}'],
    },
    { file: 'networkpolicy-brupop-agent.yaml', conditions: ['{{- if .Values.networkPolicy.enabled }}', '{{- end }}'] },
    {
      file: 'clusterrole-brupop-apiserver-role.yaml',
      conditions: ['{{- if eq .Values.drain_timeout_action "force" }}', '{{- else }}', '{{- end }}'],
    },
    {
      file: 'servicemonitor-brupop-controller.yaml',
      conditions: ['{{- if .Values.prometheus.controller.serviceMonitor.enabled }}', '{{- end }}'],
    },
  ])('$file is rendered under the right conditions', ({ file, conditions }) => {
    expect(operator.has(file)).toBe(true);
    expect(conditionsOf(file)).toEqual(conditions);
  });
});
