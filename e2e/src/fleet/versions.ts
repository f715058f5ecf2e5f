/** The version of every host at the start. */
export const OLD = '1.26.1';
/** The version that the repository offers. */
export const NEW = '1.27.0';
/** A release after {@link NEW}, where a test publishes it. */
export const NEXT = '1.28.0';
