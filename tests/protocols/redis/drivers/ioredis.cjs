// ioredis: `ioredis.cjs PORT`.
const Redis = require("ioredis");
const options = { port: Number(process.argv[2]), password: "secret", db: 1 };

async function main() {
  const r = new Redis(options);
  const sub = new Redis(options);
  console.log(await r.set("k", "caf\u00e9"), await r.get("k"), await r.get("none"));
  console.log(await r.setBuffer("b", Buffer.from([0, 255, 13, 10])), await r.getBuffer("b"));
  console.log(await r.pipeline().incr("n").hset("h", { a: 1, b: 2 }).hgetall("h").lpush("k", 1).exec());
  console.log(await r.multi().set("m", 1).get("m").exec());
  console.log(await r.eval("return {KEYS[1], ARGV[1]}", 1, "key", "arg"));
  console.log(await r.xadd("x", "1-1", "f", "v"), await r.xread("BLOCK", 50, "STREAMS", "x", "0"));
  const heard = new Promise((done) => sub.on("message", (...message) => done(message)));
  console.log(await sub.subscribe("news", "sport"), await r.publish("sport", "goal"), await heard);
  console.log(await r.nope?.(), await r.call("NOPE").catch((error) => error.message));
  console.log(await sub.quit(), await r.quit());
}

main();
