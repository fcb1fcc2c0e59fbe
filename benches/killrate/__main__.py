"""The command: see the folder's docstring, and `--help`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from benches.killrate.mutation import Mutation
from benches.killrate.mutations import MUTATIONS, by_name
from benches.killrate.run import GREEN, RED, Bench, Outcome

FOLDER = Path(__file__).parents[2] / ".work" / "killrate"
GOAL = 0.95


def main() -> int:
    arguments = _arguments()
    mutations = [by_name(name) for name in arguments.only] or list(MUTATIONS)
    bench = Bench(FOLDER, arguments.clients)
    bench.record()
    greens = [bench.test(f"untouched-{n}").code for n in range(1, arguments.runs + 1)]
    print(f"untouched build: green {greens.count(GREEN)} of {len(greens)}", flush=True)
    whole = _kill(bench, mutations, responses_only=False)
    share = _report("responses and calls", mutations, whole)
    narrow = {}
    if not arguments.skip_responses_only:
        narrow = _kill(bench, mutations, responses_only=True)
        _report("responses only", mutations, narrow)
    _save(greens, whole, narrow)
    return 0 if share >= GOAL and set(greens) <= {GREEN} else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches.killrate", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="of the untouched build")
    parser.add_argument("--clients", type=int, default=1, help="customers at once while recording")
    parser.add_argument("--only", nargs="*", default=[], help="names of mutations")
    parser.add_argument("--skip-responses-only", action="store_true")
    return parser.parse_args()


def _kill(bench: Bench, mutations: list[Mutation], *, responses_only: bool) -> dict[str, Outcome]:
    outcomes = {}
    for mutation in mutations:
        name = mutation.name + ("-responses-only" if responses_only else "")
        outcome = bench.test(name, mutation, responses_only=responses_only)
        outcomes[mutation.name] = outcome
        print(f"  {_word(outcome):9} {mutation.name:34} {outcome.finding[:90]}", flush=True)
    return outcomes


def _word(outcome: Outcome) -> str:
    return {RED: "red", GREEN: "SURVIVED"}.get(outcome.code, f"exit {outcome.code}")


def _report(title: str, mutations: list[Mutation], outcomes: dict[str, Outcome]) -> float:
    """Prints the tables; the share that went red."""
    red = {name for name, outcome in outcomes.items() if outcome.code == RED}
    share = len(red) / len(mutations)
    print(f"\n{title}: {len(red)} of {len(mutations)} red ({share:.1%})")
    total = Counter(mutation.kind for mutation in mutations)
    kills = Counter(mutation.kind for mutation in mutations if mutation.name in red)
    for kind, count in sorted(total.items()):
        print(f"  {kind:20} {kills[kind]:3} of {count:3}")
    for mutation in mutations:
        if mutation.name not in red:
            why = mutation.survives or "NOT EXPLAINED"
            print(f"  {_word(outcomes[mutation.name])}: {mutation.name} ({mutation.breaks}): {why}")
    print(flush=True)
    return share


def _save(greens: list[int], whole: dict[str, Outcome], narrow: dict[str, Outcome]) -> None:
    result = {
        "untouched": greens,
        "responses_and_calls": {name: asdict(outcome) for name, outcome in whole.items()},
        "responses_only": {name: asdict(outcome) for name, outcome in narrow.items()},
    }
    (FOLDER / "result.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
