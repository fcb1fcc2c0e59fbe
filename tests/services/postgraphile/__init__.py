"""postgraphile 4.14: Node, GraphQL over PostgreSQL, with JWTs and row security.

On the wire: simple, unnamed and named prepared statements, savepoints, LISTEN, server errors.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.servers.postgres import postgres
from tests.servers.process import binary, free_port
from tests.services.client import Client
from tests.services.service import Deployment, Service, once, run

HERE = Path(__file__).parent
FLAGS = [
    *("--schema", "app", "--jwt-secret", "sekrit", "--jwt-token-identifier", "app.jwt"),
    *("--default-role", "anon", "--extended-errors", "errcode"),
    *("--append-plugins", "@graphile-contrib/pg-simplify-inflector"),
    *("--enhance-graphiql", "--dynamic-json", "--subscriptions", "--watch", "--retry-on-init-fail"),
]


def install(folder: Path) -> None:
    def make() -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(HERE / name, folder / name)
        run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], folder)

    once(folder, (HERE / "package-lock.json").read_text(), make)


@contextlib.contextmanager
def deploy(installed: Path, folder: Path) -> Iterator[Deployment]:
    with postgres() as server:
        blog = server.create("blog", HERE / "schema.sql")
        port = free_port()
        cli = installed / "node_modules/postgraphile/cli.js"
        command = [binary("node"), str(cli), "-c", blog.url, "-n", "127.0.0.1", "-p", str(port)]
        yield Deployment([*command, *FLAGS], installed, port, "/graphiql", {})


POST = "post { id title tags meta score createdAt author { name } }"
REGISTER = 'mutation($n:String!,$e:String!){register(input:{name:$n,email:$e,password:"pw"}){person{id name createdAt}}}'
LOGIN = "mutation($e:String!,$p:String!){authenticate(input:{email:$e,password:$p}){jwt}}"
CREATE = "mutation($i:PostInput!){createPost(input:{post:$i}){" + POST + "}}"
UPDATE = (
    'mutation($i:Int!){updatePost(input:{id:$i,patch:{title:"edited",tags:["z"]}}){' + POST + "}}"
)
BOTH = (
    'mutation($i:Int!,$j:Int!){a:updatePost(input:{id:$i,patch:{score:"1"}}){post{id}}'
    ' b:updatePost(input:{id:$j,patch:{score:"2"}}){post{id}}}'
)
DELETE = "mutation($i:Int!){deletePost(input:{id:$i}){deletedPostNodeId}}"
READ = (
    "query($i:Int!){post(id:$i){id title body score meta"
    " author{id authoredPosts(first:2){totalCount nodes{id}}}}}"
)
NEWEST = (
    "{posts(first:3,orderBy:CREATED_AT_DESC){totalCount pageInfo{hasNextPage endCursor}"
    " nodes{id title author{name}}}}"
)
FIRST = "{posts(first:2,orderBy:ID_ASC){pageInfo{endCursor} nodes{id}}}"
NEXT = "query($c:Cursor){posts(first:2,after:$c,orderBy:ID_ASC){nodes{id title}}}"


def traffic(base: str) -> list[int]:
    client = Client(base)
    unique = uuid4().hex[:6]

    def ask(query: str, expect: int | tuple[int, ...] = 200, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        return client.post("/graphql", body, expect=expect).json.get("data")

    client.get("/graphiql")
    ask("{ __schema { queryType { name } types { name } } }")
    people = [ask(REGISTER, n=n, e=f"{n}{unique}@x.io") for n in ("ann", "bob")]
    ann, bob = (person["register"]["person"]["id"] for person in people)
    ask(LOGIN, e=f"ann{unique}@x.io", p="no")
    token = ask(LOGIN, e=f"ann{unique}@x.io", p="pw")["authenticate"]["jwt"]
    ask(CREATE, i={"authorId": ann, "title": "nobody is signed in"})
    client.headers["Authorization"] = f"Bearer {token}"
    ask("{me{id name}}")
    new = {"authorId": ann, "body": "x" * 50, "tags": ["a", "b"]}
    made = [
        ask(CREATE, i={**new, "title": f"Post {n} {unique}", "meta": {"k": n}, "score": f"{n}.50"})
        for n in range(6)
    ]
    ids = [answer["createPost"]["post"]["id"] for answer in made]
    ask(CREATE, i={"authorId": bob, "title": "not mine"})
    ask(NEWEST)
    cursor = ask(FIRST)["posts"]["pageInfo"]["endCursor"]
    ask(NEXT, c=cursor)
    for post in ids[:3]:
        ask(READ, i=post)
    ask("query($t:String!){searchPosts(term:$t){nodes{id title}}}", t=unique)
    ask("query($a:Int!){posts(condition:{authorId:$a}){totalCount}}", a=ann)
    for post in ids[:2]:
        ask(UPDATE, i=post)
    ask("{people{nodes{id name authoredPosts{totalCount}}}}")
    ask("{nope}", expect=400)
    ask("query($i:Int!){post(id:$i){id}}", i=999999)
    ask(BOTH, i=ids[0], j=ids[1])
    for post in ids:
        ask(DELETE, i=post)
    client.headers["Authorization"] = "Bearer bad.token.x"
    ask("{me{id}}", expect=(401, 403))
    return client.statuses


SERVICE = Service("postgraphile", ("postgres",), install, deploy, traffic)
