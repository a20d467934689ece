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
import type { Billed, DecodedResult, Pass } from "./provider.ts";
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

/** The cost of all passes: by the user's price, else by the catalogue's for this provider's model of that name. */
function priced(connection: Connection, billed: Billed): Cost | undefined {
  const { usage, cacheWrite1hTokens = 0, fees = 0 } = billed;
  if (usage === undefined) return undefined;
  const passes: readonly Pass[] = billed.passes ?? [{ usage, cacheWrite1hTokens }];
  return sumOf(passes.map((pass, index) => {
    const rate = rateOf(connection, billed, pass.model);
    return rate && costOf(pass.usage, rate.price, {
      source: rate.source,
      cacheWrite1hTokens: pass.cacheWrite1hTokens,
      multiplier: rate.multiplier,
      other: index === 0 ? fees : 0,
    });
  }));
}

interface Rate {
  readonly price: ModelPrice;
  readonly source: Cost["source"];
  readonly multiplier: number;
}

/** What a token costs, of the model that made a pass where that is known to be another than the one that was asked. */
function rateOf(
  { provider, model, price }: Connection,
  { responseModel, serviceTier, priceFactor = 1 }: Billed,
  another: string | undefined,
): Rate | undefined {
  if (price !== undefined) return { price, source: "override", multiplier: 1 };
  // Azure sells OpenAI's models at OpenAI's prices.
  const seller = provider.name === "azure" ? "openai" : provider.name;
  // Azure's deployments have names of the customer's own: there alone the name in the answer tells the model.
  const asked = provider.name === "azure" ? [model, responseModel] : [model];
  const names = another === undefined ? asked : [another];
  const info = names.map((name) => name === undefined ? undefined : modelInfo(name))
    .find((row) => row?.provider === seller && row.price !== undefined);
  const multiplier = info && tierMultiplier(info.name, serviceTier);
  if (info?.price === undefined || multiplier === undefined) return undefined;
  return { price: info.price, source: "catalog", multiplier: multiplier * priceFactor };
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
