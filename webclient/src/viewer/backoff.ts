const FIRST_MS = 400;
const LONGEST_MS = 15_000;

/** Delay before reconnect attempt `attempt` (0 is the first): exponential, with jitter so that users don't come in step. */
export function backoff(attempt: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling * (0.5 + random() / 2));
}
