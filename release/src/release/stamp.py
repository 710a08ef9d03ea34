"""What a program says it is: every program carries its stamp, and prints it when it is asked by a variable.

So any product proves which build it is, whatever its own commands print.
"""

import msgspec

from release.model import Plan
from release.product import Channel, Target

# With the value 1 a program prints its stamp, as one line of JSON, and does nothing else.
VARIABLE = "_RELEASE_STAMP"


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """Which build a program is.

    Attributes:
        version: of the release.
        target: name of the kind of machine it is built for.
        distribution: canonical name of the distribution inside; empty in a stand-in.
        metadata_version: the version that its metadata has, as PEP 440 writes it; empty in a stand-in.
    """

    version: str
    channel: Channel
    commit: str
    target: str
    distribution: str = ""
    metadata_version: str = ""

    @property
    def line(self) -> str:
        """As the program prints it, without the line's end."""
        return msgspec.json.encode(self).decode()

    def is_of(self, plan: Plan) -> bool:
        """Whether this is a build of a plan."""
        return (self.version, self.channel, self.commit) == (plan.version.text, plan.channel, plan.commit)


def of(plan: Plan, target: Target, *, distribution: str = "", metadata_version: str = "") -> Stamp:
    """The stamp of a planned build."""
    return Stamp(
        version=plan.version.text,
        channel=plan.channel,
        commit=plan.commit,
        target=target.name,
        distribution=distribution,
        metadata_version=metadata_version,
    )


def read(printed: str) -> Stamp | None:
    """The stamp that a program printed; None where it printed something else."""
    try:
        return msgspec.json.decode(printed, type=Stamp)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
