import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { checkTypes, createConsumer, dependenciesOf, packLibraries } from './consumer.ts';
import type { Tarball } from './consumer.ts';
import { startExampleWorld } from './example-world.ts';
import type { ExampleWorld } from './example-world.ts';
import type { WorkspaceFacts } from './package-rules.ts';
import { packageProblems } from './package-rules.ts';
import { printsAsShown, readmeExamples } from './readme-examples.ts';
import { runProgram } from './run.ts';
import { libraries, manifestOf, ROOT } from './workspace.ts';

const LICENCE_FILES = ['LICENSE-APACHE', 'LICENSE-MIT'];
const LIMIT_MS = 60_000;

/** What comes with the libraries that any project may use: their whole dependency trees. */
const STANDALONE: Readonly<Record<string, readonly string[]>> = {
  'bottlerocket-api': ['ports'],
  drain: ['kube-objects', 'kube-runtime', 'ports'],
  'k8s-auth': ['kube-objects', 'kube-runtime', 'ports'],
  'kube-objects': [],
  'kube-runtime': ['kube-objects', 'ports'],
  ports: [],
};

const folders = libraries().map(({ folder }) => folder);
const examples = await Promise.all(
  libraries().map(async ({ folder, path }) =>
    readmeExamples(await readFile(join(path, 'README.md'), 'utf8')).map((example) => ({ folder, ...example })),
  ),
).then((found) => found.flat().map((example, at) => ({ ...example, file: `${String(at + 1)}-${example.folder}.ts` })));

let directory: string;
let consumer: string;
let tarballs: readonly Tarball[];
let world: ExampleWorld;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bp-'));
  consumer = join(directory, 'consumer');
  await Promise.all(['workspace', 'consumer'].map((name) => mkdir(join(directory, name))));
  tarballs = await packLibraries(join(directory, 'workspace'));
  await createConsumer(consumer, tarballs);
  await Promise.all(examples.map(({ file, code }) => writeFile(join(consumer, file), code)));
  world = await startExampleWorld(directory);
});

afterAll(async () => {
  await world.close();
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
});

const tarballOf = (folder: string): Tarball => {
  const tarball = tarballs.find((one) => one.folder === folder);
  if (tarball === undefined) throw new Error(`no tarball of ${folder}`);
  return tarball;
};

describe('each library', () => {
  test.each(folders)('%s packs the files that a consumer needs, and no others', (folder) => {
    const root = manifestOf(ROOT);
    const facts: WorkspaceFacts = {
      license: root.license ?? '',
      repository: root.repository?.url ?? '',
      versions: new Map(libraries().map(({ manifest }) => [manifest.name, manifest.version])),
      licenceFiles: LICENCE_FILES,
    };
    expect(packageProblems(tarballOf(folder), facts)).toEqual([]);
  });

  test.each(folders)('%s has entry points that Node.js and TypeScript find', async (folder) => {
    const { path, manifest } = tarballOf(folder);
    const tarball = new Uint8Array(await readFile(path)).buffer;
    const { messages } = await publint({ pack: { tarball }, strict: true });
    expect(messages.map((message) => formatMessage(message, manifest as never, { color: false }))).toEqual([]);
  });

  test.each(folders)('%s contains the licences of the project', async (folder) => {
    const texts = (path: string): Promise<string[]> => Promise.all(LICENCE_FILES.map((file) => readFile(join(path, file), 'utf8')));
    expect(await texts(join(ROOT, 'libs', folder))).toEqual(await texts(ROOT));
  });

  test.each(folders)('%s has a README with a program and its output', (folder) => {
    const programs = examples.filter((example) => example.folder === folder);
    expect(programs.length).toBeGreaterThan(0);
    for (const { output } of programs) expect(output).toMatch(/\S/);
  });
});

test.each(Object.entries(STANDALONE))('%s brings no other package than %j', async (folder, names) => {
  expect(await dependenciesOf(consumer, `@brupop/${folder}`)).toEqual(names.map((name) => `@brupop/${name}`));
});

describe('the programs of the READMEs, in a project that has installed the packages', () => {
  test('compile, with the declarations of everything that they reach', async () => {
    await expect(checkTypes(consumer)).resolves.toBeUndefined();
  });

  test.each(examples)('$file prints what its README shows', async ({ folder, file, output = '' }) => {
    const outcome = await runProgram({
      args: [file, ...world.argumentsOf(folder)],
      cwd: consumer,
      env: { PATH: process.env['PATH'], HOME: directory, ...world.env },
      isEnough: (stdout) => printsAsShown(output, stdout),
      limitMs: LIMIT_MS,
    });
    const { stdout, stderr, exitCode, signal } = outcome;
    if (!printsAsShown(output, stdout)) throw new Error(`expected\n${output}\ngot\n${stdout}\n${stderr}`);
    expect({ exitCode, signal: signal === 'SIGINT' ? null : signal }).toEqual({ exitCode: signal === 'SIGINT' ? null : 0, signal: null });
  });
});
