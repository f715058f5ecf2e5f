import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Component } from '@brupop/manifests';
import { APP_FOLDER, launcher } from './image.ts';
import { run } from './run.ts';
import type { RootFile } from './root-files.ts';

/**
 * Everything of a component that goes into its image.
 * @param root folder of the repository, with the component's bundle in it
 * @param node where Node.js lies in the image
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

/** What is really in the bundle, as CycloneDX, and the same each time. */
async function billOfMaterials(root: string, component: Component): Promise<string> {
  const args = ['--output-reproducible', '--output-file', '-', join(root, 'apps', component, 'dist/meta.json')];
  const text = await run(join(root, 'node_modules/.bin/cyclonedx-esbuild'), args, { cwd: root });
  const document = JSON.parse(text) as { readonly metadata: { readonly component: object } };
  const { name, version } = JSON.parse(await readFile(join(root, 'apps', component, 'package.json'), 'utf8')) as Record<string, string>;
  // The generator takes the workspace as a whole for what was bundled.
  const subject = { ...document.metadata.component, name, version, purl: undefined, group: undefined };
  return `${JSON.stringify({ ...document, metadata: { ...document.metadata, component: subject } }, null, 1)}\n`;
}
