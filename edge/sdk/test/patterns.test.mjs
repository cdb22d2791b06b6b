import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { matches, run } from '../dist/evaluator.mjs';

// The list that the validation is tested with, in Rust.
const { accepted } = JSON.parse(readFileSync(new URL('../../../shared/src/validate/tests/patterns.json', import.meta.url), 'utf8'));

/** The longest that one pattern may take on one text, in milliseconds: several times what the slowest of the list takes. */
const LIMIT = 2000;

function timed(what, action) {
  const begin = performance.now();
  const value = action();
  const took = performance.now() - begin;
  assert.ok(took < LIMIT, `${what} took ${Math.round(took)} ms`);
  return value;
}

/** Texts that match for long and then fail: each repeated piece, and each character of the pattern, repeated. */
const hostile = (pattern, pieces) => [...new Set([...pieces, ...pattern])].flatMap((piece) => [piece.repeat(5000), piece.repeat(998 / piece.length) + '!\n']);

test('no accepted pattern holds a page up', () => {
  for (const [pattern, pieces] of accepted) {
    for (const text of hostile(pattern, pieces)) timed(pattern, () => matches({ a: { $regex: pattern } }, { a: text }));
  }
});

test('no accepted pattern of pages holds a page up', () => {
  const on = (type, pattern, url) => {
    const experiment = { key: 'e', status: 'running', variations: ['a', 'b'], hashVersion: 2, urlPatterns: [{ type, pattern }] };
    return timed(pattern, () => run(experiment, { attributes: { id: 'v' }, url }).index >= 0);
  };
  for (const [pattern] of accepted) on('regex', pattern, 'https://shop.example/' + 'a'.repeat(20000));
  assert.ok(!on('simple', '/*a*a*b', 'https://shop.example/' + 'a'.repeat(20000)));
  assert.ok(on('simple', '/a*', 'https://shop.example/' + 'a'.repeat(20000)));
  assert.ok(on('regex', '/end$', `https://shop.example/${'x'.repeat(600)}/end`));
  assert.ok(!on('regex', '/end$', `https://shop.example/${'x'.repeat(2000)}/end`));
});
