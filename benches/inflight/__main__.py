"""The command: see the folder's docstring, and `--help`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict

from benches.inflight import sites
from benches.inflight.run import GREEN, RED, ROOT, Bench, Outcome
from benches.inflight.sites import Site
from benches.subjects import SUBJECTS

FOLDER = ROOT / ".work" / "inflight"
SERVICES = ("orders", "postgraphile", "exporter-redis")
GOAL = 0.98


def main() -> int:
    arguments = _arguments()
    results = [_service(name, arguments) for name in arguments.service or SERVICES]
    print(_table(results))
    good = all(result["greens"] == result["runs"] for result in results)
    tried = sum(len(result["mutants"]) for result in results)
    return 0 if good and sum(map(_red, results)) >= GOAL * tried else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches.inflight", description=__doc__)
    parser.add_argument("--service", action="append", choices=sorted(SUBJECTS))
    parser.add_argument("--runs", type=int, default=34, help="with nothing changed")
    parser.add_argument("--limit", type=int, default=120, help="mutants of each service")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="the last recording and its results")
    parser.add_argument("--again", action="store_true", help="what was kept and not caught")
    return parser.parse_args()


def _service(name: str, arguments: argparse.Namespace) -> dict:  # type: ignore[type-arg]
    bench = Bench(SUBJECTS[name], FOLDER / name)
    if not (arguments.keep and bench.recorded):
        bench.record()
    first, second = bench.observe("observe-1"), bench.observe("observe-2")
    possible = sites.sites(first, second)
    known = _known(bench)
    greens = _greens(bench, arguments.runs, known)
    mutants = [_again(bench, told, first, known, arguments) for told in _tried_before(known)]
    mutants = mutants[: arguments.limit]
    absent = 0
    for n, site in enumerate(sites.sample(possible, len(possible), arguments.seed)):
        if len(mutants) == arguments.limit:
            break
        if _key(site) in known:
            continue
        told = _tried(bench.mutant(f"mutant-{n:04}", site, first), site, n)
        _note(bench, told, known)
        if told["planted"]:
            mutants.append(told)
            print(_line(told), flush=True)
        else:
            absent += 1
    result = {
        "service": name,
        "cases": len(first.starts),
        "possible": len(possible),
        "runs": arguments.runs,
        "greens": greens,
        "absent": absent,
        "mutants": mutants,
    }
    (bench.folder / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    return result


def _greens(bench: Bench, runs: int, known: dict[str, dict[str, object]]) -> int:
    for n in range(1, runs + 1):
        if f"clean-{n}" not in known:
            code = bench.clean(f"clean-{n}")
            print(f"  clean {n}: exit {code}", flush=True)
            _note(bench, {"key": f"clean-{n}", "code": code}, known)
    return sum(known[f"clean-{n}"]["code"] == GREEN for n in range(1, runs + 1))


def _tried_before(known: dict[str, dict[str, object]]) -> list[dict[str, object]]:
    return [told for told in known.values() if told.get("planted")]


def _again(
    bench: Bench,
    told: dict[str, object],
    seen: sites.Observed,
    known: dict[str, dict[str, object]],
    arguments: argparse.Namespace,
) -> dict[str, object]:
    """Once more with `--again`, unless it was caught."""
    if told["code"] == RED or not arguments.again:
        return told
    message = told["message"]
    assert isinstance(message, dict)
    site = Site(sites.Message(**message), str(told["change"]))
    told = _tried(bench.mutant("again", site, seen), site, int(str(told["n"])))
    known.pop(str(told["key"]))
    _note(bench, told, known)
    print(_line(told), flush=True)
    return told


def _key(site: Site) -> str:
    return json.dumps(asdict(site), sort_keys=True)


def _tried(outcome: Outcome, site: Site, n: int) -> dict[str, object]:
    return {"key": _key(site), "n": n, "kind": site.kind, **asdict(site), **asdict(outcome)}


def _known(bench: Bench) -> dict[str, dict[str, object]]:
    """What was run before, with `--keep`."""
    path = bench.folder / "runs.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return {told["key"]: told for told in map(json.loads, lines)}


def _note(bench: Bench, told: dict[str, object], known: dict[str, dict[str, object]]) -> None:
    key = str(told["key"])
    if key not in known:
        known[key] = told
        with (bench.folder / "runs.jsonl").open("a") as out:
            out.write(json.dumps(told) + "\n")


def _word(told: dict[str, object]) -> str:
    return {RED: "red", GREEN: "SURVIVED"}.get(int(str(told["code"])), f"exit {told['code']}")


def _line(told: dict[str, object]) -> str:
    message = told["message"]
    assert isinstance(message, dict)
    where = f"{message['request']:3} {message['shape'][:50]}"
    head = f"  {_word(told):9} {told['n']:4} {where:54} {told['change']}"
    return head if told["code"] == RED else f"{head}\n            {told['planted']}"


def _red(result: dict) -> int:  # type: ignore[type-arg]
    return sum(told["code"] == RED for told in result["mutants"])


def _table(results: list[dict]) -> str:  # type: ignore[type-arg]
    lines = [
        "| service | cases | possible changes | clean runs green | mutants | red | share |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in results:
        tried, red = len(result["mutants"]), _red(result)
        green = f"{result['greens']} of {result['runs']}"
        lines.append(
            f"| {result['service']} | {result['cases']} | {result['possible']} | {green} "
            f"| {tried} | {red} | {red / max(tried, 1):.1%} |"
        )
    tried = sum(len(result["mutants"]) for result in results)
    red = sum(map(_red, results))
    lines.append(f"| | | | | {tried} | {red} | {red / max(tried, 1):.1%} |")
    absent = sum(result["absent"] for result in results)
    lines += ["", f"Messages that did not come again in the run that was to change them: {absent}"]
    lines += ["", "| what is changed | mutants | red |", "|---|---|---|"]
    total = Counter(told["kind"] for result in results for told in result["mutants"])
    kills = Counter(t["kind"] for r in results for t in r["mutants"] if t["code"] == RED)
    lines += [f"| {kind} | {count} | {kills[kind]} |" for kind, count in sorted(total.items())]
    lines += ["", *(_line(t) for r in results for t in r["mutants"] if t["code"] != RED)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
