/**
 * Who sends: the resource's attributes (https://opentelemetry.io/docs/specs/semconv/resource/).
 *
 * @module
 */
import { defaultResource } from "@opentelemetry/resources";
import type { Attributes } from "../otel_types.ts";
import { PACKAGE_VERSION } from "../version.ts";
import type { Environment } from "./environment.ts";
import { normalizeAttributes } from "./normalize.ts";
import type { OtelOptions } from "./options.ts";

/** Random per process or isolate; made when first asked for, since workers give no randomness at module scope. */
let instanceId: string | undefined;

/** The attributes of the resource: defaults, then the environment's, then those given in code. */
export function resourceAttributes(options: OtelOptions, environment: Environment): Attributes {
  instanceId ??= crypto.randomUUID();
  return {
    "service.name": "sik-llms",
    "service.version": PACKAGE_VERSION, // The program's own comes by OTEL_RESOURCE_ATTRIBUTES, or by `resource`.
    "service.instance.id": instanceId,
    ...sdkAttributes(),
    ...environment.resource,
    ...(environment.serviceName === undefined ? {} : { "service.name": environment.serviceName }),
    ...normalizeAttributes(options.resource, { json: false }),
    ...(options.serviceName === undefined ? {} : { "service.name": options.serviceName }),
  };
}

/** `telemetry.sdk.*`, as the SDK says them of itself. */
function sdkAttributes(): Attributes {
  const known = Object.entries(defaultResource().attributes);
  return Object.fromEntries(known.filter(([name]) => name.startsWith("telemetry.sdk.")));
}
