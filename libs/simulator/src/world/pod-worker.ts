import type { Clock } from '@brupop/ports';
import type { PodObject } from './objects.ts';
import { isFinished, isReady, placeOfObject } from './objects.ts';
import type { PodContext, PodRunner, RunningPod } from './pod-runner.ts';
import { RUN_CONTAINER } from './pod-runner.ts';
import { podStatus } from './pod-status.ts';
import { timestamp } from './timestamps.ts';
import type { ClusterTimings } from './timings.ts';
import type { WorldStore } from './world-store.ts';

/** What all pods of a node share. */
export interface PodWorkerShared {
  readonly clock: Clock;
  readonly store: WorldStore;
  readonly timings: ClusterTimings;
  readonly runner: PodRunner | undefined;
  readonly hostIP: string;
  readonly contextOf: (pod: PodObject, podIP: string, exited: (code: number) => void) => PodContext;
  readonly log: (type: string, subject: string, message: string) => void;
}

/** The life of one pod on a node, from binding to removal. */
export class PodWorker {
  readonly uid: string;
  readonly #shared: PodWorkerShared;
  readonly #podIP: string;
  readonly #timers = new Map<string, () => void>();
  #pod: PodObject;
  #running: RunningPod | undefined;
  /** Counts the starts; reports of an earlier run are ignored. */
  #run = 0;
  #restartCount: number;
  #failures = 0;
  #startedAtMs: number | undefined;
  #startedAt: string | undefined;
  #exitCode: number | undefined;
  #ready = false;
  #terminating = false;
  #shuttingDown = false;
  #ended = false;

  constructor(shared: PodWorkerShared, pod: PodObject, podIP: string) {
    this.#shared = shared;
    this.#pod = pod;
    this.#podIP = podIP;
    this.uid = pod.metadata.uid ?? '';
    const before = pod.status?.containerStatuses?.[0];
    // The containers of a pod that ran before a reboot are restarted: the pod stays.
    this.#restartCount = before === undefined ? 0 : before.restartCount + 1;
    if (pod.metadata.deletionTimestamp !== undefined) {
      this.#remove();
      return;
    }
    if (isFinished(pod)) return;
    this.#report(before === undefined ? 'Pending' : 'Running');
    this.#after('start', shared.timings.podStartMs, () => {
      this.#start();
    });
  }

  /** Handles a change of the pod. */
  observe(pod: PodObject): void {
    this.#pod = pod;
    if (this.#terminating || this.#ended) return;
    if (pod.metadata.deletionTimestamp !== undefined) this.#terminate();
    // Another component wrote the status: the node lifecycle controller does for a node that it considers lost.
    else if (this.#startedAtMs !== undefined && isReady(pod) !== this.#ready) this.#report('Running', this.#ready);
  }

  /** SIGKILLs the process, as the kernel does when memory runs out; the kubelet restarts it. */
  kill(): void {
    if (this.#startedAtMs === undefined || this.#terminating) return;
    const killed = this.#running;
    this.#onExit(this.#run, 137);
    void killed?.stop('SIGKILL');
  }

  /** Stops the program, since the host shuts down. */
  hostShutsDown(): void {
    this.#shuttingDown = true;
    this.#cancel('start');
    void this.#running?.stop('SIGTERM');
  }

  /** The host is off: nothing runs, nothing is reported. Also ends a pod whose object has been removed. */
  lose(): void {
    this.#ended = true;
    this.#run++;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    void this.#running?.stop('SIGKILL');
    this.#running = undefined;
  }

  get #isRun(): boolean {
    return this.#pod.spec.containers.some(({ name }) => name === RUN_CONTAINER);
  }

  #start(): void {
    const { clock, runner, timings, log } = this.#shared;
    const run = ++this.#run;
    this.#startedAtMs = clock.now();
    this.#startedAt = timestamp(clock);
    this.#exitCode = undefined;
    log('container-started', this.#name, `restart ${String(this.#restartCount)}`);
    if (!this.#isRun || runner === undefined) {
      this.#report('Running', true);
      if ((this.#pod.spec.restartPolicy ?? 'Always') !== 'Always') {
        this.#after('job', timings.jobMs, () => {
          this.#complete();
        });
      }
      return;
    }
    this.#report('Running', false);
    const exited = (code: number): void => {
      this.#onExit(run, code);
    };
    try {
      this.#running = runner.start(this.#pod, this.#shared.contextOf(this.#pod, this.#podIP, exited));
    } catch {
      this.#onExit(run, 1);
      return;
    }
    this.#probe(run);
  }

  #probe(run: number): void {
    this.#after('probe', this.#shared.timings.readinessPeriodMs, () => {
      const program = this.#running;
      if (program === undefined || run !== this.#run) return;
      const onProbe = (ready: boolean): void => {
        if (run !== this.#run || this.#ended || this.#terminating) return;
        if (ready !== this.#ready) this.#report('Running', ready);
        this.#probe(run);
      };
      program.isReady().then(onProbe, () => {
        onProbe(false);
      });
    });
  }

  #onExit(run: number, code: number): void {
    if (run !== this.#run || this.#ended) return;
    const { clock, timings, log } = this.#shared;
    const ranMs = clock.now() - (this.#startedAtMs ?? clock.now());
    this.#run++;
    this.#running = undefined;
    this.#startedAtMs = undefined;
    this.#startedAt = undefined;
    this.#exitCode = code;
    this.#cancel('probe');
    log('container-exited', this.#name, `code ${String(code)}`);
    if (this.#terminating) {
      this.#remove();
      return;
    }
    // Nothing is restarted on a host that shuts down; the next boot does that.
    if (this.#shuttingDown) return;
    this.#failures = ranMs >= timings.restartBackoffResetMs ? 1 : this.#failures + 1;
    this.#restartCount++;
    this.#report('Running', false);
    const backoffMs = Math.min(timings.restartBackoffMaxMs, timings.restartBackoffMs * 2 ** Math.min(this.#failures - 1, 20));
    this.#after('start', backoffMs, () => {
      this.#start();
    });
  }

  #complete(): void {
    this.#startedAtMs = undefined;
    this.#startedAt = undefined;
    this.#exitCode = 0;
    this.#run++;
    this.#report('Succeeded', false);
  }

  #terminate(): void {
    const { timings, log } = this.#shared;
    this.#terminating = true;
    this.#cancel('start');
    this.#cancel('job');
    this.#cancel('probe');
    log('pod-terminating', this.#name, '');
    const seconds = this.#pod.metadata.deletionGracePeriodSeconds ?? this.#pod.spec.terminationGracePeriodSeconds ?? 30;
    const graceMs = seconds * 1_000;
    const program = this.#running;
    if (program === undefined) {
      this.#after('grace', this.#startedAtMs === undefined ? 0 : Math.min(timings.terminationMs, graceMs), () => {
        this.#remove();
      });
      return;
    }
    const run = this.#run;
    const ended = (): void => {
      this.#onExit(run, 0);
    };
    this.#after('grace', graceMs, () => {
      void program.stop('SIGKILL');
      this.#onExit(run, 137);
    });
    Promise.resolve(program.stop('SIGTERM')).then(ended, ended);
  }

  #remove(): void {
    if (this.#ended) return;
    this.lose();
    this.#shared.log('pod-removed', this.#name, '');
    this.#shared.store.delete('Pod', placeOfObject(this.#pod), { gracePeriodSeconds: 0 });
  }

  #report(phase: 'Pending' | 'Running' | 'Succeeded', ready = false): void {
    const { clock, store, hostIP } = this.#shared;
    if (ready !== this.#ready) this.#shared.log(ready ? 'pod-ready' : 'pod-not-ready', this.#name, '');
    this.#ready = ready;

    const facts = {
      phase,
      ready,
      restartCount: this.#restartCount,
      startedAt: this.#startedAt,
      exitCode: this.#exitCode,
      podIP: this.#podIP,
      hostIP,
    };
    const status = podStatus(this.#pod, facts, timestamp(clock));
    if (store.get('Pod', placeOfObject(this.#pod))?.metadata.uid === this.uid)
      store.patch('Pod', placeOfObject(this.#pod), { status }, 'status');
  }

  get #name(): string {
    return `${this.#pod.metadata.namespace ?? ''}/${this.#pod.metadata.name}`;
  }

  #after(name: string, delayMs: number, then: () => void): void {
    this.#cancel(name);
    this.#timers.set(
      name,
      this.#shared.clock.setTimer(delayMs, () => {
        this.#timers.delete(name);
        then();
      }),
    );
  }

  #cancel(name: string): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }
}
