// node-postgres: text parameters without types, named statements, pool, cursor.
const { Client, Pool } = require('pg')
const Cursor = require('pg-cursor')
const port = Number(process.argv[2])
const config = { host: '127.0.0.1', port, user: 'app', password: 's3cret', database: 'shop' }

async function main() {
  const c = new Client(config)
  await c.connect()
  await c.query('CREATE TABLE t (id serial PRIMARY KEY, name text, n numeric, at timestamptz, j jsonb, raw bytea, tags text[], ok bool)')
  for (let i = 0; i < 3; i++) {
    const r = await c.query('INSERT INTO t (name, n, at, j, raw, tags, ok) VALUES ($1,$2,$3,$4,$5,$6,$7) RETURNING *',
      ['n' + i, 1.5 * i, new Date(Date.UTC(2024, 0, 1 + i)), { a: i }, Buffer.from([0, i]), ['x', 'y z'], i % 2 === 0])
    console.log(JSON.stringify(r.rows), r.rowCount, r.command)
  }
  for (const id of [1, 2, 1]) {
    const r = await c.query({ name: 'by-id', text: 'SELECT id, name FROM t WHERE id = $1', values: [id] })
    console.log(JSON.stringify(r.rows), r.fields.map(f => f.name + f.dataTypeID))
  }
  try { await c.query('INSERT INTO t (id) VALUES ($1)', [1]) } catch (e) { console.log(e.code, e.detail) }
  try { await c.query('SELECT * FROM nowhere WHERE id = $1', [1]) } catch (e) { console.log(e.code, e.message) }
  await c.query('BEGIN')
  try { await c.query('SELECT $1::int / 0', [1]) } catch (e) { console.log(e.code) }
  try { await c.query('SELECT name FROM t') } catch (e) { console.log(e.code) }
  await c.query('ROLLBACK')
  const cursor = c.query(new Cursor('SELECT g FROM generate_series(1, $1) g', [7]))
  console.log(JSON.stringify([await cursor.read(3), await cursor.read(3), await cursor.read(3)]))
  await cursor.close()
  const early = c.query(new Cursor('SELECT g FROM generate_series(1, 50) g'))
  console.log(JSON.stringify(await early.read(2)))
  await early.close()
  const several = await c.query('SELECT 1 AS a; SELECT 2 AS b')
  console.log(several.map(r => JSON.stringify(r.rows)).join())
  const told = new Promise(resolve => c.on('notification', m => resolve([m.channel, m.payload])))
  await c.query('LISTEN ch')
  await c.query("NOTIFY ch, 'hey'")
  console.log(await told)
  const bin = await c.query({ text: 'SELECT id, n, ok FROM t WHERE id = $1', values: [2], binary: true })
  console.log(JSON.stringify(bin.rows))
  await c.end()
  const pool = new Pool({ ...config, max: 2 })
  const all = await Promise.all([1, 2, 3].map(i => pool.query('SELECT name FROM t WHERE id = $1', [i])))
  console.log(all.map(r => r.rows[0].name))
  await pool.end()
}
main().catch(e => { console.error(e); process.exit(1) })
