// Tickets: Express, pg's Pool (prepared statements), ioredis, axios and fetch, sessions in PostgreSQL.
'use strict';
const crypto = require('node:crypto');
const express = require('express');
const session = require('express-session');
const compression = require('compression');
const multer = require('multer');
const axios = require('axios');
const Redis = require('ioredis');
const { Pool } = require('pg');
const PgStore = require('connect-pg-simple')(session);

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 5 });
const redis = new Redis(process.env.REDIS_URL);
const events = new Redis(process.env.REDIS_URL);
const api = axios.create({ baseURL: process.env.UPSTREAM_URL, timeout: 10000 });
const upload = multer({ storage: multer.memoryStorage() });
const app = express();

app.use(compression({ threshold: 512 }));
app.use(express.json());
app.use(express.urlencoded({ extended: false }));
app.use(session({
  store: new PgStore({ pool, tableName: 'session', pruneSessionInterval: false }),
  secret: 'not very secret', resave: false, saveUninitialized: false, cookie: { maxAge: 3600_000 },
}));
app.use((req, res, next) => {
  res.set('X-Request-Id', crypto.randomUUID());
  next();
});

const wrap = (handler) => (req, res, next) => handler(req, res, next).catch(next);
const fail = (status, message) => Object.assign(new Error(message), { status });

function member(req, res, next) {
  if (!req.session.user) return next(fail(401, 'log in first'));
  if (req.method !== 'GET' && req.get('X-CSRF-Token') !== req.session.csrf) return next(fail(403, 'CSRF token'));
  next();
}

async function transaction(work) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

app.get('/health', (req, res) => res.json({ ok: true }));

app.post('/users', wrap(async (req, res) => {
  const salt = crypto.randomBytes(16).toString('hex');
  const hash = crypto.scryptSync(req.body.password, salt, 32, { N: 1024 }).toString('hex');
  const { rows } = await pool.query(
    'INSERT INTO users (name, salt, hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id, name', [req.body.name, salt, hash]);
  if (!rows.length) throw fail(409, 'that name is taken');
  res.status(201).json(rows[0]);
}));

app.post('/login', wrap(async (req, res) => {
  const { rows: [user] } = await pool.query({ name: 'user-by-name', text: 'SELECT * FROM users WHERE name = $1', values: [req.body.name] });
  const hash = user && crypto.scryptSync(req.body.password, user.salt, 32, { N: 1024 }).toString('hex');
  if (!user || hash !== user.hash) throw fail(401, 'wrong name or password');
  await new Promise((resolve, reject) => req.session.regenerate((error) => (error ? reject(error) : resolve())));
  req.session.user = user.id;
  req.session.csrf = crypto.randomBytes(12).toString('base64url');
  res.redirect(303, '/me');
}));

app.get('/me', member, wrap(async (req, res) => {
  const { rows: [user] } = await pool.query('SELECT id, name FROM users WHERE id = $1', [req.session.user]);
  res.json({ ...user, csrf: req.session.csrf });
}));

app.post('/logout', member, (req, res, next) => {
  req.session.destroy((error) => (error ? next(error) : res.clearCookie('connect.sid').sendStatus(204)));
});

app.get('/tickets', member, wrap(async (req, res) => {
  const limit = Math.min(Number(req.query.limit) || 20, 100);
  const [{ rows }, { rows: [{ count }] }] = await Promise.all([
    pool.query({ name: 'tickets-of', text: 'SELECT id, number, subject, state, priority, opened_at FROM tickets WHERE owner_id = $1 ORDER BY id DESC LIMIT $2', values: [req.session.user, limit] }),
    pool.query('SELECT count(*)::int AS count FROM tickets WHERE owner_id = $1', [req.session.user]),
  ]);
  res.set('X-Total-Count', String(count)).json(rows);
}));

app.post('/tickets', member, wrap(async (req, res) => {
  if (!req.body.subject) throw fail(400, 'a subject is missing');
  const number = 'T-' + crypto.randomBytes(5).toString('hex');
  const ticket = await transaction(async (db) => {
    const { rows: [made] } = await db.query(
      'INSERT INTO tickets (number, owner_id, subject, body, priority, opened_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING *',
      [number, req.session.user, req.body.subject, req.body.body ?? null, req.body.priority ?? 3, new Date()]);
    await db.query('INSERT INTO history (ticket_id, what) VALUES ($1, $2)', [made.id, { event: 'opened', by: req.session.user }]);
    return made;
  });
  await redis.multi().incr(`open:${req.session.user}`).zadd('recent', ticket.id, ticket.number).exec();
  await redis.publish('tickets', JSON.stringify({ id: ticket.id, number }));
  res.status(201).location(`/tickets/${ticket.id}`).json(ticket);
  setImmediate(() => notify(ticket).catch((error) => console.error(error)));
}));

async function notify(ticket) {
  const { data } = await api.post('/notify', { ticket: ticket.number, subject: ticket.subject });
  await redis.set(`receipt:${ticket.number}`, data.id, 'EX', 3600);
}

async function mine(req) {
  const { rows: [ticket] } = await pool.query(
    { name: 'ticket', text: 'SELECT * FROM tickets WHERE id = $1 AND owner_id = $2', values: [req.params.id, req.session.user] });
  if (!ticket) throw fail(404, 'no such ticket');
  return ticket;
}

app.get('/tickets/:id(\\d+)', member, wrap(async (req, res) => {
  const key = `ticket:${req.session.user}:${req.params.id}`;
  const known = await redis.get(key);
  if (known) return res.set('X-Cache', 'hit').json(JSON.parse(known));
  const ticket = await mine(req);
  await redis.setex(key, 60, JSON.stringify(ticket));
  res.set('X-Cache', 'miss').json(ticket);
}));

app.put('/tickets/:id(\\d+)', member, wrap(async (req, res) => {
  await mine(req);
  const ticket = await transaction(async (db) => {
    const { rows: [changed] } = await db.query(
      'UPDATE tickets SET subject = coalesce($2, subject), state = coalesce($3, state), changed_at = now() WHERE id = $1 RETURNING *',
      [req.params.id, req.body.subject, req.body.state]);
    await db.query('INSERT INTO history (ticket_id, what) VALUES ($1, $2)', [changed.id, { event: 'changed', ...req.body }]);
    return changed;
  });
  await redis.del(`ticket:${req.session.user}:${req.params.id}`);
  res.json(ticket);
}));

app.get('/tickets/:id(\\d+)/history', member, wrap(async (req, res) => {
  await mine(req);
  const { rows } = await pool.query('SELECT what FROM history WHERE ticket_id = $1 ORDER BY id', [req.params.id]);
  res.json(rows.map((row) => row.what));
}));

app.put('/tickets/:id(\\d+)/file', member, upload.single('file'), wrap(async (req, res) => {
  await mine(req);
  const digest = crypto.createHash('sha256').update(req.file.buffer).digest('hex');
  await pool.query('UPDATE tickets SET file = $2, digest = $3 WHERE id = $1', [req.params.id, req.file.buffer, digest]);
  res.json({ name: req.file.originalname, bytes: req.file.size, digest });
}));

app.get('/tickets/:id(\\d+)/file', member, wrap(async (req, res) => {
  const ticket = await mine(req);
  if (!ticket.file) throw fail(404, 'no file');
  res.type('application/octet-stream').send(ticket.file);
}));

app.delete('/tickets/:id(\\d+)', member, wrap(async (req, res) => {
  const ticket = await mine(req);
  await transaction(async (db) => {
    await db.query('DELETE FROM history WHERE ticket_id = $1', [ticket.id]);
    await db.query('DELETE FROM tickets WHERE id = $1', [ticket.id]);
  });
  await redis.pipeline().del(`ticket:${req.session.user}:${ticket.id}`).zrem('recent', ticket.number).decr(`open:${req.session.user}`).exec();
  res.sendStatus(204);
}));

app.get('/price', wrap(async (req, res) => {
  const currencies = String(req.query.in || 'USD').split(',');
  const answers = await Promise.all(currencies.map((currency) => fetch(`${process.env.UPSTREAM_URL}/rates?currency=${currency}`)));
  if (answers.some((answer) => !answer.ok)) throw fail(502, 'no rate');
  const rates = await Promise.all(answers.map((answer) => answer.json()));
  res.json(rates.map(({ currency, rate }) => ({ currency, price: (9.99 * Number(rate)).toFixed(2) })));
}));

app.get('/stream', member, wrap(async (req, res) => {
  res.set('Content-Type', 'text/event-stream').set('Cache-Control', 'no-transform');
  const { rows } = await pool.query('SELECT number, subject FROM tickets WHERE owner_id = $1 ORDER BY id', [req.session.user]);
  for (const row of rows) res.write(`data: ${JSON.stringify(row)}\n\n`);
  res.end('event: end\ndata: {}\n\n');
}));

app.use((error, req, res, next) => {
  res.status(error.status || 500).json({ error: error.status ? error.message : 'internal' });
});

events.subscribe('tickets');
events.on('message', (channel, message) => { app.locals.last = message; });
app.get('/last', (req, res) => res.json({ last: app.locals.last ? JSON.parse(app.locals.last).id : null }));

app.listen(Number(process.argv[2]), '127.0.0.1');
