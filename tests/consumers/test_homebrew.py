"""Formulae before the real ruby and rubocop, and before a loader that knows a part of Homebrew's DSL."""

import json
import subprocess
import tarfile
from itertools import product as every
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.release import world

from release.model import Release
from release.packagers import channel, homebrew, nothing
from release.packagers import installed as packaged
from release.product import Channel, Product

HERE = Path(__file__).parent
LOADER = HERE / "formula_loader.rb"
PLATFORMS = {
    ("macos", "arm"): "darwin-arm64",
    ("macos", "intel"): "darwin-x64-baseline",
    ("linux", "arm"): "linux-arm64",
    ("linux", "intel"): "linux-x64-baseline",
}
HOSTILE = 'It\'s "quoted" #{raise} #$0 #@x `id` $(id) \\ ünïcode'

pytestmark = pytest.mark.consumer("ruby")


def write(folder: Path, product: Product, release: Release) -> Path:
    """The formula of a release, as a file with its real name."""
    (bundle,) = homebrew.PACKAGER.bundles(product, world.local(), release, nothing)
    file = bundle.files[0]
    assert isinstance(file.content, bytes)
    path = folder / Path(file.path).name
    path.write_bytes(file.content)
    return path


def ruby(*words: str | Path) -> str:
    return subprocess.run(["ruby", *words], capture_output=True, text=True, check=True).stdout


def describe(formula: Path, *words: str | Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(ruby(LOADER, "describe", formula, *words))
    return found


def formulae(folder: Path) -> list[Path]:
    """One formula of every kind: each channel, a partial release, the smallest product, a hostile one."""
    product = world.product()
    hostile = changed(product, name="hostile", summary=HOSTILE, completions=("say", "#{raise} \"'"))
    partial = world.release(changed(product, name="partial"), world.plan(), "linux-arm64")
    return [
        *(write(folder, product, world.release(product, world.plan(stream))) for stream in Channel),
        write(folder, changed(product, name="partial"), partial),
        write(folder, world.minimal(), world.release(world.minimal(), world.plan())),
        write(folder, world.several(), world.release(world.several(), world.plan(Channel.DEV))),
        write(folder, hostile, world.release(hostile, world.plan())),
    ]


def test_ruby_reads_every_formula_without_a_warning(tmp_path: Path) -> None:
    for formula in formulae(tmp_path):
        done = subprocess.run(["ruby", "-wc", formula], capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == ("Syntax OK\n", "")


def style(folder: Path) -> str:
    """What rubocop objects to in a folder, with brew's main settings and our cops for brew's own rules."""
    options = ["--config", str(HERE / "rubocop.yml"), "--cache", "false", "--format", "emacs"]
    done = subprocess.run(["rubocop", *options, folder], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) in {(0, ""), (1, "")}, done.stderr
    return done.stdout.strip()


@pytest.mark.consumer("rubocop")
def test_rubocop_has_nothing_to_say(tmp_path: Path) -> None:
    formulae(tmp_path)
    assert style(tmp_path) == ""


@pytest.mark.consumer("rubocop")
def test_rubocop_knows_the_rules_of_brew_style_that_we_once_broke(tmp_path: Path) -> None:
    product = world.product()
    formula = write(tmp_path, product, world.release(product, world.plan()))
    text = formula.read_text()
    broken = {
        "Formula/LivecheckUrl": text.replace("url CHANNEL_URL", 'url "https://example.org/latest.json"'),
        "Formula/SystemBlock": text.replace("crashed: true if OS.mac?", "crashed: true\n    on_macos { run [] }"),
        "Formula/Complete": text.replace("https://github.com", "github.com"),
    }
    for cop, bad in broken.items():
        assert bad != text
        formula.write_text(bad)
        assert cop in style(tmp_path)


@pytest.mark.parametrize("stream", Channel)
@pytest.mark.parametrize("platform", PLATFORMS, ids="-".join)
def test_each_platform_gets_its_own_portable_archive(
    tmp_path: Path, stream: Channel, platform: tuple[str, str]
) -> None:
    product = world.product()
    release = world.release(product, world.plan(stream))
    (artifact,) = (found for found in release.artifacts if found.target.name == PLATFORMS[platform])
    (latest,) = channel.PACKAGER.bundles(product, world.local(), release, nothing)
    assert isinstance(latest.files[0].content, bytes)
    (tmp_path / "channel.json").write_bytes(latest.files[0].content)

    found = describe(write(tmp_path, product, release), *platform, tmp_path / "channel.json")

    assert found["sha256"] == artifact.sha256
    assert found["url"] == f"http://127.0.0.1:8642/site/{release.plan.tag}/{artifact.file}"
    assert found["version"] == release.plan.version.text
    assert found["out_of_order"] == []
    assert found["preserve_rpath"] is True
    livecheck = found["livecheck"]
    assert isinstance(livecheck, dict)
    assert livecheck["version"] == release.plan.version.text
    assert livecheck["url"] == f"http://127.0.0.1:8642/site/{latest.files[0].path}"


@pytest.mark.parametrize(("system", "restarts"), [("macos", {"crashed": True}), ("linux", None)])
def test_the_service_runs_the_server_with_brews_path_and_is_not_started_into_a_running_one(
    tmp_path: Path, system: str, restarts: dict[str, bool] | None
) -> None:
    product = world.product()
    found = describe(write(tmp_path, product, world.release(product, world.plan(Channel.DEV))), system, "arm")
    service = found["service"]
    assert isinstance(service, dict)
    assert service.pop("keep_alive", None) == restarts
    assert service == {
        "run": ["/opt/bin/iterate", "serve"],
        "environment_variables": {"PATH": "/opt/bin:/usr/bin"},
        "log_path": "/var/log/iterate-dev.log",
        "error_log_path": "/var/log/iterate-dev.log",
    }


@pytest.mark.parametrize(("system", "caveats"), [("macos", None), ("linux", "glibc 2.34 or newer")])
def test_who_installs_on_linux_is_told_which_glibc_is_needed(tmp_path: Path, system: str, caveats: str | None) -> None:
    product = world.product()
    found = describe(write(tmp_path, product, world.release(product, world.plan())), system, "intel")["caveats"]
    assert found is None if caveats is None else caveats in str(found)


def test_text_of_the_configuration_comes_back_from_ruby_unchanged(tmp_path: Path) -> None:
    product = changed(world.product(), summary=HOSTILE, homepage=f"https://example.org/{HOSTILE}")
    found = describe(write(tmp_path, product, world.release(product, world.plan())), "linux", "intel")
    assert (found["desc"], found["homepage"]) == (HOSTILE, f"https://example.org/{HOSTILE}")


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("MIT", "MIT"),
        ("MIT OR 0BSD", {"any_of": ["MIT", "0BSD"]}),
        ("MIT AND (0BSD OR ISC)", {"all_of": ["MIT", {"any_of": ["0BSD", "ISC"]}]}),
        (
            "MIT OR Apache-2.0 WITH LLVM-exception",
            {"any_of": ["MIT", {"Apache-2.0": {"with": "LLVM-exception"}}]},
        ),
    ],
)
def test_ruby_reads_the_licence_as_it_was_meant(tmp_path: Path, licence: str, expected: object) -> None:
    product = changed(world.product(), license=licence)
    found = describe(write(tmp_path, product, world.release(product, world.plan())), "linux", "arm")
    assert found["license"] == expected


def test_what_is_installed_runs_and_says_who_owns_it(tmp_path: Path) -> None:
    product, plan = world.product(), world.plan(Channel.DEV)
    packed = world.pack(product, plan, tmp_path / "site", "linux-x64-baseline")
    formula = write(tmp_path, product, packed.release)
    with tarfile.open(packed.site / plan.tag / packed.release.artifacts[0].file) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    prefix = tmp_path / "Cellar"

    ruby(LOADER, "install", formula, "linux", "intel", unpacked, prefix)
    ruby(LOADER, "test", formula, "linux", "intel", prefix)

    link = prefix / "bin" / "iterate"
    assert link.readlink() == Path("../libexec/iterate/iterate")
    shown = subprocess.run([link, "--version"], capture_output=True, text=True, check=True).stdout
    assert shown == f"{plan.version.text}\n"
    receipt = (link.resolve().parent / "install-receipt.json").read_text()
    assert receipt == packaged.receipt(product, plan, method="brew", profile=world.local()) + "\n"
    installed = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    assert installed == {
        "bin/iterate",
        "libexec/iterate/iterate",
        "libexec/iterate/library.so",
        "libexec/iterate/install-receipt.json",
        "etc/bash_completion.d/iterate",
        "share/zsh/site-functions/_iterate",
        "share/fish/vendor_completions.d/iterate.fish",
        "share/man/man1/iterate.1",
        "share/formula/licenses/part/COPYING",
    }


def test_every_command_is_installed_with_its_completions_and_asked_for_its_build(tmp_path: Path) -> None:
    product, plan = changed(world.several(), completions=("c", "{shell}"), man=("man",)), world.plan(Channel.DEV)
    script = f'#!/bin/sh\n{world.probe(plan)}echo "${{0##*/}}, version $*"\n'
    packed = world.pack(product, plan, tmp_path / "site", "linux-x64-baseline", script=script)
    formula = write(tmp_path, product, packed.release)
    with tarfile.open(packed.site / plan.tag / packed.release.artifacts[0].file) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    prefix = tmp_path / "Cellar"
    ruby(LOADER, "install", formula, "linux", "intel", tmp_path / "unpacked" / "weather-tools", prefix)
    ruby(LOADER, "test", formula, "linux", "intel", prefix)
    for command in product.commands:
        assert (prefix / "bin" / command).readlink() == Path("../libexec/weather-tools/weather.bin")
        for path in (
            f"etc/bash_completion.d/{command}",
            f"share/zsh/site-functions/_{command}",
            f"share/fish/vendor_completions.d/{command}.fish",
            f"share/man/man1/{command}.1",
        ):
            assert (prefix / path).is_file()
    # One command that is another build is found out, whatever the others are.
    (prefix / "bin" / "Weather_Map.py").unlink()
    (prefix / "bin" / "Weather_Map.py").symlink_to("/bin/true")
    with pytest.raises(subprocess.CalledProcessError):
        ruby(LOADER, "test", formula, "linux", "intel", prefix)


def test_a_hostile_argument_of_the_completion_command_reaches_the_program_as_one_word(tmp_path: Path) -> None:
    product = changed(world.product(), completions=("completion", HOSTILE))
    packed = world.pack(product, world.plan(), tmp_path / "site", "linux-arm64")
    formula = write(tmp_path, product, packed.release)
    program = tmp_path / "bin" / "iterate"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        '[ "$1" = --version ] && echo 1.2.3 && exit\n'
        '[ -n "$_RELEASE_STAMP" ] && echo 1.2.3 && exit\n'
        f'[ $# -eq 2 ] && printf "%s\\n" "$2" >"{tmp_path}/said" && echo iterate\n'
    )
    program.chmod(0o755)
    ruby(LOADER, "test", formula, "linux", "arm", tmp_path)
    assert (tmp_path / "said").read_text() == HOSTILE + "\n"


def test_the_formulas_own_test_fails_for_another_version(tmp_path: Path) -> None:
    product = world.product()
    formula = write(tmp_path, product, world.release(product, world.plan()))
    program = tmp_path / "bin" / "iterate"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho iterate 1.2.4\n")
    program.chmod(0o755)
    with pytest.raises(subprocess.CalledProcessError) as failed:
        ruby(LOADER, "test", formula, "linux", "arm", tmp_path)
    assert '"1.2.3"' in failed.value.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("  appcast 'x'\n", "appcast"),
        ("  conflicts_with 'x', because: 'y'\n", "conflicts_with"),
        ("  on_macos do\n    url 'x'\n  end\n", "url directly"),
        ("  version '1'\n", "twice"),
    ],
)
def test_the_loader_refuses_what_brew_would(tmp_path: Path, line: str, message: str) -> None:
    product = world.product()
    formula = write(tmp_path, product, world.release(product, world.plan()))
    formula.write_text(formula.read_text().replace("  livecheck do\n", f"{line}  livecheck do\n"))
    with pytest.raises(subprocess.CalledProcessError) as refused:
        describe(formula, "macos", "arm")
    assert message in refused.value.stderr


def test_the_loader_sees_words_out_of_order(tmp_path: Path) -> None:
    product = world.product()
    formula = write(tmp_path, product, world.release(product, world.plan()))
    text = formula.read_text().replace('  license "MIT"\n', "")
    formula.write_text(text.replace("  desc ", '  license "MIT"\n  desc '))
    assert describe(formula, "macos", "arm")["out_of_order"] == [["license", "desc"]]


def test_the_four_platforms_are_all_there_are() -> None:
    assert set(PLATFORMS) == set(every(("macos", "linux"), ("arm", "intel")))
