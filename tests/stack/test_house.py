"""Every folder with code has its place in the import rules."""

import tomllib

from deploy.local.home import CHECKOUT


def test_every_package_is_under_the_import_rules() -> None:
    rules = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    packages = {path.parent.name for path in CHECKOUT.glob("*/__init__.py")}
    assert packages <= set(rules["root_packages"])
    layers = next(contract for contract in rules["contracts"] if contract["type"] == "layers")["layers"]
    assert {name.strip() for layer in layers for name in layer.split("|")} == set(rules["root_packages"])


def test_every_service_is_independent() -> None:
    rules = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    independent = next(contract for contract in rules["contracts"] if contract["type"] == "independence")["modules"]
    services = {f"services.{path.parent.name}" for path in CHECKOUT.glob("services/*/__init__.py")}
    assert services <= set(independent)
