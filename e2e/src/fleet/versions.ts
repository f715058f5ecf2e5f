/** What every host runs at first. */
export const OLD = '1.26.1';
/** What the repository offers. */
export const NEW = '1.27.0';
