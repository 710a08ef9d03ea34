"""Which of the installed packages belong to the product; the compiler's own stay out of the program.

A compiler follows every import it can see, and libraries try to import what only the compiler needs.
"""

from release.wheel.environment import Environment


def unneeded(environment: Environment) -> tuple[str, ...]:
    """Top-level modules of installed distributions that the product does not need, sorted."""
    owners: dict[str, set[str]] = {}
    for name, distribution in environment.installed().items():
        for file in distribution.files or ():
            module = file.parts[0].partition(".")[0]
            if module.isidentifier() and (len(file.parts) > 1 or file.suffix in {".py", ".so", ".pyd"}):
                owners.setdefault(module, set()).add(name)
    return tuple(sorted(module for module, names in owners.items() if not names & environment.needed))
