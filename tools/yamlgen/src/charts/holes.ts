// Not a port that is used here, and not part of any number in a manifest.
const FIRST_PORT = 64_901;

/**
 * Places in a manifest that Helm fills in. Objects are created with tokens in place of values and written as YAML; then each token is
 * replaced by a Helm expression. So the charts cannot differ from the manifest.
 */
export class Holes {
  readonly #fillers: ((text: string) => string)[] = [];
  #ports = 0;

  /** A text, alone or as part of another. @param expression a Helm expression, such as `.Values.namespace` */
  text(expression: string): string {
    const token = this.#token();
    const alone = new RegExp(`(: )${token}$`, 'gm');
    this.#fillers.push((text) => text.replace(alone, `$1{{ ${expression} | quote }}`).replaceAll(token, `{{ ${expression} }}`));
    return token;
  }

  /** A port: a number, or a text that looks like one. */
  port(expression: string): number {
    const port = FIRST_PORT + this.#ports++;
    this.#fillers.push((text) => text.replaceAll(String(port), `{{ ${expression} }}`));
    return port;
  }

  /** Any value of a field, which is omitted if empty. @param isTemplate whether Helm evaluates templates in the value, too */
  field(expression: string, isTemplate = false): never {
    const token = this.#token();
    const value = isTemplate ? 'tpl (toYaml .) $' : 'toYaml .';
    this.#fillers.push((text) =>
      text.replace(new RegExp(`^( *)([\\w]+): ${token}\n`, 'gm'), (_, indent: string, key: string) =>
        [`{{- with ${expression} }}`, `${key}:`, `  {{- ${value} | nindent ${String(indent.length + 2)} }}`, '{{- end }}', '']
          .map((line) => (line === '' ? '' : `${indent}${line}`))
          .join('\n'),
      ),
    );
    return token as never;
  }

  /** Further entries of a map. */
  entries(expression: string): Readonly<Record<string, string>> {
    const token = this.#token();
    this.#fillers.push((text) =>
      text.replace(
        new RegExp(`^( *)${token}: ''\n`, 'gm'),
        (_, indent: string) =>
          `${indent}{{- with ${expression} }}\n${indent}{{- toYaml . | nindent ${String(indent.length)} }}\n${indent}{{- end }}\n`,
      ),
    );
    return { [token]: '' };
  }

  /** Further variables of a container, given as a map. */
  variables(expression: string): Readonly<Record<string, string>> {
    const token = this.#token();
    this.#fillers.push((text) =>
      text.replace(new RegExp(`^( *)- name: ${token}\n +value: ''\n`, 'gm'), (_, indent: string) =>
        [`{{- range $name, $value := ${expression} }}`, '- name: {{ $name }}', '  value: {{ $value | quote }}', '{{- end }}']
          .map((line) => `${indent}${line}\n`)
          .join(''),
      ),
    );
    return { [token]: '' };
  }

  /** Further items of a list. */
  items(expression: string): never[] {
    const token = this.#token();
    this.#fillers.push((text) =>
      text.replace(
        new RegExp(`^( *)- ${token}\n`, 'gm'),
        (_, indent: string) =>
          `${indent}{{- with ${expression} }}\n${indent}{{- toYaml . | nindent ${String(indent.length)} }}\n${indent}{{- end }}\n`,
      ),
    );
    return [token as never];
  }

  /** A list of `name: …`, given as a list, or as YAML text; the field is omitted if it is empty. */
  names(expression: string): string {
    const token = this.#token();
    this.#fillers.push((text) =>
      text.replace(new RegExp(`^( *)(\\w+):\n +- name: ${token}\n`, 'gm'), (_, indent: string, key: string) => {
        const list = `{{- kindIs "string" . | ternary . (toYaml .) | trim | nindent ${String(indent.length + 2)} }}`;
        return `${indent}{{- with ${expression} }}\n${indent}${key}:\n${indent}  ${list}\n${indent}{{- end }}\n`;
      }),
    );
    return token;
  }

  /** Replaces every token by its Helm expression. */
  fill(text: string): string {
    return this.#fillers.reduce((filled, fill) => fill(filled), text);
  }

  #token(): string {
    return `hole_${String(this.#fillers.length)}_end`;
  }
}
