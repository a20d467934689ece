import { assertEquals } from "@std/assert";
import { openaiErrorOf } from "../../src/providers/openai_error.ts";
import type { VendorError } from "../../src/vendor_error.ts";

const FORMS: Readonly<Record<string, readonly [body: unknown, expected: Partial<VendorError>]>> = {
  "OpenAI's own form": [
    { error: { message: "No.", type: "invalid_request_error", param: "x", code: "unknown_parameter" } },
    { message: "No.", type: "invalid_request_error", code: "unknown_parameter" },
  ],
  "a code of null": [{ error: { message: "No.", type: "server_error", code: null } }, {
    message: "No.",
    type: "server_error",
  }],
  "a code that is a number": [{ error: { message: "No.", code: 429 } }, { message: "No.", code: "429" }],
  "an error that is a text": [{ error: "No." }, { message: "No." }],
  "an error without its frame": [{ object: "error", message: "No.", type: "BadRequestError", code: 400 }, {
    message: "No.",
    type: "BadRequestError",
    code: "400",
  }],
  "a text": ["Bad gateway", { message: "Bad gateway" }],
  "an empty text": ["", { message: "" }],
  "nothing": [undefined, { message: "" }],
  "null": [null, { message: "" }],
  "an error of null": [{ error: null, message: "No." }, { message: "No." }],
  "a list, as Gemini sends it": [[{ error: { message: "No.", code: 400 } }], { message: "No.", code: "400" }],
  "an empty list": [[], { message: "" }],
  "fields of other kinds": [{ error: { message: { en: "No." }, type: 7, code: {} } }, { message: "" }],
};

for (const [name, [body, expected]] of Object.entries(FORMS)) {
  Deno.test(`openaiErrorOf() reads ${name}`, () => {
    const { message, code, type, retryable } = openaiErrorOf(400, body);
    const { code: expectedCode, type: expectedType } = expected;
    assertEquals({ message, code, type, retryable }, {
      message: expected.message ?? "",
      code: expectedCode,
      type: expectedType,
      retryable: undefined,
    });
  });
}
