/**
 * This package's name and version, as telemetry and servers are told them. A test compares them with `deno.json`.
 *
 * @module
 */

/** The package's name. */
export const PACKAGE_NAME = "@sik/llms";

/** The package's version. */
export const PACKAGE_VERSION = "0.1.0";
