/**
 * What the scripted server knows.
 *
 * @module
 */
import type { ScriptedAnswer } from "./scripted_openai.ts";
import { tripScript } from "./trip.ts";

/** What the weather tool of tools.ts gives for Porto, word for word. */
const weatherInPorto = '{"city":"Porto","sky":"rain","celsius":16}';

/** What the last of the tools that reasoning_agent.ts calls in its first turn gives, and the one of its second turn. */
const flightBack = '{"from":"Lisbon","to":"Berlin","departs":"18:40","euros":94}';
const hotelsInLisbon = '[{"name":"Casa da Graça","euros":190},{"name":"Hotel do Rio","euros":280}]';

/** The questions of the demo and of the examples, with their answers. */
export const answers: readonly ScriptedAnswer[] = [
  ...tripScript,
  { question: "What is the capital of France?", answer: "Paris." },
  { question: "What is the capital of Portugal?", answer: "The capital of Portugal is Lisbon." },
  {
    question: "Plan one day in Lisbon for me, in three lines.",
    answer: "Morning: ride tram 28 up to Alfama and have a coffee above the roofs.\n" +
      "Afternoon: walk along the river to Belém and eat the custard tarts while they are warm.\n" +
      "Evening: listen to fado in Mouraria, and come home late.",
  },
  {
    question: 'How do I say "thank you" there?',
    answer: 'A man says "obrigado", a woman says "obrigada".',
    refusals: 1,
  },
  {
    question: "Do I need an umbrella in Lisbon or in Porto?",
    answer: "Look out of the window.",
    calls: [
      { name: "weather", arguments: { city: "Lisbon" } },
      { name: "weather", arguments: { city: "Porto" } },
    ],
  },
  { question: weatherInPorto, answer: "In Porto, yes: it rains there. In Lisbon the sun is out." },
  {
    question: "Invent a family for my novel about Lisbon: a mother, a father and a child.",
    answer: '{"surname":"Almeida","members":[{"name":"Inês","age":41,"role":"mother"},' +
      '{"name":"Rui","age":44,"role":"father"},{"name":"Clara","age":9,"role":"child"}]}',
  },
  {
    question: "Plan a weekend in Lisbon for me, from Berlin, on 12 June 2026.",
    answer: "Go by train.",
    calls: [
      { name: "search_flights", arguments: { from: "Berlin", to: "Lisbon", date: "2026-06-12" } },
      { name: "search_flights", arguments: { from: "Lisbon", to: "Berlin", date: "2026-06-14" } },
    ],
  },
  {
    question: flightBack,
    answer: "Sleep at the airport.",
    calls: [{ name: "search_hotels", arguments: { city: "Lisbon", nights: 2 } }],
  },
  {
    question: hotelsInLisbon,
    answer: "Fly out on Friday at 09:15 for 128 €, sleep two nights in the Casa da Graça for 190 €, and fly back on " +
      "Sunday at 18:40 for 94 €: 412 € in all.",
  },
  {
    question: "What is 2 plus 40? Have it computed.",
    answer: "About 42.",
    calls: [{ name: "get-sum", arguments: { a: 2, b: 40 } }],
  },
  { question: "The sum of 2 and 40 is 42.", answer: "2 plus 40 is 42." },
  { question: "Which colour is this tile? One word.", answer: "Blue." },
  { question: "Suggest a name for a café in Lisbon. Only the name.", answer: "Café da Graça" },
  { question: "What is the capital of Spain?", answer: "Madrid." },
  {
    question: "Tell me the whole history of Lisbon.",
    answer:
      "Long before the Romans called it Olisipo, Phoenician traders had found the calm, wide mouth of the Tagus " +
      "and stayed. After them came the Romans with their baths and theatre, the Visigoths, and in 711 the Moors, who " +
      "gave the hill of Alfama its maze of lanes and its name. In 1147 Afonso Henriques took the city with the help of " +
      "crusaders on their way east, and a century later it was the capital of Portugal.",
  },
];
