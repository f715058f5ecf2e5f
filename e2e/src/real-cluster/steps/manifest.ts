import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { KubeJson } from '../cluster/kubectl.ts';
import { CRD_MANIFEST, MANIFEST, TELEMETRY_MANIFEST } from '../operator.ts';
import type { ApiStep } from '../step.ts';

const STRICTLY = ['--dry-run=server', '--validate=strict'];
// Of a new definition the API server says that it does not know the format `uint32`, which Brupop's has always had.
const isDefinition = ({ kind }: KubeJson): boolean => kind === 'CustomResourceDefinition';

export const manifest: ApiStep = {
  name: 'manifest',
  shows: 'the API server accepts every object that a user applies, strictly and without a warning, where none of them is yet',
  needs: 'api',
  run: async ({ kubectl, report }) => {
    const there = await kubectl.run(['get', 'namespace', DEFAULT_NAMESPACE, '--ignore-not-found', '--output', 'name']);
    // What is in a namespace can be tried only where there is one.
    const objects = await kubectl.parse<KubeJson>(MANIFEST);
    if (there === '') await kubectl.apply(objects.filter(({ kind }) => kind === 'Namespace'));
    try {
      for (const file of [MANIFEST, CRD_MANIFEST, TELEMETRY_MANIFEST]) {
        const all = await kubectl.parse<KubeJson>(file);
        const definitions = all.filter(isDefinition);
        if (definitions.length > 0) await kubectl.apply(definitions, ...STRICTLY);
        const others = all.filter((object) => !isDefinition(object));
        if (others.length > 0) await kubectl.apply(others, ...STRICTLY, '--warnings-as-errors');
        report(`${all.length} objects of ${file.replace(/.*\/deploy\//, 'deploy/')}`);
      }
    } finally {
      if (there === '') await kubectl.run(['delete', 'namespace', DEFAULT_NAMESPACE, '--wait=true']);
    }
  },
};
