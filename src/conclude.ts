/**
 * What a connection adds to what a dialect knows: price and times.
 *
 * @module
 */
import { modelInfo } from "./catalog.ts";
import type { Call, Connection, Progress } from "./connection.ts";
import { addCost, costOf } from "./cost.ts";
import { resultWithoutSecrets } from "./secrecy.ts";
import { tierMultiplier } from "./service_tier.ts";
import { ApiError, LlmError } from "./error.ts";
import type { Result } from "./event.ts";
import type { Billed, DecodedResult } from "./provider.ts";
import type { Cost, ModelPrice } from "./usage.ts";

/** The result of a call, whose answer is still to be parsed. */
export function conclude({ connection, secrets }: Call, decoded: DecodedResult, progress: Progress): Result {
  const now = performance.now();
  // The caller's own price says what the caller pays, whatever the vendor reports.
  const cost = connection.price === undefined && decoded.cost || priced(connection, decoded);
  const { firstOutputAt, startedAt } = progress;
  const { cacheWrite1hTokens: _hour, passes: _passes, fees: _fees, priceFactor: _factor, ...known } = decoded;
  return {
    ...resultWithoutSecrets(known, secrets()),
    provider: connection.provider.name,
    model: connection.model,
    cost,
    durationSeconds: (now - startedAt) / 1000,
    timeToFirstTokenSeconds: firstOutputAt === undefined ? undefined : (firstOutputAt - startedAt) / 1000,
  };
}

/** The cost by the user's price, else by the catalogue's for this provider's model of that name. */
function priced(
  { provider, model, price }: Connection,
  { usage, responseModel, serviceTier, cacheWrite1hTokens = 0, passes, fees = 0, priceFactor = 1 }: Billed,
): Cost | undefined {
  if (usage === undefined) return undefined;
  const at = (price: ModelPrice, source: Cost["source"], multiplier: number) => {
    const costs = (passes ?? [{ usage, cacheWrite1hTokens }]).map((pass, index) =>
      costOf(pass.usage, price, {
        source,
        cacheWrite1hTokens: pass.cacheWrite1hTokens,
        multiplier,
        other: index === 0 ? fees : 0,
      })
    );
    return sumOf(costs);
  };
  if (price !== undefined) return at(price, "override", 1);
  // Azure sells OpenAI's models at OpenAI's prices.
  const seller = provider.name === "azure" ? "openai" : provider.name;
  // Azure's deployments have names of the customer's own: there alone the name in the answer tells the model.
  const names = provider.name === "azure" ? [model, responseModel] : [model];
  const info = names.map((name) => name === undefined ? undefined : modelInfo(name))
    .find((row) => row?.provider === seller && row.price !== undefined);
  const multiplier = info && tierMultiplier(info.name, serviceTier);
  if (info?.price === undefined || multiplier === undefined) return undefined;
  return at(info.price, "catalog", multiplier * priceFactor);
}

/** Undefined where one of them is not known. */
function sumOf(costs: readonly (Cost | undefined)[]): Cost | undefined {
  return costs.reduce((sum, cost) => sum === undefined || cost === undefined ? undefined : addCost(sum, cost));
}

/**
 * Tells on an error what the vendor had counted until then, and what that costs: an answer that went wrong is paid for
 * all the same. What the error says itself stands.
 */
export function tellWhatCame(error: unknown, connection: Connection, { said, requestId }: Progress): void {
  if (!(error instanceof LlmError)) return;
  const bill = said?.billed();
  if (error.usage === undefined && bill?.usage !== undefined) Reflect.set(error, "usage", bill.usage);
  if (error.usage !== undefined && error.cost === undefined) {
    Reflect.set(error, "cost", priced(connection, { ...bill, usage: error.usage }));
  }
  if (error instanceof ApiError && error.requestId === undefined) Reflect.set(error, "requestId", requestId);
}
