/**
 * The labels of a request's metrics. Requests that are alike share them: frozen, so that whoever keeps metrics can know
 * them again, and need not look at them anew.
 *
 * @module
 */
import type { LanguageModel } from "../language_model.ts";
import type { Attributes } from "../otel_types.ts";
import { GEN_AI, genAiProvider, GENERAL, LLM } from "./names.ts";
import type { ClientTelemetry } from "./options.ts";
import { defined, merged } from "./span.ts";

/** The labels of one kind of request. */
export interface Labels {
  /** Of the project's own metrics. */
  readonly own: Attributes;
  /** Of the conventions' metrics. */
  readonly genAi: Attributes;
  /** The same, with what went wrong. */
  readonly genAiEnded: Attributes;
  /** Of the tokens that went in. */
  readonly genAiInput: Attributes;
  /** Of the tokens that came out. */
  readonly genAiOutput: Attributes;
  /** Of tokens in the conventions' newest form: a request may carry images, and no vendor says which tokens were whose. */
  readonly genAiAnyTokens: Attributes;
}

/** Gives the labels of a request by who answered, and by what went wrong. */
export type LabelsOf = (responseModel: string | undefined, errorType: string | undefined) => Labels;

/** A vendor could give each answer a model of its own. */
const MOST_KINDS = 100;

/** A client's own labels, as they are when the client is made; one that cannot be read costs no other. */
export function fixedLabels({ metricAttributes }: ClientTelemetry): Attributes {
  return Object.freeze(merged(metricAttributes));
}

/** The labels of a model's requests, with the client's `own` ones. */
export function labelsFor(model: LanguageModel, own: Attributes): LabelsOf {
  const known = new Map<string, Labels>();
  return (responseModel, errorType) => {
    const kind = `${errorType ?? ""} ${responseModel ?? ""}`;
    let labels = known.get(kind);
    if (labels === undefined) {
      if (known.size >= MOST_KINDS) known.clear();
      known.set(kind, labels = make(model, own, responseModel, errorType));
    }
    return labels;
  };
}

function make(
  model: LanguageModel,
  own: Attributes,
  responseModel: string | undefined,
  errorType: string | undefined,
): Labels {
  const genAi = defined({
    [GEN_AI.operation]: "chat",
    [GEN_AI.provider]: genAiProvider(model.provider),
    [GEN_AI.requestModel]: model.model,
    [GEN_AI.responseModel]: responseModel,
    [GENERAL.serverAddress]: model.server?.address,
    [GENERAL.serverPort]: model.server?.port,
    ...own,
  });
  return {
    own: Object.freeze({ [LLM.model]: model.model, [LLM.provider]: model.provider, ...own }),
    genAi: Object.freeze(genAi),
    genAiEnded: Object.freeze(defined({ ...genAi, [GENERAL.errorType]: errorType })),
    genAiInput: Object.freeze({ ...genAi, [GEN_AI.tokenType]: "input" }),
    genAiOutput: Object.freeze({ ...genAi, [GEN_AI.tokenType]: "output" }),
    genAiAnyTokens: Object.freeze({ ...genAi, [GEN_AI.tokenModality]: "unknown" }),
  };
}
