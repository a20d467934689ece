/**
 * Finds out why telemetry does not arrive: `deno run -A jsr:@sik/llms/doctor`. Exits with 1 when something keeps it
 * from arriving.
 *
 * ```sh
 * OTEL_SDK_DISABLED=false deno run -A jsr:@sik/llms/doctor
 * ```
 *
 * @module
 */
import { setExitCode } from "./runtime.ts";
import { diagnoseTelemetry } from "./telemetry/diagnose.ts";
import { configureTelemetry, shutdownTelemetry } from "./telemetry/signals.ts";

const MARKS = { ok: "ok  ", warning: "warn", error: "FAIL" } as const;

configureTelemetry({ onError: () => {} }); // The findings say what is lost, and why.
const { state, findings } = await diagnoseTelemetry({ timeoutMs: 5000 });
for (const { level, message } of findings) console.log(`${MARKS[level]}  ${message}`);
const signals = [state.traces && "traces", state.metrics && "metrics"].filter(Boolean).join(" and ") || "nothing";
console.log(`\nRule: ${state.rule}. Recorded: ${signals}. Context manager: ${state.contextManager ? "yes" : "no"}.`);
if (findings.some(({ level }) => level === "error")) setExitCode(1);
await shutdownTelemetry({ timeoutMs: 2000 });
