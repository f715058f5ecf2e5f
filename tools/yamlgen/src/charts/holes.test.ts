import { describe, expect, test } from '@jest/globals';
import { yamlOf } from '../yaml.ts';
import { Holes } from './holes.ts';

function filled(make: (holes: Holes) => unknown): string {
  const holes = new Holes();
  return holes.fill(yamlOf(make(holes)));
}

describe(Holes, () => {
  test('a text is quoted, whatever its value looks like', () => {
    expect(filled((holes) => ({ a: holes.text('.Values.a') }))).toBe('a: {{ .Values.a | quote }}\n');
  });

  test('a text within another is not quoted', () => {
    expect(filled((holes) => ({ a: [`*.${holes.text('.Values.a')}.svc`] }))).toBe("a:\n  - '*.{{ .Values.a }}.svc'\n");
  });

  test('a port is a number, or a text that looks like one', () => {
    expect(
      filled((holes) => {
        const port = holes.port('.Values.port');
        return { number: port, text: String(port) };
      }),
    ).toBe("number: {{ .Values.port }}\ntext: '{{ .Values.port }}'\n");
  });

  test('a field is omitted if its value is empty', () => {
    expect(filled((holes) => ({ a: { b: holes.field('.Values.b'), c: 1 } }))).toBe(`a:
  {{- with .Values.b }}
  b:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  c: 1
`);
  });

  test('a field whose value is a template is evaluated', () => {
    expect(filled((holes) => ({ b: holes.field('.Values.b', true) }))).toContain('{{- tpl (toYaml .) $ | nindent 2 }}');
  });

  test('variables follow the fixed ones', () => {
    expect(
      filled((holes) => ({
        env: Object.entries({ A: 'a', ...holes.variables('.Values.env') }).map(([name, value]) => ({ name, value })),
      })),
    ).toBe(`env:
  - name: A
    value: a
  {{- range $name, $value := .Values.env }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
`);
  });

  test('entries are merged with the fixed ones', () => {
    expect(filled((holes) => ({ labels: { ...holes.entries('.Values.labels'), a: 'b' } }))).toBe(`labels:
  {{- with .Values.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  a: b
`);
  });

  test('items follow the fixed ones', () => {
    expect(filled((holes) => ({ a: { list: [{ b: 1 }, ...holes.items('.Values.list')], c: 1 } }))).toBe(`a:
  list:
    - b: 1
    {{- with .Values.list }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  c: 1
`);
  });

  test('a list of names may be a list or a text', () => {
    expect(filled((holes) => ({ secrets: [{ name: holes.names('.Values.secrets') }], a: 1 }))).toBe(`{{- with .Values.secrets }}
secrets:
  {{- kindIs "string" . | ternary . (toYaml .) | trim | nindent 2 }}
{{- end }}
a: 1
`);
  });

  test('more than nine holes do not collide', () => {
    const text = filled((holes) => Array.from({ length: 12 }, (_, at) => ({ name: holes.text(`.Values.v${String(at)}`) })));
    expect(text.match(/\.Values\.v\d+(?= )/g)).toEqual(Array.from({ length: 12 }, (_, at) => `.Values.v${String(at)}`));
  });
});
