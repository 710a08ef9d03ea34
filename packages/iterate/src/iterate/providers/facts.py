"""What is known of a model: from the catalogue, from its vendor, or from the person. What nobody said is None."""

from msgspec import Struct
from msgspec.structs import replace

from iterate.request import Prices


class Facts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model. `is_adaptive` where it takes words for how much to think, and no number of tokens."""

    window: int | None = None
    output: int | None = None
    prices: Prices | None = None
    images: bool | None = None
    tools: bool | None = None
    thinks: bool | None = None
    is_adaptive: bool | None = None

    def over(self, other: "Facts") -> "Facts":
        """These, and those of another source where these say nothing."""
        said = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}
        return replace(other, **said)
