// node-redis, RESP3: `node-redis.cjs PORT`.
const { createClient } = require("redis");
const options = { RESP: 3, password: "secret", socket: { port: Number(process.argv[2]) } };

async function main() {
  const r = await createClient(options).connect();
  const sub = await createClient(options).connect();
  console.log(await r.set("k", "caf\u00e9"), await r.get("k"), await r.get("none"));
  console.log(await Promise.all([r.incr("n"), r.hSet("h", { a: 1, b: 2 }), r.hGetAll("h"), r.sAdd("s", "x")]));
  console.log(await r.sMembers("s"), await r.zAdd("z", { score: 1.5, value: "m" }), await r.zScore("z", "m"));
  console.log(await r.multi().set("m", 1).get("m").exec());
  console.log(await r.eval("return {KEYS[1], ARGV[1]}", { keys: ["key"], arguments: ["arg"] }));
  const heard = new Promise((done) => sub.subscribe("news", (...message) => done(message)).then(() => r.publish("news", "one")));
  console.log(await heard);
  await sub.unsubscribe("news");
  console.log(await r.sendCommand(["NOPE"]).catch((error) => error.message));
  await sub.close();
  await r.close();
}

main();
