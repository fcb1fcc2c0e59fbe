// Loaded before a Node program of a sandbox with a seed (NODE_OPTIONS --require). Node draws from
// OpenSSL's generator, which also takes the time as a seed; here it draws from /dev/urandom's.
// Keys and TLS are left alone. The real functions are still called: they check their arguments.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const { syncBuiltinESMExports } = require('module');

const device = fs.openSync('/dev/urandom', 'r');
const key = Buffer.alloc(48);
for (let n = 0; n < key.length; ) n += fs.readSync(device, key, n, key.length - n);
fs.closeSync(device);
const cipher = crypto.createCipheriv('aes-256-ctr', key.subarray(0, 32), key.subarray(32));
const zeros = Buffer.alloc(4096);
let pool = Buffer.alloc(0);

function draw(size) {
  if (size > pool.length) {
    const more = size > zeros.length ? Buffer.alloc(size) : zeros;
    pool = Buffer.concat([pool, cipher.update(more)]);
  }
  const out = pool.subarray(0, size);
  pool = pool.subarray(size);
  return out;
}

const real = {};
for (const name of ['randomBytes', 'randomFillSync', 'randomFill', 'randomInt', 'randomUUID']) {
  real[name] = crypto[name];
}

function replace(object, name, make) {
  const before = Object.getOwnPropertyDescriptor(object, name);
  if (!before || !before.configurable) return;
  Object.defineProperty(object, name, { ...before, value: make(before.value) });
}

// The part of a buffer that randomFill(buffer, offset, size) fills; both count elements.
function part(buffer, offset = 0, size) {
  const each = buffer.BYTES_PER_ELEMENT || 1;
  const whole = new Uint8Array(buffer.buffer || buffer, buffer.byteOffset || 0, buffer.byteLength);
  return whole.subarray(offset * each, size === undefined ? undefined : (offset + size) * each);
}

function randomBytes(size, callback) {
  if (callback === undefined) {
    const out = real.randomBytes(size);
    out.set(draw(out.length));
    return out;
  }
  if (typeof callback !== 'function') return real.randomBytes(size, callback);
  let data;
  real.randomBytes(size, (error, out) => {
    if (!error) out.set(data);
    callback(error, out);
  });
  data = draw(size);
}

function randomFillSync(buffer, offset, size) {
  real.randomFillSync(buffer, offset, size);
  const into = part(buffer, offset, size);
  into.set(draw(into.length));
  return buffer;
}

function randomFill(buffer, ...rest) {
  const callback = rest.pop();
  if (typeof callback !== 'function') return real.randomFill(buffer, ...rest, callback);
  let into, data;
  real.randomFill(buffer, ...rest, (error, out) => {
    if (!error) into.set(data);
    callback(error, out);
  });
  into = part(buffer, ...rest);
  data = Uint8Array.from(draw(into.length));
}

function integer(min, max) {
  const range = max - min;
  const limit = 2 ** 48 - (2 ** 48 % range);
  for (;;) {
    const number = draw(6).readUIntBE(0, 6);
    if (number < limit) return min + (number % range);
  }
}

function randomInt(min, max, callback) {
  if (max === undefined || typeof max === 'function') [min, max, callback] = [0, min, max];
  if (callback === undefined) {
    real.randomInt(min, max);
    return integer(min, max);
  }
  if (typeof callback !== 'function') return real.randomInt(min, max, callback);
  let number;
  real.randomInt(min, max, (error) => callback(error, error ? undefined : number));
  number = integer(min, max);
}

function uuid() {
  const bytes = Uint8Array.from(draw(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [0, 8, 12, 16, 20, 32].slice(1).map((end, n) => hex.slice([0, 8, 12, 16, 20][n], end)).join('-');
}

function randomUUID(options) {
  real.randomUUID(options);
  return uuid();
}

const ours = { randomBytes, randomFillSync, randomFill, randomInt, randomUUID };
for (const [name, value] of Object.entries(ours)) replace(crypto, name, () => value);
replace(crypto, 'getRandomValues', (before) => function getRandomValues(array) {
  return randomFillSync(before.call(crypto.webcrypto, array));
});
const web = crypto.webcrypto ? Object.getPrototypeOf(crypto.webcrypto) : {}; // since Node 15
replace(web, 'getRandomValues', (before) => function getRandomValues(array) {
  return randomFillSync(before.call(this, array));
});
replace(web, 'randomUUID', (before) => function randomUUID() {
  before.call(this);
  return uuid();
});
replace(Math, 'random', () => function random() {
  const data = draw(7);
  return ((data[6] & 0x1f) * 2 ** 48 + data.readUIntBE(0, 6)) / 2 ** 53;
});
syncBuiltinESMExports();
