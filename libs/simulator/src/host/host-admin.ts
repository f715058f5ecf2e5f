import { sleep } from '@brupop/ports';
import type { Clock, HttpHandler, HttpResponse } from '@brupop/ports';
import type { UpdateStatusFile } from './update-status.ts';

/** The part of a host that an administrator uses. */
export interface AdministeredHost {
  readonly handle: HttpHandler;
  readonly updateStatus: UpdateStatusFile | undefined;
}

/** Result of an `apiclient` run. */
export type AdminResult = { readonly ok: true } | { readonly ok: false; readonly message: string };

const POLL_MS = 500;
const PATIENCE_MS = 10 * 60_000;

/** `apiclient` as run by people, at any time, between any two steps of the agent. Never rejects. */
export class HostAdmin {
  readonly #host: AdministeredHost;
  readonly #clock: Clock;

  constructor(host: AdministeredHost, clock: Clock) {
    this.#host = host;
    this.#clock = clock;
  }

  /** `apiclient update check`. */
  check(): Promise<AdminResult> {
    return this.#run(['/actions/refresh-updates']);
  }

  /** `apiclient update apply --check`, optionally with `--reboot`: it reboots only into an update that it has applied itself. */
  async apply({ reboot = false }: { readonly reboot?: boolean } = {}): Promise<AdminResult> {
    const checked = await this.check();
    if (!checked.ok) return checked;
    const state = this.#host.updateStatus?.state;
    if (state === 'Idle' || state === 'Ready') return { ok: true };
    const steps = ['/actions/prepare-update', '/actions/activate-update'];
    return this.#run(reboot ? [...steps, '/actions/reboot'] : steps);
  }

  /** `apiclient update cancel`: a staged image stays staged. */
  cancel(): Promise<AdminResult> {
    return this.#run(['/actions/deactivate-update']);
  }

  /** `apiclient reboot`. */
  reboot(): Promise<AdminResult> {
    return this.#run(['/actions/reboot']);
  }

  async #run(paths: readonly string[]): Promise<AdminResult> {
    try {
      for (const path of paths) {
        const started = await this.#request('POST', path);
        if (started.status !== 204) return { ok: false, message: `${path}: ${String(started.status)} ${await started.text()}` };
        if (path === '/actions/reboot') return { ok: true };
        await this.#untilUnlocked();
        const result = this.#host.updateStatus?.mostRecent;
        if (result?.status === 'Failed') return { ok: false, message: `${path}: ${result.stderr ?? 'failed'}` };
      }
      return { ok: true };
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
  }

  async #untilUnlocked(): Promise<void> {
    const giveUpAt = this.#clock.monotonic() + PATIENCE_MS;
    while ((await this.#request('GET', '/updates/status')).status === 423) {
      if (this.#clock.monotonic() > giveUpAt) throw new Error('the update lock was not released');
      await sleep(this.#clock, POLL_MS);
    }
  }

  #request(method: 'GET' | 'POST', path: string): Promise<HttpResponse> {
    return this.#host.handle({ method, path }, new AbortController().signal);
  }
}
