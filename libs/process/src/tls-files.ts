import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { BrupopError, describeError, type Clock, type Logger } from '@brupop/ports';

/** TLS material as PEM. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

interface TlsFilesOptions {
  /** Paths of the PEM files; see {@link secretVolume}. */
  readonly files: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly clock: Clock;
  /** 10 s by default, little compared with the one or two minutes in which a kubelet updates a changed Secret. */
  readonly checkIntervalMs?: number;
  readonly log: Logger;
  /** Called after the files have changed and are valid. */
  readonly onChange?: (material: TlsMaterial) => void;
}

/** TLS material that is reloaded when its files change. */
export interface TlsFiles {
  /** The same object until the files change. */
  material(): TlsMaterial;
  /** A context of the material; the same object until the files change. */
  secureContext(): SecureContext;
  /** Checks the files now, instead of after the interval. */
  check(): void;
  close(): void;
}

/** The files of a volume of a Secret of type `kubernetes.io/tls`, as cert-manager writes it. */
export function secretVolume(dir: string): { readonly ca: string; readonly cert: string; readonly key: string } {
  return { ca: join(dir, 'ca.crt'), cert: join(dir, 'tls.crt'), key: join(dir, 'tls.key') };
}

/**
 * Reads TLS files again when they change. If files are missing, incomplete or do not match, the last valid material stays in use.
 * @throws `BrupopError` `TLS_FILES` if they are invalid at the start
 */
export function tlsFiles(options: TlsFilesOptions): TlsFiles {
  const { files, clock, log, onChange, checkIntervalMs = 10_000 } = options;
  let good = read(files);
  let cancel: () => void = () => undefined;
  let loggedProblem = '';
  const check = (): void => {
    try {
      const next = read(files, good);
      loggedProblem = '';
      if (next === good) return;
      good = next;
    } catch (error) {
      const text = describeError(error);
      if (text !== loggedProblem) log.warn('Keeping the previous TLS files', { error, reason: 'the files on disk cannot be used' });
      loggedProblem = text;
      return;
    }
    log.info('Reloaded the TLS files', { files: Object.values(files) });
    onChange?.(good.material);
  };
  const schedule = (): void => {
    cancel = clock.setTimer(checkIntervalMs, () => {
      check();
      schedule();
    });
  };
  schedule();
  return {
    material: () => good.material,
    secureContext: () => good.context,
    check,
    close: () => {
      cancel();
    },
  };
}

interface Loaded {
  readonly material: TlsMaterial;
  readonly context: SecureContext;
}

// Reading small files synchronously every few seconds costs less than the four threads that asynchronous reads would start.
function read(files: TlsFilesOptions['files'], known?: Loaded): Loaded {
  try {
    const material = readAll(files);
    if (known !== undefined && same(material, known.material)) return known;
    // A kubelet swaps a symbolic link: files read before and after the swap do not match.
    if (!same(material, readAll(files))) throw new Error('the files changed while they were read');
    if (material.cert !== undefined && material.key !== undefined) {
      const fits = new X509Certificate(material.cert).checkPrivateKey(createPrivateKey(material.key));
      if (!fits) throw new Error('the private key does not match the certificate');
    }
    return { material, context: createSecureContext({ ...material }) };
  } catch (cause) {
    throw new BrupopError('TLS_FILES', `The TLS files cannot be used: ${describeError(cause)}`, { retry: 'transient', cause });
  }
}

function readAll(files: TlsFilesOptions['files']): TlsMaterial {
  return Object.fromEntries(Object.entries(files).map(([name, path]) => [name, readFileSync(path, 'utf8')]));
}

function same(a: TlsMaterial, b: TlsMaterial): boolean {
  return a.ca === b.ca && a.cert === b.cert && a.key === b.key;
}
