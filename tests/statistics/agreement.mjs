// `node agreement.mjs MODULE NUMBERS`: the numbers of the wasm module against the native ones, within 1e-12 relative.
import { readFileSync } from "node:fs";

const [, , module, numbers] = process.argv;
const native = JSON.parse(readFileSync(numbers, "utf8"));
const { instance } = await WebAssembly.instantiate(readFileSync(module), {});
const { count, value } = instance.exports;

let largest = 0;
let different = 0;
const bad = [];
native.forEach((expected, i) => {
  const actual = value(i);
  const error = expected === actual ? 0 : Math.abs(expected - actual) / Math.max(Math.abs(expected), Math.abs(actual));
  if (!(error <= 1e-12)) bad.push(`  number ${i}: native ${expected}, wasm ${actual}`);
  if (error > 0) different += 1;
  largest = Math.max(largest, error);
});
if (count() !== native.length || native.length === 0) bad.push(`  native has ${native.length} numbers, wasm ${count()}`);
console.log(`${native.length} numbers: ${different} differ between native and wasm, by ${largest.toExponential(1)} at most`);
if (bad.length > 0) {
  console.log(bad.slice(0, 20).join("\n"));
  process.exit(1);
}
