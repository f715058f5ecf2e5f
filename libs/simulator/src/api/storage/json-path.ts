import { isRecord } from '../types.ts';

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly at: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly field: string; readonly value: string };

// A field (dots may be escaped), ['field'], [0], [*], or [?(@.field=="value")].
const STEP =
  /\.((?:\\.|[^.[\\])+)|\[['"]([^'"]+)['"]\]|\[(-?\d+)\]|\[\*\]|\[\?\(\s*@\.([\w.-]+)\s*==\s*(?:'([^']*)'|"([^"]*)"|([\w.]+))\s*\)\]/gy;

const parsed = new Map<string, readonly Step[]>();

function parse(path: string): readonly Step[] {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  const steps = [...(path.startsWith('.') || path.startsWith('[') ? path : `.${path}`).matchAll(STEP)].map((match): Step => {
    const [whole, field, quoted, index, filter, single, double, bare] = match;
    if (field !== undefined) return { kind: 'field', name: field.replaceAll(/\\(.)/g, '$1') };
    if (quoted !== undefined) return { kind: 'field', name: quoted };
    if (index !== undefined) return { kind: 'index', at: Number(index) };
    if (filter !== undefined) return { kind: 'filter', field: filter, value: single ?? double ?? bare ?? '' };
    return whole === '[*]' ? { kind: 'all' } : { kind: 'field', name: '' };
  });
  parsed.set(path, steps);
  return steps;
}

function follow(values: readonly unknown[], step: Step): unknown[] {
  return values.flatMap((value): unknown[] => {
    switch (step.kind) {
      case 'field':
        return isRecord(value) && value[step.name] !== undefined ? [value[step.name]] : [];
      case 'index':
        return Array.isArray(value) && value.at(step.at) !== undefined ? [value.at(step.at) as unknown] : [];
      case 'all':
        return Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
      case 'filter':
        return Array.isArray(value) ? value.filter((item: unknown) => isRecord(item) && String(item[step.field]) === step.value) : [];
    }
  });
}

/** The first value at a JSONPath such as `.status.conditions[?(@.type=="Ready")].status`; supports the subset that printer columns use. */
export const firstAt = (object: unknown, path: string): unknown => parse(path).reduce<unknown[]>(follow, [object])[0];
