import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { KubeJson } from '../cluster/kubectl.ts';
import { CRD_MANIFEST, MANIFEST, TELEMETRY_MANIFEST } from '../operator.ts';
import type { ApiStep } from '../step.ts';

const STRICTLY = ['--dry-run=server', '--validate=strict', '--warnings-as-errors'];

export const manifest: ApiStep = {
  name: 'manifest',
  shows: 'the API server accepts every object of the manifest, strictly and without a warning, on a fresh cluster',
  needs: 'api',
  run: async ({ kubectl, report }) => {
    const there = await kubectl.run(['get', 'namespace', DEFAULT_NAMESPACE, '--ignore-not-found', '--output', 'name']);
    // Namespaced objects can be tried only if their namespace exists.
    const objects = await kubectl.parse<KubeJson>(MANIFEST);
    if (there === '') await kubectl.apply(objects.filter(({ kind }) => kind === 'Namespace'));
    try {
      for (const file of [MANIFEST, CRD_MANIFEST, TELEMETRY_MANIFEST]) {
        const all = await kubectl.parse<KubeJson>(file);
        await kubectl.apply(all, ...STRICTLY);
        report(`${all.length} objects of ${file.replace(/.*\/deploy\//, 'deploy/')}`);
      }
    } finally {
      if (there === '') await kubectl.run(['delete', 'namespace', DEFAULT_NAMESPACE, '--wait=true']);
    }
  },
};
