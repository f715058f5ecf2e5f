import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installObjects } from '@brupop/manifests';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { documents } from './documents.ts';

const OPTIONS = { image: 'brupop:1' };
const parse = (text: string | undefined): unknown[] => parseAllDocuments(text ?? '').map((document) => document.toJS() as unknown);

describe(documents, () => {
  test('the manifest says what the objects say', () => {
    expect(parse(documents(OPTIONS).get('deploy/bottlerocket-update-operator.yaml'))).toEqual(installObjects(OPTIONS));
  });

  test('the other file is the CRD alone', () => {
    const crd = parse(documents(OPTIONS).get('deploy/bottlerocketshadow-crd.yaml'));
    expect(crd).toEqual([expect.objectContaining({ kind: 'CustomResourceDefinition' })]);
  });

  test('the committed files are what .env gives', () => {
    const args = ['--conditions=@brupop/source', join(import.meta.dirname, 'main.ts'), '--check'];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: {} });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
