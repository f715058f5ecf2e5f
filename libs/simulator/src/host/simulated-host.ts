import { jsonResponse, sleep, textResponse } from '@brupop/ports';
import type { Clock, HttpHandler, HttpRequest, HttpResponse, Random } from '@brupop/ports';
import { HostAdmin } from './host-admin.ts';
import { HostFaults } from './host-faults.ts';
import { randomUuid } from './random-id.ts';
import { osBody, osImage, statusBody } from './status-json.ts';
import type { HostIdentity } from './status-json.ts';
import { bootDisk, EMPTY_STATUS, finishCommand, refuseCommand } from './update-status.ts';
import type { ChildOutcome, Disk, Offer, UpdateCommand, UpdateStatusFile } from './update-status.ts';
import { chooseUpdate, listVersions } from './versions.ts';
import type { ChoiceInput, UpdateRepository } from './versions.ts';

/** Durations on a host, in milliseconds. */
export interface HostTimings {
  readonly requestMs: number;
  readonly refreshMs: number;
  readonly downloadMs: number;
  readonly activateMs: number;
  /** From the answer to a request to reboot until the host is down. */
  readonly shutdownMs: number;
  /** From going down to being up again; a boot that fails takes twice as long. */
  readonly rebootMs: number;
}

/** Durations as on a small cloud machine. */
export const DEFAULT_HOST_TIMINGS: HostTimings = {
  requestMs: 5,
  refreshMs: 1_500,
  downloadMs: 20_000,
  activateMs: 1_000,
  shutdownMs: 3_000,
  rebootMs: 45_000,
};

/** Options of a {@link SimulatedHost}. */
export interface SimulatedHostOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly name: string;
  readonly version: string;
  /** The version that an earlier update left on the other partition; by default none. */
  readonly inactive?: string;
  readonly repository: UpdateRepository;
  readonly timings?: Partial<HostTimings>;
  readonly variant?: string;
  readonly arch?: string;
  /** How much later than the first wave this host is offered an update, in milliseconds. */
  readonly waveOffsetMs?: number;
  /** Called for each update command that the host has accepted, before the answer is sent. */
  readonly onCommand?: (command: UpdateCommand) => void;
}

/** Events of the machine: `shutting-down` (services are stopped), `down` (nothing runs), `booted`. */
export type HostEvent =
  | { readonly type: 'shutting-down' | 'down'; readonly bootId: string }
  | { readonly type: 'booted'; readonly bootId: string; readonly version: string; readonly rolledBack: boolean };

const REBOOT_REFUSED = 'Failed to reboot, exit code: 1, stderr: Operation inhibited by "kubelet"\n';

const COMMANDS: Readonly<Record<string, UpdateCommand>> = {
  '/actions/refresh-updates': 'refresh',
  '/actions/prepare-update': 'prepare',
  '/actions/activate-update': 'activate',
  '/actions/deactivate-update': 'deactivate',
};

/** A Bottlerocket host: its update API, its two partitions and its power switch. */
export class SimulatedHost {
  readonly name: string;
  readonly faults: HostFaults;
  /** The commands that people run on the host. */
  readonly admin: HostAdmin;
  /** `settings.updates.version-lock`. */
  versionLock = 'latest';
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #repository: UpdateRepository;
  readonly #timings: HostTimings;
  readonly #identity: HostIdentity;
  readonly #waveOffsetMs: number;
  readonly #onCommand: (command: UpdateCommand) => void;
  readonly #listeners = new Set<(event: HostEvent) => void>();
  readonly #locks = new Set<() => void>();
  #power: 'up' | 'shutting-down' | 'down' = 'up';
  #cancelPower: () => void = () => undefined;
  #bootId: string;
  #disk: Disk;
  #file: UpdateStatusFile | undefined;
  #socket = 0;
  #worker: Promise<unknown> = Promise.resolve();
  #children = 0;

  constructor(options: SimulatedHostOptions) {
    this.name = options.name;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#repository = options.repository;
    this.#timings = { ...DEFAULT_HOST_TIMINGS, ...options.timings };
    this.#identity = { arch: options.arch ?? 'x86_64', variant: options.variant ?? 'aws-k8s-1.30' };
    this.#waveOffsetMs = options.waveOffsetMs ?? 0;
    this.#onCommand = options.onCommand ?? (() => undefined);
    this.#bootId = randomUuid(options.random);
    this.#disk = { active: options.version, inactive: options.inactive ?? null, bootsInactive: false };
    this.faults = new HostFaults({
      holdLock: (ms) => {
        this.#lock(ms, () => undefined);
      },
      replaceSocket: () => {
        this.#socket++;
      },
    });
    this.admin = new HostAdmin(this, options.clock);
  }

  /** `/proc/sys/kernel/random/boot_id`: a new one for each boot. */
  get bootId(): string {
    return this.#bootId;
  }

  /** The running version. */
  get version(): string {
    return this.#disk.active;
  }

  /** `Bottlerocket OS 1.26.1 (aws-k8s-1.30)`. */
  get osImage(): string {
    return osImage(this.#disk.active, this.#identity.variant);
  }

  get arch(): string {
    return this.#identity.arch;
  }

  /** Whether processes run on the host; still true while it shuts down. */
  get isUp(): boolean {
    return this.#power !== 'down';
  }

  /** The update status, which no client can read while the lock is taken; undefined before the first action since the boot. */
  get updateStatus(): UpdateStatusFile | undefined {
    return this.#file;
  }

  /** The API at its current socket. Rejects with `ECONNREFUSED` while the host is down. */
  readonly handle: HttpHandler = (request) => this.#serve(request);

  /** The API through a bind mount of the current socket file: dead for good once the host or its API server has restarted. */
  mountSocket(): HttpHandler {
    const socket = this.#socket;
    return (request) => (socket === this.#socket ? this.#serve(request) : Promise.reject(connectionError('ECONNREFUSED')));
  }

  /** Calls `listener` at each {@link HostEvent} until the returned function is called. */
  onReboot(listener: (event: HostEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reboots in an orderly way; nothing can refuse it. */
  reboot(): void {
    if (this.#power !== 'up') return;
    this.#power = 'shutting-down';
    this.#emit({ type: 'shutting-down', bootId: this.#bootId });
    this.#cancelPower = this.#clock.setTimer(this.#timings.shutdownMs, () => {
      this.#goDown();
      if (!this.faults.take('comeBack')) this.powerOn();
    });
  }

  /** Cuts the power; the host stays down until `powerOn`. */
  powerOff(): void {
    this.#cancelPower();
    if (this.#power !== 'down') this.#goDown();
  }

  /** Starts a host that is down; it is up `rebootMs` later. */
  powerOn(): void {
    if (this.#power !== 'down') return;
    this.#cancelPower();
    const booted = bootDisk(this.#disk, this.#disk.bootsInactive && this.faults.take('boot'));
    this.#cancelPower = this.#clock.setTimer(this.#timings.rebootMs * (booted.rolledBack ? 2 : 1), () => {
      this.#disk = booted.disk;
      this.#bootId = randomUuid(this.#random);
      this.#socket++;
      this.#power = 'up';
      this.#emit({ type: 'booted', bootId: this.#bootId, version: this.version, rolledBack: booted.rolledBack });
    });
  }

  #goDown(): void {
    this.#power = 'down';
    this.#file = undefined;
    for (const cancel of this.#locks) cancel();
    this.#locks.clear();
    this.#worker = Promise.resolve();
    this.#emit({ type: 'down', bootId: this.#bootId });
  }

  #emit(event: HostEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** One worker serves the requests in turn. */
  #serve(request: HttpRequest): Promise<HttpResponse> {
    if (!this.isUp || this.faults.isRefusing) return Promise.reject(connectionError('ECONNREFUSED'));
    const bootId = this.#bootId;
    const turn = this.#worker.then(async () => {
      await sleep(this.#clock, this.#timings.requestMs + this.faults.takeStallMs());
      if (!this.isUp || bootId !== this.#bootId) throw connectionError('ECONNRESET');
      return this.#answer(request);
    });
    this.#worker = turn.catch(() => undefined);
    return turn;
  }

  #answer({ method, path }: HttpRequest): HttpResponse {
    const route = path.split('?')[0] ?? path;
    if (method === 'GET' && route === '/os') return jsonResponse(200, osBody(this.version, this.#identity));
    if (method === 'GET' && route === '/updates/status') return this.#answerStatus();
    if (method !== 'POST') return textResponse(404);
    if (route === '/actions/reboot') return this.#answerReboot();
    const command = COMMANDS[route];
    return command === undefined ? textResponse(404) : this.#answerCommand(command);
  }

  #answerStatus(): HttpResponse {
    if (this.#locks.size > 0) {
      return textResponse(423, 'Unable to obtain shared lock for reading update status: Resource temporarily unavailable (os error 11)');
    }
    if (this.#file === undefined) return textResponse(404, 'Update status is uninitialized, refresh-updates to initialize it');
    return jsonResponse(200, { ...statusBody(this.#file, this.#disk, this.#identity), ...this.#unknownState() });
  }

  #unknownState(): object {
    const { unknownState } = this.faults;
    return unknownState === undefined ? {} : { update_state: unknownState };
  }

  #answerReboot(): HttpResponse {
    if (this.faults.take('rebootRefused')) return textResponse(500, REBOOT_REFUSED);
    this.reboot();
    return textResponse(204);
  }

  #answerCommand(command: UpdateCommand): HttpResponse {
    if (this.#locks.size > 0) return textResponse(423, 'Update lock held');
    this.#file ??= EMPTY_STATUS;
    const refusal = refuseCommand(command, this.#file);
    if (refusal !== undefined) return textResponse(refusal.status, refusal.body);
    const offer = this.#offer();
    // The download overwrites the other partition: its image is gone.
    if (command === 'prepare' && offer.chosen !== null) this.#disk = { ...this.#disk, inactive: null, bootsInactive: false };
    const outcome = this.#takeOutcome(command);
    const isVersionHidden = command === 'prepare' && this.faults.take('otherWords');
    this.#lock(this.#durationMs(command), () => {
      if (outcome !== 'died') this.#finish(command, outcome, offer, isVersionHidden);
    });
    this.#onCommand(command);
    return textResponse(204);
  }

  #takeOutcome(command: UpdateCommand): ChildOutcome | 'died' {
    if (this.faults.take('childDies')) return 'died';
    if (command === 'refresh' && this.faults.take('refresh')) return 'failed';
    if (command === 'prepare' && this.faults.take('download')) return 'failed';
    return command === 'refresh' && this.faults.take('unparsable') ? 'unparsable' : 'success';
  }

  #durationMs(command: UpdateCommand): number {
    if (command === 'refresh') return this.#timings.refreshMs;
    return command === 'prepare' ? this.#timings.downloadMs : this.#timings.activateMs;
  }

  #lock(ms: number, onRelease: () => void): void {
    const cancel = this.#clock.setTimer(ms, () => {
      this.#locks.delete(cancel);
      onRelease();
    });
    this.#locks.add(cancel);
  }

  #offer(): Offer {
    const choice: ChoiceInput = {
      repository: this.#repository,
      running: this.version,
      versionLock: this.versionLock,
      waveOffsetMs: this.#waveOffsetMs,
      nowMs: this.#clock.now(),
    };
    return { listed: listVersions(choice), chosen: chooseUpdate(choice) };
  }

  #finish(command: UpdateCommand, outcome: ChildOutcome, offer: Offer, isVersionHidden: boolean): void {
    const finished = finishCommand({
      command,
      outcome,
      file: this.#file ?? EMPTY_STATUS,
      disk: this.#disk,
      offer,
      isVersionHidden,
      timestamp: this.#timestamp(),
    });
    this.#file = finished.file;
    this.#disk = finished.disk;
  }

  /** The nanoseconds count the children, so that every timestamp is unique. */
  #timestamp(): string {
    this.#children = (this.#children + 1) % 1_000_000;
    return new Date(this.#clock.now()).toISOString().replace('Z', `${String(this.#children).padStart(6, '0')}Z`);
  }
}

/** The error of a client when nothing listens (`ECONNREFUSED`) or the listener dies (`ECONNRESET`). */
function connectionError(code: 'ECONNREFUSED' | 'ECONNRESET'): Error {
  return Object.assign(new Error(`connect ${code} /run/api.sock`), { code });
}
