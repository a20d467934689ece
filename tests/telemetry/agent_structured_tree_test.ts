import { run, tool, turn } from "../support/agent_golden.ts";
import { abortWhen, breakInSecondTurn, endless, finder, flights, testScenes } from "../support/agent_scene.ts";
import { says, stallsAfter, type WireTurn } from "../support/agent_wires.ts";

/** A structured step as the model writes it. */
function step(fields: Readonly<Record<string, unknown>>): WireTurn {
  return { text: JSON.stringify({ thought: "Let me see.", tool: null, arguments: null, answer: null, ...fields }) };
}

const thinks = step({ next_action: "continue_thinking" });
const asks = (name: string) => step({ next_action: "use_tool", tool: name, arguments: '{"to":"Lisbon","seats":2}' });
const answers = step({ next_action: "finish", answer: "Fly at nine." });
const thought = { next: "continue_thinking", length: 11 } as const;
const asking = { next: "use_tool", length: 11 } as const;
const answer = { next: "finish", length: 23 } as const;
const options = { nativeTools: false };
const flightsTool = tool({ name: "flights", id: "step_1", args: 2, length: 13 });
const waiting = endless();

testScenes("structured", {
  "thoughts alone": {
    tools: () => [],
    vendor: (wire) => [says(wire, thinks), says(wire, thinks), says(wire, answers)],
    golden: (wire) =>
      run(
        wire,
        { outcome: "finished", iterations: 3, toolCalls: 0 },
        turn(wire, 1, thought),
        turn(wire, 2, thought),
        turn(wire, 3, answer),
      ),
  },
  "one tool": {
    tools: () => [flights],
    options,
    vendor: (wire) => [says(wire, asks("flights")), says(wire, answers)],
    golden: (wire) =>
      run(
        wire,
        { outcome: "finished", iterations: 2, toolCalls: 1 },
        turn(wire, 1, asking),
        flightsTool,
        turn(wire, 2, answer),
      ),
  },
  "a failing tool": {
    tools: () => [finder("flights", () => Promise.reject(new RangeError("Lisbon is too far.")))],
    options,
    vendor: (wire) => [says(wire, asks("flights")), says(wire, answers)],
    golden: (wire) =>
      run(
        wire,
        { outcome: "finished", iterations: 2, toolCalls: 1 },
        turn(wire, 1, asking),
        tool({ name: "flights", id: "step_1", args: 2, error: "RangeError" }),
        turn(wire, 2, answer),
      ),
  },
  "an unknown tool": {
    tools: () => [flights],
    options,
    vendor: (wire) => [says(wire, asks("trains")), says(wire, answers)],
    golden: (wire) =>
      run(
        wire,
        { outcome: "finished", iterations: 2, toolCalls: 1 },
        turn(wire, 1, asking),
        tool({ name: "unknown", invented: "trains", id: "step_1", args: 2, error: "UnknownToolError" }),
        turn(wire, 2, answer),
      ),
  },
  "all iterations used up by thinking": {
    tools: () => [],
    options: { maxIterations: 2 },
    vendor: (wire) => [says(wire, thinks), says(wire, thinks), says(wire, answers)],
    golden: (wire) =>
      run(
        wire,
        { outcome: "max_iterations", iterations: 3, toolCalls: 0 },
        turn(wire, 1, thought),
        turn(wire, 2, thought),
        turn(wire, 3, answer),
      ),
  },
  "an abort in a tool": {
    tools: waiting.tools,
    options,
    vendor: (wire) => [says(wire, asks("flights"))],
    play: (agent) => abortWhen(agent, waiting.begun),
    golden: (wire) =>
      run(
        wire,
        { outcome: "cancelled", iterations: 1, toolCalls: 1, error: "AbortError" },
        turn(wire, 1, asking),
        tool({ name: "flights", id: "step_1", args: 2, error: "AbortError" }),
      ),
  },
  "a break in the final answer": {
    tools: () => [],
    vendor: (wire) => [
      says(wire, thinks),
      stallsAfter(wire, '{"thought": "Hm.", "next_action": "finish", "answer": "Fly'),
    ],
    play: breakInSecondTurn,
    golden: (wire) =>
      run(
        wire,
        { outcome: "cancelled", iterations: 2, toolCalls: 0, paid: 1 },
        turn(wire, 1, thought),
        turn(wire, 2, "left", { outcome: "cancelled" }),
      ),
  },
});
