import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { installObjects } from '@brupop/manifests';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { documents } from './documents.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const OPTIONS = { image: 'brupop:1' };
const parse = (text: string | undefined): unknown[] => parseAllDocuments(text ?? '').map((document) => document.toJS() as unknown);

describe(documents, () => {
  test('the manifest contains the objects', () => {
    expect(parse(documents(OPTIONS).get('deploy/bottlerocket-update-operator.yaml'))).toEqual(installObjects(OPTIONS));
  });

  test('one file contains only the CRD', () => {
    const crd = parse(documents(OPTIONS).get('deploy/bottlerocketshadow-crd.yaml'));
    expect(crd).toEqual([expect.objectContaining({ kind: 'CustomResourceDefinition' })]);
  });

  test('a problem in .env is reported, and nothing is written', () => {
    const folder = mkdtempSync(join(tmpdir(), 'yamlgen-'));
    try {
      writeFileSync(join(folder, '.env'), 'BRUPOP_CONTAINER_IMAGE=brupop:1\nMAX_CONCURRENT_UPDATE=two\n');
      const args = ['--conditions=@brupop/source', MAIN, '--env', '.env', '--output', '.'];
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: {}, cwd: folder });
      expect({ status, stderr, files: readdirSync(folder) }).toEqual({
        status: 2,
        stderr: '.env: MAX_CONCURRENT_UPDATE: expected a positive integer or "unlimited", got "two"\n',
        files: ['.env'],
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a file that is no longer generated is stale', () => {
    const folder = mkdtempSync(join(tmpdir(), 'yamlgen-'));
    try {
      for (const [path, text] of documents({ ...OPTIONS, certificates: 'operator' })) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      writeFileSync(join(folder, '.env'), 'BRUPOP_CONTAINER_IMAGE=brupop:1\n');
      writeFileSync(join(folder, 'deploy/charts/bottlerocket-shadow/templates/old.yaml'), '');
      const args = ['--conditions=@brupop/source', MAIN, '--check', '--env', '.env', '--output', '.'];
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: {}, cwd: folder });
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: 'deploy/charts/bottlerocket-shadow/templates/old.yaml is stale: run "npm run generate".\n',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('the committed files match .env', () => {
    const args = ['--conditions=@brupop/source', MAIN, '--check'];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: {} });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
