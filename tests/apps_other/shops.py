"""The shops."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.apps_other.shop import Mutation, Shop


def made(command: Sequence[str], folder: Path, **env: str) -> None:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def build_go(folder: Path) -> None:
    made(
        ["go", "build", "-o", "shop", "."],
        folder,
        GOPATH="/usr/share/gocode",
        GO111MODULE="off",
        GOCACHE=str(folder.parent / "gocache"),
        GOFLAGS="",
    )


GO = Shop(
    name="go",
    file="main.go",
    command=lambda folder: [str(folder / "shop")],
    build=build_go,
    mutations=(
        Mutation("the old cache entry stays", 'if err := cache.Del("item:" + id).Err(); err != nil {\n\t\treturn err\n\t}\n\treturn say(w, 200, map', "return say(w, 200, map"),
        Mutation("the order's commit is lost", 'if err := audit(ctx, tx, user, "order", o); err != nil {\n\t\treturn err\n\t}\n\tif err := tx.Commit(); err != nil {\n\t\treturn err\n\t}', 'if err := audit(ctx, tx, user, "order", o); err != nil {\n\t\treturn err\n\t}'),
        Mutation("a wrong column", "SET stock = stock - $1", "SET stock = stock + $1"),
        Mutation("a wrong status", "w.WriteHeader(204)\n\treturn nil\n}\n\nfunc audit", "w.WriteHeader(200)\n\treturn nil\n}\n\nfunc audit"),
        Mutation("the location is gone", 'w.Header().Set("Location", fmt.Sprintf("/items/%d", in.ID))', ""),
        Mutation("another currency is asked for", '"/rates?currency="+currency', '"/rates?currency=GBP"'),
        Mutation("the session lasts a minute", "t, id, time.Hour)", "t, id, time.Minute)"),
        Mutation("the amount paid is another", '"amount": total}', '"amount": total + "0"}'),
        Mutation("the mail goes elsewhere", 'name, "Order "+in.Order', '"x"+name, "Order "+in.Order'),
        Mutation("another isolation", "sql.LevelRepeatableRead", "sql.LevelSerializable"),
    ),
)  # fmt: skip

JARS = (
    "postgresql",
    "HikariCP",
    "slf4j-api",
    "slf4j-nop",
    "jackson-databind",
    "jackson-core",
    "jackson-annotations",
)
CLASSPATH = ":".join(["."] + [f"/usr/share/java/{jar}.jar" for jar in JARS])


def build_java(folder: Path) -> None:
    made(["javac", "-cp", CLASSPATH, "Shop.java", "Redis.java"], folder)


def java_trust(env: dict[str, str]) -> dict[str, str]:
    """The API's CA in a store of the shop's own, as its administrators would make it."""
    store = str(Path(env["RATES_CA"]).with_name("trust.p12"))
    Path(store).unlink(missing_ok=True)
    command = ["keytool", "-importcert", "-noprompt", "-storepass", "changeit", "-keystore", store]
    made([*command, "-storetype", "PKCS12", "-alias", "api", "-file", env["RATES_CA"]], Path("/"))
    options = f"-Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStorePassword=changeit"
    return {"JAVA_TOOL_OPTIONS": options}


JAVA = Shop(
    name="java",
    file="Shop.java",
    command=lambda folder: ["java", "-XX:TieredStopAtLevel=1", "-cp", CLASSPATH, "Shop"],
    build=build_java,
    extra=java_trust,
    mutations=(
        Mutation("the old cache entry stays", 'c.commit();\n            cache.del("item:" + id);', "c.commit();"),
        Mutation("the order's commit is lost", 'audit(c, user, "order", made);\n                c.commit();', 'audit(c, user, "order", made);'),
        Mutation("a wrong column", "SET stock = stock - ?", "SET stock = stock + ?"),
        Mutation("a wrong status", 'cache.del("session:" + token(x));\n            none(x, 204);', 'cache.del("session:" + token(x));\n            none(x, 200);'),
        Mutation("the location is gone", 'x.getResponseHeaders().set("Location", "/items/" + made.get("id").asLong());', ""),
        Mutation("another currency is asked for", '"/rates?currency=" + currency', '"/rates?currency=GBP"'),
        Mutation("the mail goes elsewhere", '"Order " + in.get("order")', '"order " + in.get("order")'),
        Mutation("another isolation", "TRANSACTION_REPEATABLE_READ", "TRANSACTION_SERIALIZABLE"),
    ),
)  # fmt: skip

SINATRA = Shop(
    name="sinatra",
    file="app.rb",
    command=lambda folder: ["puma", "-C", "puma.rb", "config.ru"],
    mutations=(
        Mutation("the old cache entry stays", """    CACHE.del("item:#{params['id']}")\n    JSON""", "    JSON"),
        Mutation("the order's audit is lost", "        audit(c, by, 'order', id: id)\n", ""),
        Mutation("a wrong column", "SET stock = stock - $1", "SET stock = stock + $1"),
        Mutation("a wrong status", 'CACHE.del("session:#{token}")\n    status 204', 'CACHE.del("session:#{token}")\n    status 200'),
        Mutation("the location is gone", """    headers 'Location' => "/items/#{made['id']}"\n""", ""),
        Mutation("another currency is asked for", "/rates?currency=#{currency}", "/rates?currency=GBP"),
        Mutation("the mail goes elsewhere", '[name, "Order', '["x" + name, "Order'),
        Mutation("no transaction", "made = DB.with do |c|\n      c.transaction do\n        item", "made = DB.with do |c|\n      c.then do\n        item"),
    ),
)  # fmt: skip

PHP = Shop(
    name="php",
    file="index.php",
    command=lambda folder: ["sh", "-c", 'exec php -S "127.0.0.1:$PORT" index.php'],
    extra=lambda _: {"PHP_CLI_SERVER_WORKERS": "4"},
    mutations=(
        Mutation("the old cache entry stays", '    cache()->del("item:$id");\n    say(200', "    say(200"),
        Mutation("the order's commit is lost", "audit($user, 'order', ['id' => $id]);\n        $db->commit();", "audit($user, 'order', ['id' => $id]);"),
        Mutation("a wrong column", "SET stock = stock - ?", "SET stock = stock + ?"),
        Mutation("a wrong status", "!== false ? say(204)", "!== false ? say(200)"),
        Mutation("the location is gone", """    header("Location: /items/{$row['id']}");\n""", ""),
        Mutation("another currency is asked for", "'/rates?currency=' . $_GET['currency']", "'/rates?currency=GBP'"),
        Mutation("the session lasts a minute", "['ex' => 3600]", "['ex' => 60]"),
        Mutation("another amount is paid", "'amount' => $total", "'amount' => $total . '0'"),
    ),
)  # fmt: skip

PERL = Shop(
    name="perl",
    file="app.pl",
    command=lambda folder: ["perl", "app.pl"],
    mutations=(
        Mutation("the old cache entry stays", """    $cache->del("item:$id");\n    $c->render(json => {old""", "    $c->render(json => {old"),
        Mutation("the commit is lost", "    $db->commit;\n", ""),
        Mutation("a wrong column", "SET stock = stock - ?", "SET stock = stock + ?"),
        Mutation("a wrong status", "$cache->del('session:' . $c->token);\n    $c->rendered(204)", "$cache->del('session:' . $c->token);\n    $c->rendered(200)"),
        Mutation("the location is gone", '    $c->res->headers->location("/items/$made->{id}");\n', ""),
        Mutation("another currency is asked for", "/rates?currency=$currency", "/rates?currency=GBP"),
    ),
)  # fmt: skip

SHOPS = (GO, JAVA, SINATRA, PHP, PERL)
