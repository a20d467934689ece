/**
 * The receiver of OTLP that the tests share with the demo.
 *
 * @module
 */
export {
  type AnsweredRequest,
  type OtlpReceiver,
  type OtlpRequest,
  type ReceiverOptions,
  startReceiver,
} from "../../examples/support/otlp_receiver.ts";
