/**
 * What is made of numbers.
 *
 * @module
 */

/** The middle one; of an even number the mean of both. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** The median of each value over its partner: both met the same machine, so that their ratio is what holds. */
export function pairedRatio(values: readonly number[], partners: readonly number[]): number {
  return median(values.map((value, index) => value / (partners[index] ?? NaN)));
}

/** How much `y` grows per unit of `x`, by least squares. NaN of fewer than two points. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return covariance / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}
