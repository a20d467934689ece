/**
 * The decoder of OTLP that the tests share with the demo.
 *
 * @module
 */
export {
  decodeRequest,
  type Origin,
  type Payload,
  type ReceivedPoint,
  type ReceivedSpan,
  type Values,
} from "../../examples/support/otlp_decode.ts";
