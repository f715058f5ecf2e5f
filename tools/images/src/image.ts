import { NODE_FLAGS, PROCESS_ENVIRONMENT } from '@brupop/manifests';
import type { Component } from '@brupop/manifests';

/** What an image is made of, besides its base. */
export interface Image {
  /** Also the name of its archive. */
  readonly name: string;
  readonly title: string;
  readonly components: readonly Component[];
  readonly user: string;
}

/** Where the components lie in an image. The working directory, so that `./agent` names a program, as in the original's image. */
export const APP_FOLDER = '/app';

const NOBODY = '65532:65532';

/**
 * Every image. The agent runs as root, to whom the host's API socket belongs; so does the one that holds all three, as the original's
 * did, because it must suit the agent too.
 */
export const IMAGES: readonly Image[] = [
  { name: 'agent', title: 'Bottlerocket update operator: agent', components: ['agent'], user: '0:0' },
  { name: 'apiserver', title: 'Bottlerocket update operator: apiserver', components: ['apiserver'], user: NOBODY },
  { name: 'controller', title: 'Bottlerocket update operator: controller', components: ['controller'], user: NOBODY },
  { name: 'operator', title: 'Bottlerocket update operator', components: ['agent', 'apiserver', 'controller'], user: '0:0' },
];

/**
 * The program `./<component>`. Node.js takes the limits of its heap from its command line alone, of which a `#!` line holds one word; so
 * this one hands over to itself with all of them. It stays the same process.
 */
export function launcher(component: Component, node: string): string {
  const args = [...NODE_FLAGS[component], `${APP_FOLDER}/${component}.mjs`];
  return `#!${node} --disable-warning=ExperimentalWarning
process.execve(process.execPath, [process.execPath, ...${JSON.stringify(args)}, ...process.argv.slice(2)], process.env);
`;
}

/** What an image says of itself, in the words of the OCI's annotations. */
export interface Provenance {
  readonly version: string;
  /** Commit, where known. */
  readonly revision: string | undefined;
  /** Seconds since 1970. */
  readonly epoch: number;
  readonly base: string;
}

/** The recipe of an image, whose files lie in `rootfs/` beside it. No step runs anything, so any architecture can be built anywhere. */
export function containerfile({ title, components, user }: Image, { version, revision, epoch, base }: Provenance): string {
  const labels: Readonly<Record<string, string>> = {
    'org.opencontainers.image.title': title,
    'org.opencontainers.image.description': 'Coordinates Bottlerocket updates across a Kubernetes cluster',
    'org.opencontainers.image.version': version,
    ...(revision === undefined ? {} : { 'org.opencontainers.image.revision': revision }),
    'org.opencontainers.image.created': new Date(epoch * 1000).toISOString(),
    'org.opencontainers.image.licenses': 'Apache-2.0 OR MIT',
    'org.opencontainers.image.base.name': base,
  };
  const [only, ...others] = components;
  return [
    'ARG BASE',
    'FROM ${BASE}',
    'COPY --chown=0:0 rootfs/ /',
    ...Object.entries(labels).map(([name, value]) => `LABEL ${name}=${JSON.stringify(value)}`),
    ...Object.entries(PROCESS_ENVIRONMENT).map(([name, value]) => `ENV ${name}=${value}`),
    `WORKDIR ${APP_FOLDER}`,
    `USER ${user}`,
    // With several components in it, the image does not know which one is meant.
    `ENTRYPOINT ${JSON.stringify(others.length === 0 && only !== undefined ? [`./${only}`] : [])}`,
    'CMD []',
    '',
  ].join('\n');
}
