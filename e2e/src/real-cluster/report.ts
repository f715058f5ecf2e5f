/** How a step ended. */
interface Ended {
  readonly name: string;
  readonly seconds: number;
  readonly passed: boolean;
}

/** Reports the progress of the tests, and a summary at the end. */
export class Report {
  readonly #out: { write(text: string): unknown };
  readonly #ended: Ended[] = [];
  readonly #notRun: string[] = [];
  readonly #leftOut: string[] = [];

  constructor(out: { write(text: string): unknown }) {
    this.#out = out;
  }

  line(text: string): void {
    this.#out.write(`${text.replaceAll(/^/gm, '     ')}\n`);
  }

  /** Runs a step and notes how it ended. @returns whether it passed */
  async step(name: string, shows: string, run: () => Promise<void>): Promise<boolean> {
    this.#out.write(`---- ${name}: ${shows}\n`);
    const startedMs = performance.now();
    let passed = true;
    try {
      await run();
    } catch (error) {
      passed = false;
      this.line(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    const seconds = (performance.now() - startedMs) / 1000;
    this.#ended.push({ name, seconds, passed });
    this.#out.write(`${passed ? 'ok  ' : 'FAIL'} ${name} (${seconds.toFixed(1)} s)\n`);
    return passed;
  }

  /** Records a step that could not be tried. */
  notRun(name: string, why: string): void {
    this.#notRun.push(`${name} (${why})`);
  }

  /** Records a step that this machine cannot run; it counts neither way. */
  leftOut(name: string, why: string): void {
    this.#leftOut.push(`${name} (${why})`);
  }

  /** Prints the time of each step and the counts. @returns the exit code */
  summary(): number {
    this.#out.write('\n');
    for (const { name, seconds, passed } of this.#ended) {
      this.#out.write(`${passed ? 'ok  ' : 'FAIL'} ${name.padEnd(20)} ${seconds.toFixed(1).padStart(7)} s\n`);
    }
    for (const text of this.#leftOut) this.#out.write(`left out: ${text}\n`);
    for (const text of this.#notRun) this.#out.write(`not run: ${text}\n`);
    const failed = this.#ended.filter(({ passed }) => !passed).length;
    this.#out.write(`${this.#ended.length - failed} passed, ${failed} failed\n`);
    return failed > 0 || this.#notRun.length > 0 ? 1 : 0;
  }
}
