/** Variables of `.env` that name the images. */
const VARIABLES: Readonly<Record<string, string>> = {
  agent: 'BRUPOP_AGENT_IMAGE',
  apiserver: 'BRUPOP_APISERVER_IMAGE',
  controller: 'BRUPOP_CONTROLLER_IMAGE',
  operator: 'BRUPOP_CONTAINER_IMAGE',
};

/** The name of an image: that in the manifest, or else a local one. */
export function imageName(image: string, env: Readonly<Record<string, string | undefined>>): string {
  const given = env[VARIABLES[image] ?? ''];
  return given === undefined || given === '' ? `localhost/brupop-${image}:latest` : given;
}

/** The tag of an image name, which is its version. */
export function versionOf(name: string): string {
  return /:([^/:@]+)(?:@.*)?$/.exec(name)?.[1] ?? 'latest';
}
