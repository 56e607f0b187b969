"""The fault table as people read it, in car/README.md; made from car/faults.toml."""

from itertools import groupby

from tests.faults.catalogue import TABLE, Fault, load_faults

README = TABLE.with_name("README.md")
BEGIN = "<!-- the table below is made from faults.toml by `python -m tests.faults --keep` -->\n"
END = "<!-- end of the table -->\n"
HEAD = (
    "| what goes wrong | how it is noticed | promised | measured: median, max |\n"
    "|---|---|---|---|\n"
)


def readme_table() -> str:
    """The whole table, a part for each group."""
    parts = []
    for group, faults in groupby(load_faults(), key=lambda fault: fault.group):
        parts.append(f"\n**{group}**\n\n{HEAD}" + "".join(map(_row, faults)))
    return "".join(parts) + "\n"


def _row(fault: Fault) -> str:
    return f"| {fault.fault} | {fault.detected} | {_promise(fault)} | {_measured(fault)} |\n"


def _promise(fault: Fault) -> str:
    match fault.then:
        case "refused":
            return "does not start"
        case "goes on" | "goes on or neutral":
            return fault.then
        case "neutral":
            return f"{fault.promise_ms:g} ms"


def _measured(fault: Fault) -> str:
    found = fault.measured
    if fault.then == "refused" or found is None:
        return "-"
    return f"{found.median_ms:g}, {found.max_ms:g} ms"


def written(text: str) -> str:
    """The README with the table as it should be."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + readme_table() + END + rest.partition(END)[2]


def write_readme_table() -> None:
    """Put the table into the README."""
    README.write_text(written(README.read_text("utf-8")), "utf-8")
