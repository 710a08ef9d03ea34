"""Files that a shell command names: outside, secret, or obeyed by other programs."""

import pytest
from tests.iterate import shellworld
from tests.iterate.shellworld import World

from iterate.permissions.rules import Rule


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return shellworld.make(tmp_path_factory.mktemp("shell"))


OUTSIDE = r"""
cat /etc/passwd
cat ../other/file
cat out/file
cat leak
cat ~/.bashrc
cat "$HOME/.bashrc"
cat ~root/x
cat $UP/other/file
cat src/../../other/file
cat src/*/../../../other/file
cat l*k
cat {/etc/passwd,src/a.py}
cat < /etc/passwd
cat < leak
ls ..
ls /
ls ~
cd .. && ls
cd .. ; cat other/file
cd out && cat file
cd - && ls
cd "$X" && ls
cd src/../.. && cat other/file
pushd .. && ls
(cd ..; ls)
if cd ..; then ls; fi
f() { cd ..; }; f; ls
for i in 1 2; do cd ..; ls; done
env -C .. ls
git -C .. status
git diff /etc/passwd /etc/group
find / -name x
find ~ -name x
find .. -exec cat {} +
grep x /etc/passwd
grep -f /etc/passwd src/a.py
grep -f/etc/passwd src/a.py
grep --file=/etc/passwd src/a.py
wc --files0-from=/etc/passwd
diff --from-file=/etc/passwd src/a.py
rg x ..
sort -- /etc/passwd
sed -n p /etc/passwd
awk 1 /etc/passwd
tar -tf /etc/x.tar
echo x > ../x
echo x > /var/x
echo x >> ~/.bashrc
echo x &> ../x
echo x >| ../x
echo x > "$X"
echo x > $X/y
ls 2> ../x
cat <<E > ../x
> ../x
echo x > out/new
echo x >& ../x
exec 3> ../x
cat < /dev/tcp/localhost/80
echo x > /dev/tcp/localhost/80
cat /dev/fd/9
cat /proc/self/environ
cat /proc/self/cwd/src/a.py
cd src; cat ../../other/file
cd src && cat ../../other/file
cd src && cd .. && cat ../other/file
"""


def test_outside_asks_whatever_commands_are_allowed(world: World) -> None:
    everything = Rule(deed="bash", pattern="*", action="allow", source="session")
    for line in OUTSIDE.strip().splitlines():
        made = world.judge(line.replace("<<E > ../x", "<<E > ../x\nhi\nE"), everything)
        assert made.action == "ask", line
        assert any(row.need.deed == "outside" and row.action == "ask" for row in made.rows), (line, made.rows)


@pytest.mark.parametrize(
    "text",
    [
        "cat .env",
        "head -1 ./.env",
        "cat .e*",
        "cat .env src/a.py",
        "grep KEY .env",
        "grep -r KEY .",
        "grep -r KEY",
        "rg --hidden KEY",
        "find . -type f -exec cat {} +",
        "cat < .env",
        "git show HEAD:.env",
        "sed -n p .env",
        "cat .ENV",
        "cat src/../.env",
        "base64 .env",
        "cat {.env,src/a.py}",
        "for f in .env; do cat $f; done",
        'echo "$API_TOKEN"',
        "echo ${API_TOKEN}",
        'printf %s "x${API_TOKEN:-none}"',
    ],
)
def test_secrets_ask_also_from_the_shell(world: World, text: str) -> None:
    made = world.judge(text)
    assert made.action == "ask"
    assert any(row.need.deed == "read" and row.action == "ask" for row in made.rows)


@pytest.mark.parametrize(
    "text",
    [
        "echo x > .git/hooks/pre-commit",
        "echo x >> .git/config",
        "cp script.sh .git/hooks/pre-commit",
        "tee .vscode/tasks.json < src/a.py",
        "ln -s ../../script.sh .git/hooks/pre-commit",
        "sed -i s/a/b/ .git/config",
        "mkdir .iterate && touch .iterate/config.toml",
        "echo x > .GIT/hooks/pre-commit",
        "cd .git/hooks && echo x > pre-commit",
    ],
)
def test_what_other_programs_obey_asks_whatever_commands_are_allowed(world: World, text: str) -> None:
    everything = Rule(deed="bash", pattern="*", action="allow", source="session")
    made = world.judge(text, everything)
    assert made.action == "ask"
    assert any(row.need.deed == "edit" and row.action == "ask" for row in made.rows)


def test_a_redirection_into_the_project_is_an_edit(world: World) -> None:
    assert world.judge("echo x > src/new.py").action == "allow"
    denied = Rule(deed="edit", pattern="src/**", action="deny", source="user")
    for text in ("echo x > src/new.py", "ls | tee src/new.py", "cp README.md src/new.py", "cd src && echo x > new.py"):
        assert world.judge(text, denied).action == "deny", text
    assert world.judge("echo x > src/new.py", agent="plan").action == "deny"
