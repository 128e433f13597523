"""What `sinergi contracts check` and `sinergi contracts export` do."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.catalogue import CATALOGUE, Entry
from contracts.tooling import CONTRACTS, asyncapi, baseline, closed_fields, examples, schemas
from contracts.tooling import history as past
from contracts.tooling.compatibility import compare_all
from contracts.tooling.parties import check_catalogue


class ContractsRefusedError(RuntimeError):
    """Nothing was written: `problems` says why, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("the contracts may not be exported:\n" + "\n".join(problems))
        self.problems = problems


def check(
    against: str | None = None, folder: Path = CONTRACTS, catalogue: Mapping[str, Entry] = CATALOGUE
) -> list[str]:
    """Everything that is wrong with the contracts, one sentence each; empty when they are sound.

    Compatibility is judged against the schemas on disk, every version of them that was ever committed (from
    `schemas/baseline` on, if there is one), the newest release and, for a proposed change, the revision `against` (the
    branch it shall go to). Without git only those on disk count; `not_compared` says so.
    """
    problems = _design(catalogue)
    if problems:
        return problems
    generated = schemas.generate(catalogue)
    on_disk, unreadable = _on_disk(folder)
    return [
        *unreadable,
        *_compatible(generated, on_disk, against, folder),
        *_drift(generated, on_disk, folder, catalogue),
        *examples.check(catalogue, folder / "examples"),
    ]


def not_compared(folder: Path = CONTRACTS) -> str:
    """What of the history `check` could not look at, in a sentence; empty when it saw all of it."""
    return past.read_history(folder).note


def export(folder: Path = CONTRACTS, catalogue: Mapping[str, Entry] = CATALOGUE) -> None:
    """Write schemas/ and asyncapi.yaml; examples are never written.

    Raises ContractsRefusedError, and writes nothing, when a field leaves the closed set, the catalogue is unsound or
    a change is incompatible with the schemas on disk.
    """
    generated = schemas.generate(catalogue)
    problems = _design(catalogue)
    if not problems:
        on_disk, unreadable = _on_disk(folder)
        problems = unreadable + compare_all(on_disk, generated)
    if problems:
        raise ContractsRefusedError(problems)
    document = asyncapi.as_text(catalogue)
    (folder / "schemas").mkdir(exist_ok=True)
    for name, schema in generated.items():
        schemas.file_of(name, folder / "schemas").write_text(schemas.as_text(schema), "utf-8")
    (folder / "asyncapi.yaml").write_text(document, "utf-8")


def _design(catalogue: Mapping[str, Entry]) -> list[str]:
    found = [
        problem.of(name)
        for name, entry in catalogue.items()
        for problem in closed_fields.check(schemas.event_schema(entry))
    ]
    return found + check_catalogue(catalogue)


def _on_disk(folder: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    try:
        return schemas.committed(folder / "schemas"), []
    except ValueError as error:
        return {}, [f"schemas/ holds a file that is not JSON: {error}."]


def _compatible(
    generated: Mapping[str, dict[str, Any]], on_disk: Mapping[str, dict[str, Any]], against: str | None, folder: Path
) -> list[str]:
    seen = dict.fromkeys(compare_all(on_disk, generated))
    found = [*seen]
    history = past.read_history(folder)
    earlier = [(promise.since, {promise.name: promise.schema}) for promise in history.promises]
    if history.problem:
        found.append(history.problem)
    for revision in dict.fromkeys((baseline.newest_release(folder), against)):
        if revision is None:
            continue
        try:
            earlier.append((revision, baseline.schemas_at(revision, folder)))
        except baseline.BaselineError as error:
            found.append(f"{error}.")
    for since, promised in earlier:
        problems = [problem for problem in compare_all(promised, generated) if problem not in seen]
        seen |= dict.fromkeys(problems)
        found += [f"since {since}: {problem}" for problem in problems]
    return found


def _drift(
    generated: Mapping[str, dict[str, Any]],
    on_disk: Mapping[str, dict[str, Any]],
    folder: Path,
    catalogue: Mapping[str, Entry],
) -> list[str]:
    advice = "run `sinergi contracts export` and commit the result"
    found = []
    for name, schema in generated.items():
        path = schemas.file_of(name, folder / "schemas")
        if name not in on_disk:
            found.append(f"schemas/{name}.json: is missing; {advice}.")
        elif path.read_text("utf-8") != schemas.as_text(schema):
            found.append(f"schemas/{name}.json: differs from the models; {advice}.")
    document = folder / "asyncapi.yaml"
    if not document.exists():
        found.append(f"asyncapi.yaml: is missing; {advice}.")
    elif document.read_text("utf-8") != asyncapi.as_text(catalogue):
        found.append(f"asyncapi.yaml: differs from the catalogue; {advice}.")
    return found
