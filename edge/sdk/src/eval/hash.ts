/** FNV-1a, 32 bits, over UTF-16 code units: the hash every GrowthBook SDK speaks. */
function fnv1a(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** The place of `value` in [0, 1); NaN, which is in no range, for an unknown hash version. */
export function hash(seed: string, value: string, version: number): number {
  // Version 2 hashes twice, so that two seeds do not correlate.
  if (version === 2) return (fnv1a('' + fnv1a(seed + value)) % 10000) / 10000;
  return version === 1 ? (fnv1a(value + seed) % 1000) / 1000 : NaN;
}
