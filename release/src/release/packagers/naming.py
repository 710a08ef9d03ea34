"""What things are called: packages of each channel, their addresses, and the folders inside archives."""

import re
import urllib.parse

from release import placeholders
from release.errors import ConfigInvalidError
from release.model import Hosted, Plan
from release.packagers import commands
from release.product import Channel, Product, Profile

# What Homebrew, Scoop and the AUR all take, and what needs no quotes in any of their languages.
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")

# The branch of a repository that holds the files of channels.
CHANNELS = "channels"
_HOMEPAGE = re.compile(r"https?://[^\s/]+(?:/.*)?")


def package(product: Product, plan: Plan) -> str:
    """The package's name where a name holds one channel: `tool`, `tool-dev`, `tool-snapshot-<slug>`.

    Raises:
        ConfigInvalidError: the product's name is no package name, or none for a file on Windows.
    """
    need_package_name(product)
    match plan.channel:
        case Channel.LATEST:
            return product.name
        case Channel.DEV | Channel.SNAPSHOT | Channel.BETA:
            return f"{product.name}-{stream(plan)}"


def need_package_name(product: Product) -> None:
    """Refuse a product that no package manager could call by its name, or no file on Windows, and such commands.

    Raises:
        ConfigInvalidError: it is called so.
    """
    if commands.DEVICE.fullmatch(product.name):
        raise ConfigInvalidError(
            f"the product name '{product.name}' is the name of a device on Windows, where no file may be called so",
            hint="choose another name",
        )
    if not _NAME.fullmatch(product.name):
        raise ConfigInvalidError(
            f"the product name '{product.name}' cannot be a package name",
            hint="start with a letter, then lower-case letters and digits, words joined by one hyphen",
        )
    commands.need(product)


def stream(plan: Plan) -> str:
    """What a channel's own file is called: `latest`, `dev`, `snapshot-<slug>`."""
    match plan.channel:
        case Channel.LATEST | Channel.DEV | Channel.BETA:
            return plan.channel.value
        case Channel.SNAPSHOT:
            return f"{plan.channel}-{plan.version.slug}"


def other_channels(product: Product, plan: Plan) -> tuple[str, ...]:
    """The packages of the other lasting channels, which install the same commands.

    Snapshots come and go, so nobody can list them: they name the others, never the other way round.
    """
    more = [Channel.BETA, Channel.DEV] if product.beta else [Channel.DEV]
    lasting = (product.name, *(f"{product.name}-{channel}" for channel in more))
    return tuple(name for name in lasting if name != package(product, plan))


def homepage(product: Product) -> str:
    """The homepage, which is an address of the web.

    Raises:
        ConfigInvalidError: it is none; package managers show it as a link.
    """
    if not _HOMEPAGE.fullmatch(product.homepage):
        raise ConfigInvalidError(
            f"homepage = '{product.homepage}' is no address of the web", hint="begin it with https:// or http://"
        )
    return product.homepage


def site(hosted: Hosted) -> str:
    """Where the channel's files and the installers lie on GitHub: a branch of the product's own repository.

    Two products of one owner never write over each other there, and nobody has to make a repository for it.
    """
    return f"git+https://github.com/{hosted.owner}/{hosted.repository}.git#{CHANNELS}"


def archive_url(profile: Profile, plan: Plan, file: str) -> str:
    """The first public address of an archive."""
    return archive_urls(profile, plan, file)[0]


def archive_urls(profile: Profile, plan: Plan, file: str) -> tuple[str, ...]:
    """Every public address of an archive, or of what lies beside it: the first one, then the mirrors in their order."""
    return addresses(profile, plan.tag, plan.version.text, file)


def addresses(profile: Profile, tag: str, version: str, file: str) -> tuple[str, ...]:
    """The same of a file of any version."""
    templates = (profile.archive_url, *profile.mirrors)
    return tuple(placeholders.fill(each, tag=quoted(tag), version=version, file=file) for each in templates)


def quoted(tag: str) -> str:
    """A tag inside an address, where a slash would begin another folder: GitHub writes `tool%2Fv1.2.3`."""
    return urllib.parse.quote(tag, safe="")


def channel_url(profile: Profile, plan: Plan) -> str:
    """The public address of the small file that names the channel's version."""
    return placeholders.fill(profile.channel_url, channel=stream(plan))


def folder(product: Product) -> str:
    """The one folder that an archive holds; short, because Windows stops at 260 characters of path."""
    return product.name
