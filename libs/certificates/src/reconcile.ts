import { createHash } from 'node:crypto';
import { isKubeStatus, type KubeClient, type ReconcileResult, type Regarding } from '@brupop/kube-runtime';
import type { Clock, Logger } from '@brupop/ports';
import { applyStep } from './apply.ts';
import { managedByCertManager, observationOf, readObjects, type Objects } from './observe.ts';
import { planCertificates, type CertificateObservation, type CertificateStep } from './plan.ts';
import type { CertificatePolicy } from './policy.ts';
import type { CertificateTargets } from './targets.ts';

/** What {@link createCertificateReconciler} needs. */
export interface CertificateReconcilerDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy: CertificatePolicy;
  readonly targets: CertificateTargets;
  /** Labels of the Secrets that are created. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly report?: CertificateReport;
}

/** Callbacks for events and metrics. */
export interface CertificateReport {
  /** A step was applied. @param regarding the object written, if it existed before */
  done?(step: CertificateStep, regarding: Regarding | undefined): void;
  /** The certificates expire at these times, in milliseconds since the Unix epoch. */
  expiry?(ends: { readonly authorityMs: number; readonly servingMs: number }): void;
  /** cert-manager manages these Secrets, so they are not changed. */
  leftAlone?(secrets: readonly string[]): void;
}

// A rotation takes three or four; more than this means that another client undoes the changes.
const MOST_STEPS = 10;
// The objects are not watched, and other clients may change them.
const CHECK_EVERY_MS = 5 * 60_000;
const SHORTEST_PAUSE_MS = 1_000;

/** Creates a reconciler: observe, decide, act, report. Its only state is a stopwatch; a new reconciler restarts the wait, which is safe. */
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
        return { requeueAfterMs: CHECK_EVERY_MS };
      }
      const content = observationOf(objects, policy.names);
      const observed: CertificateObservation = { ...content, settledForMs: stopwatch.since(content) };
      const plan = planCertificates(observed, clock.now(), policy);
      reportExpiry(report, observed);
      if (plan.kind === 'wait') {
        log.debug('No certificate change is due', { reason: plan.reason, waitMs: plan.waitMs });
        return { requeueAfterMs: Math.min(Math.max(plan.waitMs, SHORTEST_PAUSE_MS), CHECK_EVERY_MS) };
      }
      try {
        await applyStep({ client, targets, names: policy.names, labels }, objects, plan.step, signal);
      } catch (error) {
        // Another leader or a user changed the object first: decide again from its current state.
        if (!isKubeStatus(error, 404, 409)) throw error;
        log.debug('An object changed concurrently; planning again', { step: plan.step.kind, error });
        continue;
      }
      log.info('Changed certificates', { step: plan.step.kind, reason: plan.step.reason, ...whereTo(plan.step) });
      report.done?.(plan.step, regarding(objects, targets, plan.step));
    }
    log.warn('Certificates did not converge', { steps: MOST_STEPS, reason: 'another client seems to change the same objects' });
    return { requeueAfterMs: CHECK_EVERY_MS };
  };
}

/** Publishes the webhook's bundle unless cert-manager is configured to do so: no other component would, and kube-apiserver needs it. */
function publishForeign({ serving, webhook }: Omit<CertificateObservation, 'settledForMs'>): CertificateStep | undefined {
  const bundle = serving.bundle.text;
  if (serving.issuer === undefined || bundle === '' || webhook === undefined || webhook.injected || webhook.text === bundle)
    return undefined;
  return { kind: 'publish-bundle', reason: 'BundleDiffers', place: 'webhook', bundle };
}

const whereTo = (step: CertificateStep): object => (step.kind === 'publish-bundle' ? { place: step.place } : {});

/** Measures for how long the content has been unchanged, by the monotonic clock. */
function createStopwatch(clock: Clock): { since(content: Omit<CertificateObservation, 'settledForMs'>): number } {
  let known = '';
  let startMs = 0;
  return {
    since(content) {
      const text = createHash('sha256').update(JSON.stringify(content)).digest('base64');
      if (text !== known) {
        known = text;
        startMs = clock.monotonic();
      }
      return clock.monotonic() - startMs;
    },
  };
}

function reportExpiry(report: CertificateReport, { authority, serving }: CertificateObservation): void {
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
