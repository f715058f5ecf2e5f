import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Ajv from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';

const UINT32_MAX = 4294967295;

/**
 * A structural schema of Kubernetes as JSON Schema: without words for people, and with formats spelt out as checks, because a
 * format would be a dependency of the generated code.
 */
function validatorSchema(schema, timestampPattern) {
  if (Array.isArray(schema) || typeof schema !== 'object' || schema === null) return schema;
  const recur = (inner) => validatorSchema(inner, timestampPattern);
  const result = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') result.properties = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, recur(inner)]));
    else if (key === 'format')
      Object.assign(result, { 'date-time': { pattern: timestampPattern }, uint32: { maximum: UINT32_MAX } }[value]);
    else if (key !== 'title' && key !== 'description' && !key.startsWith('x-kubernetes-')) result[key] = recur(value);
  }
  return result;
}

/**
 * `schema` with references in the place of each part that is another of the `named` schemas, nullable or not: code for a part is then generated
 * once, however many validators check it.
 */
function withReferences(schema, named, self) {
  if (Array.isArray(schema)) return schema.map((inner) => withReferences(inner, named, self));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, ...rest } = schema;
  const text = JSON.stringify(rest);
  const [name] = Object.entries(named).find(([key, other]) => key !== self && JSON.stringify(other) === text) ?? [];
  if (name === undefined)
    return Object.fromEntries(Object.entries(schema).map(([key, inner]) => [key, withReferences(inner, named, self)]));
  const reference = { $ref: name };
  return nullable === true ? { type: rest.type, nullable, if: { type: rest.type }, then: reference } : reference;
}

/** Source of a module that exports one validator for each of `schemas`, and imports nothing at run time. */
function validatorModule({ schemas, timestampPattern, typeImport }) {
  // Lengths in UTF-16 code units, since those of Unicode would need a function of ajv at run time. The logger would only say that the option is old.
  const ajv = new Ajv({
    allErrors: true,
    code: { source: true, esm: true, lines: true },
    messages: false,
    strict: true,
    unicode: false,
    inlineRefs: false,
    logger: false,
  });
  const names = Object.keys(schemas);
  const named = Object.fromEntries(names.map((name) => [name, validatorSchema(schemas[name], timestampPattern)]));
  for (const name of names) ajv.addSchema(withReferences(named[name], named, name), name);
  const code = standalone
    .default(ajv, Object.fromEntries(names.map((name) => [name, name])))
    .replace('"use strict";', '')
    .replace(/^\/\*# sourceURL=.*\*\/;?$/gm, '')
    .replace(/export const (\w+) = (\w+);/g, 'export const $1: Validate = $2;');
  if (/\b(?:require|import)\b/.test(code)) throw new Error('The validators depend on a package at run time; use simpler keywords.');
  return `// @ts-nocheck\n// Generated from the schemas by "nx run-many -t generate". Do not edit.\nimport type { Validate } from '${typeImport}';\n${code.trimStart()}`;
}

/** Writes the validators to `file`; with `--check` among the arguments it only tells, by exit code 1, whether they are stale. */
export function generate(file, options) {
  const source = validatorModule(options);
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, source);
    return;
  }
  if (readFileSync(file, 'utf8') === source) return;
  console.error(`${file} is stale: run "npm run generate".`);
  process.exitCode = 1;
}
