// Builds beacon.js, says how large it is as browsers get it, and fails above its budget.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';

const BUDGET = 6 * 1024;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await build({
  entryPoints: [here('src/index.ts')],
  outfile: here('dist/beacon.js'),
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2019',
  sourcemap: 'linked',
  charset: 'utf8',
  legalComments: 'none',
});

const script = readFileSync(here('dist/beacon.js'));
const brotli = brotliCompressSync(script, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
console.log(`beacon.js: ${script.length} bytes, ${brotli} with Brotli 11 (at most ${BUDGET})`);
if (brotli > BUDGET) {
  console.error('beacon.js is over its budget.');
  process.exitCode = 1;
}
