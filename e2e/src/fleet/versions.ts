/** What every host runs at first. */
export const OLD = '1.26.1';
/** What the repository offers. */
export const NEW = '1.27.0';
/** A release that comes after {@link NEW}, where a test publishes it. */
export const NEXT = '1.28.0';
