import { createCertificateReconciler, DEFAULT_POLICY, serviceNames, type CertificateStep } from '@brupop/certificates';
import { APISERVER_CERTIFICATE, APISERVER_SERVICE, CLIENT_CERTIFICATE, CRD_NAME, ROOT_CA_SECRET } from '@brupop/crd-models';
import { createWorkQueue, type EventRecorder, type Regarding } from '@brupop/kube-runtime';
import type { CertificateSource } from './config.ts';
import type { Context } from './context.ts';

/** The settings of the certificates. */
export interface CertificateSettings {
  readonly source: CertificateSource;
  /** Names in the serving certificate besides those of the Service. */
  readonly names: readonly string[];
  readonly propagationMs: number;
}

interface CertificateDeps extends Context {
  readonly settings: CertificateSettings;
  readonly events: EventRecorder;
  readonly onExpiry: (ends: { readonly authorityMs: number; readonly servingMs: number }) => void;
}

/** @returns the certificate controller, which the leader runs until `signal` aborts; it depends on no cache */
export function createCertificateKeeper(deps: CertificateDeps): (signal: AbortSignal) => Promise<void> {
  const { client, clock, random, log, namespace, settings, events, onExpiry } = deps;
  if (settings.source !== 'operator') return () => Promise.resolve();

  return async (signal) => {
    // Each term starts with a new reconciler: what the last one saw may have changed since.
    const reconcile = createCertificateReconciler({
      client,
      clock,
      log,
      policy: {
        ...DEFAULT_POLICY,
        propagationMs: settings.propagationMs,
        names: [...serviceNames(APISERVER_SERVICE, namespace), ...settings.names],
      },
      targets: {
        namespace,
        authoritySecret: ROOT_CA_SECRET,
        servingSecret: APISERVER_CERTIFICATE,
        trustSecret: CLIENT_CERTIFICATE,
        customResourceDefinition: CRD_NAME,
      },
      labels: { 'app.kubernetes.io/managed-by': 'brupop', 'app.kubernetes.io/part-of': 'brupop' },
      report: {
        expiry: onExpiry,
        done: (step, regarding) => {
          record(events, step, regarding);
        },
      },
    });
    const queue = createWorkQueue<'certificates'>({ clock, log, random, reconcile: (_key, term) => reconcile(term) });
    queue.add('certificates');
    await queue.run(signal);
  };
}

const MESSAGES: Readonly<Record<CertificateStep['kind'], string>> = {
  'create-authority': 'Created a certificate authority',
  'renew-authority': 'Created a new certificate authority, which signs once all clients trust it',
  'issue-serving': 'Issued a new serving certificate',
  'publish-bundle': 'Updated the bundle of trusted authorities',
  'retire-authorities': 'Removed authorities that no longer sign from the bundle',
};

/** The first write to an object has no Event: the object did not exist for an Event to refer to. */
function record(events: EventRecorder, step: CertificateStep, regarding: Regarding | undefined): void {
  if (regarding !== undefined) events.record({ regarding, type: 'Normal', reason: step.reason, message: MESSAGES[step.kind] });
}
