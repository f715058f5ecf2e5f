import { NODE_FLAGS, PROCESS_ENVIRONMENT } from '@brupop/manifests';
import type { Component } from '@brupop/manifests';

/** Definition of an image, besides its base. */
export interface Image {
  /** Also the name of its archive. */
  readonly name: string;
  readonly title: string;
  readonly components: readonly Component[];
  readonly user: string;
}

/** Folder of the components in an image. It is the working directory, so that `./agent` names a program, as in the image of Brupop 1.x. */
export const APP_FOLDER = '/app';

const NONROOT = '65532:65532';

/**
 * Every image. The agent runs as root, which owns the host's API socket. So does the image with all three components, like that of
 * Brupop 1.x, because it must work for the agent, too.
 */
export const IMAGES: readonly Image[] = [
  { name: 'agent', title: 'Bottlerocket update operator: agent', components: ['agent'], user: '0:0' },
  { name: 'apiserver', title: 'Bottlerocket update operator: apiserver', components: ['apiserver'], user: NONROOT },
  { name: 'controller', title: 'Bottlerocket update operator: controller', components: ['controller'], user: NONROOT },
  { name: 'operator', title: 'Bottlerocket update operator', components: ['agent', 'apiserver', 'controller'], user: '0:0' },
];

/**
 * The program `./<component>`. Node.js takes its heap limits only from the command line, and a `#!` line has room for one argument; so
 * this program executes Node.js again with all of them, in the same process.
 */
export function launcher(component: Component, node: string): string {
  const args = [...NODE_FLAGS[component], `${APP_FOLDER}/${component}.mjs`];
  return `#!${node} --disable-warning=ExperimentalWarning
process.execve(process.execPath, [process.execPath, ...${JSON.stringify(args)}, ...process.argv.slice(2)], process.env);
`;
}

/** Metadata of an image, for the OCI annotations. */
export interface Provenance {
  readonly version: string;
  /** Commit, if known. */
  readonly revision: string | undefined;
  /** Seconds since 1970. */
  readonly epoch: number;
  readonly base: string;
}

/** The Containerfile of an image; its files are in `rootfs/`. No step runs a command, so any architecture can be built anywhere. */
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
    // With several components, the image does not know which one to start.
    `ENTRYPOINT ${JSON.stringify(others.length === 0 && only !== undefined ? [`./${only}`] : [])}`,
    'CMD []',
    '',
  ].join('\n');
}
