import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Component } from '@brupop/manifests';
import { APP_FOLDER, launcher } from './image.ts';
import { run } from './run.ts';
import type { RootFile } from './root-files.ts';

/**
 * The files of a component for its image.
 * @param root folder of the repository, with the component's bundle in it
 * @param node path of Node.js in the image
 */
export async function componentFiles(root: string, component: Component, node: string): Promise<RootFile[]> {
  const dist = join(root, 'apps', component, 'dist');
  return [
    { path: `${APP_FOLDER}/${component}`, text: launcher(component, node), mode: 0o755 },
    { path: `${APP_FOLDER}/${component}.mjs`, from: join(dist, 'main.mjs'), mode: 0o644 },
    { path: `/usr/share/sbom/brupop-${component}.cdx.json`, text: await billOfMaterials(root, component), mode: 0o644 },
    {
      path: `/usr/share/licenses/brupop/${component}.THIRD-PARTY-LICENSES.txt`,
      from: join(dist, 'THIRD-PARTY-LICENSES.txt'),
      mode: 0o644,
    },
  ];
}

interface BillOfMaterials {
  readonly metadata: { readonly component: object };
  readonly components: readonly { readonly 'bom-ref': string; readonly properties?: readonly { readonly name: string }[] }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

/** The content of the bundle as CycloneDX, reproducible. */
async function billOfMaterials(root: string, component: Component): Promise<string> {
  const args = ['--output-reproducible', '--output-file', '-', join(root, 'apps', component, 'dist/meta.json')];
  const text = await run(join(root, 'node_modules/.bin/cyclonedx-esbuild'), args, { cwd: root });
  const manifest = JSON.parse(await readFile(join(root, 'apps', component, 'package.json'), 'utf8')) as { name: string; version: string };
  return `${JSON.stringify(ofBundle(JSON.parse(text) as BillOfMaterials, manifest), null, 1)}\n`;
}

/** Corrects what the generator cannot know: the bundled part of the workspace, and that a stub is not the package that it replaces. */
export function ofBundle(bill: BillOfMaterials, { name, version }: { readonly name: string; readonly version: string }): BillOfMaterials {
  const isStub = ({ properties }: BillOfMaterials['components'][number]): boolean =>
    properties?.some((property) => property.name === 'cdx:esbuild:input:isVirtual') ?? false;
  const stubs = new Set(bill.components.filter(isStub).map((component) => component['bom-ref']));
  return {
    ...bill,
    metadata: { ...bill.metadata, component: { ...bill.metadata.component, name, version, purl: undefined, group: undefined } },
    components: bill.components.filter((component) => !isStub(component)),
    dependencies: bill.dependencies
      .filter(({ ref }) => !stubs.has(ref))
      .map((dependency) =>
        dependency.dependsOn === undefined
          ? dependency
          : { ...dependency, dependsOn: dependency.dependsOn.filter((ref) => !stubs.has(ref)) },
      ),
  };
}
