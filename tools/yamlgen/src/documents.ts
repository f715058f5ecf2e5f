import { installObjects } from '@brupop/manifests';
import type { InstallOptions, KubernetesObject } from '@brupop/manifests';
import { stringify } from 'yaml';

const HEADER = '# Generated from .env by "npm run generate". Do not edit.\n';

/** The generated files, by their path from the root of the repository. */
export function documents(options: InstallOptions): ReadonlyMap<string, string> {
  const objects = installObjects(options);
  return new Map([
    ['deploy/bottlerocket-update-operator.yaml', yamlOf(objects)],
    ['deploy/bottlerocketshadow-crd.yaml', yamlOf(objects.filter(({ kind }) => kind === 'CustomResourceDefinition'))],
  ]);
}

/** Objects as one YAML stream. Anchors are spelt out: kubectl reads them, people and other tools stumble. */
function yamlOf(objects: readonly KubernetesObject[]): string {
  const texts = objects.map((object) => stringify(object, { aliasDuplicateObjects: false, lineWidth: 0, singleQuote: true }));
  return HEADER + texts.join('---\n');
}
