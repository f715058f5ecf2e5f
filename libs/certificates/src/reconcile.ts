import { createHash } from 'node:crypto';
import { isKubeStatus } from '@brupop/kube-runtime';
import type { KubeClient, ReconcileResult, Regarding } from '@brupop/kube-runtime';
import type { Clock, Logger } from '@brupop/ports';
import { applyStep } from './apply.ts';
import { managedByCertManager, observationOf, readObjects } from './observe.ts';
import type { Objects } from './observe.ts';
import { planCertificates } from './plan.ts';
import type { CertificateObservation, CertificateStep } from './plan.ts';
import type { CertificatePolicy } from './policy.ts';
import type { CertificateTargets } from './targets.ts';

/** What one reconcile works with. */
export interface CertificateReconcilerDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy: CertificatePolicy;
  readonly targets: CertificateTargets;
  /** Labels of the Secrets that are made. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly report?: CertificateReport;
}

/** Told what was done and what is there, for events and metrics. */
export interface CertificateReport {
  /** @param regarding the object written, if it existed before */
  done?(step: CertificateStep, regarding: Regarding | undefined): void;
  /** Certificates end at these times, milliseconds since the Unix epoch. */
  expiry?(ends: { readonly authorityMs: number; readonly servingMs: number }): void;
  /** cert-manager keeps these Secrets up: nothing is done. */
  leftAlone?(secrets: readonly string[]): void;
}

// A rotation takes three or four; more than this means that somebody undoes what we do.
const MOST_STEPS = 10;
// Nothing is watched: somebody may have changed an object by hand.
const LOOK_AGAIN_MS = 5 * 60_000;
const SHORTEST_PAUSE_MS = 1_000;

/** Makes one reconcile: observe, decide, act, report. Its memory is only a stopwatch; a new one begins the waiting anew, and that is safe. */
export function createCertificateReconciler(deps: CertificateReconcilerDeps): (signal: AbortSignal) => Promise<ReconcileResult> {
  const { client, clock, log, policy, targets, labels = {}, report = {} } = deps;
  const stopwatch = createStopwatch(clock);

  return async (signal) => {
    for (let count = 0; count < MOST_STEPS; count++) {
      const objects = await readObjects(client, targets, signal);
      const managed = await managedByCertManager(client, objects, signal);
      if (managed.length > 0) {
        log.warn('Not managing certificates', { secrets: managed, reason: 'cert-manager manages them' });
        report.leftAlone?.(managed);
        const step = publishForeign(observationOf(objects, policy.names));
        if (step !== undefined) {
          await applyStep({ client, targets, names: policy.names, labels }, objects, step, signal);
          log.info('Changed certificates', { step: step.kind, reason: step.reason, ...whereTo(step) });
        }
        return { requeueAfterMs: LOOK_AGAIN_MS };
      }
      const seen = observationOf(objects, policy.names);
      const observed: CertificateObservation = { ...seen, settledForMs: stopwatch.since(seen) };
      const plan = planCertificates(observed, clock.now(), policy);
      tellExpiry(report, observed);
      if (plan.kind === 'wait') {
        log.debug('No certificate change is due', { reason: plan.reason, waitMs: plan.waitMs });
        return { requeueAfterMs: Math.min(Math.max(plan.waitMs, SHORTEST_PAUSE_MS), LOOK_AGAIN_MS) };
      }
      try {
        await applyStep({ client, targets, names: policy.names, labels }, objects, plan.step, signal);
      } catch (error) {
        // Another leader, or a person, was quicker: what there is now decides.
        if (!isKubeStatus(error, 404, 409)) throw error;
        log.debug('An object changed concurrently; planning again', { step: plan.step.kind, error });
        continue;
      }
      log.info('Changed certificates', { step: plan.step.kind, reason: plan.step.reason, ...whereTo(plan.step) });
      report.done?.(plan.step, regarding(objects, targets, plan.step));
    }
    log.warn('Certificates did not converge', { steps: MOST_STEPS, reason: 'another client seems to change the same objects' });
    return { requeueAfterMs: LOOK_AGAIN_MS };
  };
}

/** The webhook's bundle stays ours, unless cert-manager is asked to write that too: nobody else would tell kube-apiserver whom to trust. */
function publishForeign({ serving, webhook }: Omit<CertificateObservation, 'settledForMs'>): CertificateStep | undefined {
  const bundle = serving.bundle.text;
  if (serving.issuer === undefined || bundle === '' || webhook === undefined || webhook.injected || webhook.text === bundle)
    return undefined;
  return { kind: 'publish-bundle', reason: 'BundleDiffers', place: 'webhook', bundle };
}

const whereTo = (step: CertificateStep): object => (step.kind === 'publish-bundle' ? { place: step.place } : {});

/** Measures for how long the same has been seen, on the clock that does not jump. */
function createStopwatch(clock: Clock): { since(seen: Omit<CertificateObservation, 'settledForMs'>): number } {
  let known = '';
  let startMs = 0;
  return {
    since(seen) {
      const text = createHash('sha256').update(JSON.stringify(seen)).digest('base64');
      if (text !== known) {
        known = text;
        startMs = clock.monotonic();
      }
      return clock.monotonic() - startMs;
    },
  };
}

function tellExpiry(report: CertificateReport, { authority, serving }: CertificateObservation): void {
  if (authority.current === undefined || serving.leaf === undefined) return;
  report.expiry?.({ authorityMs: authority.current.notAfterMs, servingMs: serving.leaf.notAfterMs });
}

function regarding(
  { authority, serving, trust, definition }: Objects,
  targets: CertificateTargets,
  step: CertificateStep,
): Regarding | undefined {
  if (step.kind === 'publish-bundle' && step.place === 'webhook') {
    const uid = definition?.metadata.uid;
    const name = targets.customResourceDefinition;
    return uid === undefined ? undefined : { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name, uid };
  }
  const place = step.kind === 'publish-bundle' ? step.place : step.kind === 'issue-serving' ? 'serving' : 'authority';
  const secret = place === 'trust' ? trust : place === 'serving' ? serving : authority;
  const uid = secret?.metadata.uid;
  if (secret === undefined || uid === undefined) return undefined;
  return { apiVersion: 'v1', kind: 'Secret', namespace: targets.namespace, name: secret.metadata.name, uid };
}
