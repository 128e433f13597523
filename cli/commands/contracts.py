"""`sinergi contracts`."""

import typer

from cli.output import console, explain

app = typer.Typer(help="The event contracts: check or write the generated documents.", no_args_is_help=True)


@app.command()
def check() -> None:
    """Compare schemas, examples and AsyncAPI document with the code. Exit code 1 on any difference."""
    from contracts.tooling.cli import check as find_problems
    from contracts.tooling.cli import not_compared

    if note := not_compared():
        console.print(f"note: {note}", soft_wrap=True)
    problems = find_problems()
    for problem in problems:
        explain(problem)
    if problems:
        raise typer.Exit(1)
    console.print("The committed contracts are what the code says.")


@app.command()
def export() -> None:
    """Write schemas, examples and AsyncAPI document from the code."""
    from contracts.tooling.cli import export as write

    write()
    console.print("Written. Look at the difference before you commit it.")
