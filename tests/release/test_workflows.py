"""The workflows: valid, with least rights and pinned actions, and made of verbs that exist; targets are the plan's."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from ruamel.yaml import YAML
from tests.release import world
from typer.core import TyperGroup

from release import config, plan, targets
from release.product import Channel
from release.signing import roles
from release.words import app

FOLDER = world.ROOT / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.yml"))
RELEASE = FOLDER / "workflows" / "release.yml"
REFRESH = FOLDER / "workflows" / "refresh.yml"
ACTION = FOLDER / "actions" / "environment" / "action.yml"
TOOLS = Path(sys.executable).parent


def table(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return {str(key): each for key, each in value.items()}


def document(path: Path) -> dict[str, object]:
    return table(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))


def jobs(path: Path) -> dict[str, dict[str, object]]:
    return {name: table(job) for name, job in table(document(path)["jobs"]).items()}


def steps(job: dict[str, object]) -> list[dict[str, object]]:
    found = job["steps"]
    assert isinstance(found, list)
    return [table(step) for step in found]


def all_steps() -> list[dict[str, object]]:
    """Of every workflow, and of our own action."""
    ours = steps(table(document(ACTION)["runs"]))
    return ours + [step for path in WORKFLOWS for job in jobs(path).values() for step in steps(job)]


def lines() -> list[list[str]]:
    """Every command of every step, in words."""
    scripts = [str(step["run"]) for step in all_steps() if "run" in step]
    return [line.split() for script in scripts for line in script.splitlines() if line.strip()]


def said(*command: str | Path) -> str:
    """Both outputs of a tool of the environment that must be content."""
    done = subprocess.run(
        [TOOLS / str(command[0]), *command[1:]], cwd=world.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_workflows_are_what_github_takes() -> None:
    said("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    said("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION)


def test_zizmor_has_nothing_to_say_not_even_when_pedantic() -> None:
    told = said("zizmor", "--offline", "--strict-collection", "--no-progress", "--persona=pedantic", FOLDER)
    assert "No findings to report" in told
    assert told.count("completed") == len(WORKFLOWS) + 1


def test_no_target_is_written_down_where_the_plan_is_asked() -> None:
    text = RELEASE.read_text(encoding="utf-8")
    named = [target.name for target in targets.TARGETS if re.search(rf"\b{target.name}\b", text)]
    assert named == []
    assert table(jobs(RELEASE)["build"]["strategy"])["matrix"] == "${{ fromJSON(needs.plan.outputs.plan).matrix }}"


def test_every_word_of_the_matrix_that_is_used_is_in_the_plan() -> None:
    matrix = table(plan.as_json(world.product(), world.plan())["matrix"])["include"]
    assert isinstance(matrix, list)
    build = RELEASE.read_text(encoding="utf-8").partition("\n  build:")[2].partition("\n  merge:")[0]
    assert set(re.findall(r"matrix\.(\w+)", build)) == set(matrix[0])


def test_every_command_is_a_verb_that_exists_with_its_options() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    seen = set()
    for words in lines():
        # In a container, the script hands its words on.
        start = next((at for at, word in enumerate(words) if word in {"release", "make/container.sh"}), None)
        if start is None or words[start - 1] == "make/environment.sh":
            continue
        verb = words[start + 1]
        options = {option for each in group.commands[verb].params for option in each.opts}
        used = {word for word in words[start + 2 :] if word.startswith("--")}
        assert used <= options, words
        if "--profile" in words:
            assert words[words.index("--profile") + 1] in config.read(world.ROOT / "release.toml").profiles
        seen.add(verb)
    assert seen == {"plan", "build", "merge", "derive", "publish", "verify", "refresh"}


def test_every_script_and_recipe_that_is_called_is_there() -> None:
    recipes = set(re.findall(r"^(\w+):", (world.ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in lines():
        for before, word in zip(["", *words], words, strict=False):
            if word.startswith(("make/", ".ci/")):
                assert (world.ROOT / word).is_file(), words
            if before == "make":
                assert word in recipes, words
    environment = next(words for words in lines() if "make/environment.sh" in words)
    assert (world.ROOT / "requirements" / f"{environment[-1]}.txt").is_file()


def test_every_action_is_pinned_by_commit_and_says_its_version() -> None:
    for path in (*WORKFLOWS, ACTION):
        uses = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
        ours = [line for line in uses if line.startswith("$/")]
        assert all((world.ROOT / line.removeprefix("$/") / "action.yml").is_file() for line in ours)
        assert uses
        for line in set(uses) - set(ours):
            assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nobody_may_more_than_they_must(path: Path) -> None:
    assert document(path)["permissions"] == {}
    for name, job in jobs(path).items():
        wanted = {"contents": "write"} if name == "publish" else {"contents": "read"}
        assert job["permissions"] == wanted, name
        assert "timeout-minutes" in job


def test_checkouts_are_whole_and_keep_no_token() -> None:
    checkouts = [step for step in all_steps() if "actions/checkout@" in str(step.get("uses"))]
    assert len(checkouts) == len([job for path in WORKFLOWS for job in jobs(path)])
    for step in checkouts:
        given = table(step["with"])
        assert given["persist-credentials"] is False
        assert given["fetch-depth"] == 0


def test_nothing_of_the_outside_is_pasted_into_a_script() -> None:
    assert [step["run"] for step in all_steps() if "${{" in str(step.get("run", ""))] == []


def test_secrets_are_in_the_publishing_step_alone_which_no_pull_request_reaches() -> None:
    with_secrets = [
        (name, position)
        for path in WORKFLOWS
        for name, job in jobs(path).items()
        for position, step in enumerate(steps(job))
        if re.search(r"secrets\.|github\.token", str(step))
    ]
    publish = jobs(RELEASE)["publish"]
    refresh = jobs(REFRESH)["refresh"]
    assert with_secrets == [("refresh", len(steps(refresh)) - 1), ("publish", len(steps(publish)) - 1)]
    assert publish["if"] == "github.event_name != 'pull_request'"
    # iterate tags no pre-releases.
    assert all(f"'{channel}'" in str(publish["environment"]) for channel in Channel if channel is not Channel.BETA)
    assert set(table(document(REFRESH)["on"])) == {"schedule", "workflow_dispatch"}
    for path in WORKFLOWS:
        outside = {**document(path), "jobs": None}
        assert "secrets." not in str(outside)


def test_every_key_that_a_step_signs_with_is_a_secret_of_its_environment_and_the_others_have_none() -> None:
    given = table(steps(jobs(RELEASE)["publish"])[-1]["env"])
    for role in roles.NAMES:
        name = roles.variable(role)
        assert (given.get(name) == f"${{{{ secrets.{name} }}}}") == (role not in roles.OFFLINE), name
    given = table(steps(jobs(REFRESH)["refresh"])[-1]["env"])
    assert {name for name in map(roles.variable, roles.NAMES) if name in given} == set(
        map(roles.variable, roles.ONLINE)
    )


def test_nothing_is_taken_from_a_cache() -> None:
    for step in all_steps():
        assert "cache" not in str(step).lower()


def test_publishing_waits_in_line_and_is_never_cut_short() -> None:
    line = table(jobs(RELEASE)["publish"]["concurrency"])
    assert table(document(REFRESH)["concurrency"]) == line, "both write to the channels repository"
    assert line == {"group": "publish", "queue": "max", "cancel-in-progress": False}
    whole = table(document(RELEASE)["concurrency"])
    assert whole["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"


def test_git_gives_the_token_to_github_and_to_nobody_else(tmp_path: Path) -> None:
    env = {key: str(value) for key, value in table(steps(jobs(RELEASE)["publish"])[-1]["env"]).items()}
    outside = {
        **{key: value for key, value in env.items() if key.startswith("GIT_CONFIG")},
        "REPOSITORIES_TOKEN": "a-token",
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
    }

    def password(host: str) -> str:
        done = subprocess.run(
            ["git", "credential", "fill"],
            input=f"protocol=https\nhost={host}\n\n",
            env=outside,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    assert "username=x-access-token\npassword=a-token\n" in password("github.com")
    assert "a-token" not in password("example.invalid")


def test_ssh_knows_the_one_host_that_it_may_meet() -> None:
    hosts = [line.split()[0] for line in (FOLDER / "known_hosts").read_text().splitlines() if not line.startswith("#")]
    assert hosts == ["aur.archlinux.org"]
    places = config.read(world.ROOT / "release.toml").profiles["github"].places
    assert places["aur"].startswith(f"git+ssh://aur@{hosts[0]}/")
    env = table(steps(jobs(RELEASE)["publish"])[-1]["env"])
    assert "StrictHostKeyChecking=yes" in str(env["GIT_SSH_COMMAND"])
    assert "UserKnownHostsFile=${{ github.workspace }}/.github/known_hosts" in str(env["GIT_SSH_COMMAND"])
