/**
 * What program and onlooker share.
 *
 * @module
 */

/** The attribute of every request that names its row, so that its trace is found. */
export const ROW = "contract.row";

/** How long nothing happens between two calls and the third. */
export const IDLE_MS = 1_000;
