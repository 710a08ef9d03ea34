"""What is said of a shell command: by its parsed commands, and by what it would touch."""

import time
from pathlib import Path

import pytest
from tests.iterate import shellworld
from tests.iterate.shellworld import World

from iterate.permissions.rules import Action, Rule


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return shellworld.make(tmp_path_factory.mktemp("shell"))


LOOKS = r"""
ls
ls -la src
ls src/*.py
cat src/a.py
cat -n 'src/b c.py' | head -5 | wc -l
head -n 3 src/a.py; tail -n +2 src/a.py
git status
git status --short && git log --oneline -3
git diff HEAD~1 -- src
git -C src log -p
git --no-pager show HEAD
git branch
git branch -a
git branch --show-current
git tag -l 'v*'
git stash list
git remote -v
git config --get user.name
git rev-parse --show-toplevel
grep -n x src/a.py
grep -rn "a b" src
grep -e x -e y src/a.py
rg -n 'x|y' src
find . -name '*.py'
find src -type f -exec wc -l {} +
find src -type f -exec grep -l x {} \;
find src -name '*.py' -print0 | sort -z
sed -n '1,10p' src/a.py
sed -n '/def /p' src/a.py
sed 's/a/b/g' src/a.py
sed -E 's|a|b|;s/c/d/' src/a.py
awk '{print $1}' src/a.py
awk -F: 'NR == 1 {print $2}' src/a.py
sort -u src/a.py | uniq -c
diff src/a.py README.md
tar -tzf build/x.tgz
echo hello
echo "$HOME and $UNSET"
echo $(git rev-parse HEAD)
echo `pwd`
printf '%s\n' a b
pwd
true && false || true
test -f src/a.py && echo yes
[ -d src ] || echo no
[[ -f src/a.py && -n "$FILE" ]] && echo yes
if [ -f src/a.py ]; then cat src/a.py; else echo none; fi
for f in src/a.py README.md; do wc -l "$f"; done
while false; do ls; done
case x in x) ls;; *) pwd;; esac
f() { ls; }; f
( cd src && ls )
{ ls; pwd; }
! grep -q x src/a.py
cat < src/a.py
cat <<< "a $FILE"
ls > /dev/null 2>&1
ls 2>/dev/null
ls |& cat
LC_ALL=C sort src/a.py
env LC_ALL=C ls
command -v git
command ls
timeout 5 git log
timeout -k 1 -s KILL 5 ls
nice -n 5 ls
nohup ls
time ls
sh -c 'ls | wc -l'
bash -lc "git status"
bash -c 'for f in a b; do echo $f; done'
eval 'ls src'
xargs -n1 echo < src/a.py
/bin/ls src
ls # rm -rf /
cat "$FILE"
cat ${FILE}
cat src/{a.py,"b c.py"}
X=src/a.py; cat "$X"
cat $'src/a.py'
python3 --version
node --version
cd src && cat a.py
date +%s
jq .name src/a.py
set -euo pipefail
exec ls
echo $((1 + 2))
ls -- src
read -r line < src/a.py
echo 'a;rm -rf /' "b|c" \; \&
"""


@pytest.mark.parametrize("text", LOOKS.strip().splitlines())
def test_a_command_that_only_looks_runs_without_a_word(world: World, text: str) -> None:
    made = world.judge(text)
    assert made.action == "allow", (made.why, made.rows)
    assert world.judge(text, agent="plan").action == "allow"


ASKS = r"""
make
npm test
curl https://example.org
./script.sh
bash script.sh
python3 src/a.py
rm src/a.py
mv src/a.py src/c.py
ls; make
ls && make
ls || make
ls | make
ls & make
ls |& make
echo $(make)
echo "$(make)"
echo `make`
echo "`make`"
cat <(make)
echo x > >(make)
ls > $(make)
cat <<< "$(make)"
( make )
{ make; }
! make
if make; then ls; fi
if ls; then make; fi
if ls; then ls; elif make; then ls; else ls; fi
while make; do ls; done
for f in $(make); do ls; done
for f in a; do make; done
case $(make) in x) ls;; esac
case x in x) make;; esac
f() { make; }; f
f() { make; }
function ls { make; }; ls
[[ -n $(make) ]]
[ "$(make)" ]
X=$(make)
X=`make` ls
export X=$(make)
declare X=$(make)
X=(a $(make))
ls "${X:-$(make)}"
echo $((1 + $(make)))
sh -c make
sh -c 'ls; make'
bash -lc 'make'
bash -c "ls $(make)"
bash -c "bash -c 'bash -c make'"
eval make
eval "ls; make"
eval 'ma'ke
env make
env FOO=1 make
env -i make
command make
builtin eval make
exec make
nohup make
timeout 5 make
time make
nice make
xargs make
find . -exec make {} \;
find . -execdir make \;
find . -ok make \;
trap make EXIT
sudo ls
ssh host ls
parallel ls
watch ls | make
watch make
coproc make
busybox make
stdbuf -o0 make
"""


@pytest.mark.parametrize("text", ASKS.strip().splitlines())
def test_every_command_inside_counts_wherever_it_stands(world: World, text: str) -> None:
    assert world.judge(text).action == "ask"
    assert world.judge(text, agent="plan").action == "deny"


@pytest.mark.parametrize("text", [line for line in ASKS.strip().splitlines() if "make" in line])
def test_a_deny_finds_a_command_wherever_it_stands(world: World, text: str) -> None:
    everything = Rule(deed="bash", pattern="*", action="allow", source="session")
    forbidden = Rule(deed="bash", pattern="make *", action="deny", source="user")
    assert world.judge(text, everything, forbidden).action == "deny"


OPAQUE = r"""
$X
$X -la
"$X" -la
${X} y
$(echo ls)
`echo ls`
l* src
"$(echo rm)" x
python3 -c 'print(1)'
python3 - < src/a.py
python3 <<< 'print(1)'
cat src/a.py | python3
cat src/a.py | sh
sh < src/a.py
sh -c "$X"
sh -c
bash -s < src/a.py
bash --init-file x -i
eval "$X"
eval $X
node -e '1'
node --eval 1
perl -e 1
perl -ne 'print' src/a.py
ruby -e 1
php -r 1
. src/a.py
source src/a.py
alias ls=make
shopt -s expand_aliases
env
env -S 'ls -la'
printenv
let x=1
((x=1))
echo $((x))
echo ${!X}
echo ${X@P}
echo "${X@P}"
echo ${X[$(make)]}
[[ -v x ]]
test -v 'a[1]'
printf -v x y
a[1]=2
unset 'a[1]'
enable -f x y
mapfile -C make -c 1 x
PATH=.:$PATH
PATH=. ls
LD_PRELOAD=./x.so ls
GIT_SSH_COMMAND=make git log
GIT_EXTERNAL_DIFF=make git diff
PAGER=make git log
env LD_PRELOAD=./x.so ls
env GIT_PAGER=make git log
export PATH=.
export LD_PRELOAD=x
declare -x X=1
IFS=x
BASH_ENV=x
HOME=/ ls
declare -n x=PATH
ls 'unclosed
ls $(
if ls
ls )
"""


@pytest.mark.parametrize("text", OPAQUE.strip().splitlines())
def test_what_cannot_be_told_asks_also_where_all_that_looks_is_allowed(world: World, text: str) -> None:
    made = world.judge(text)
    assert made.action == "ask", made.rows
    assert any(row.need.deed == "bash" and not row.need.is_look for row in made.rows), made.rows


@pytest.mark.parametrize(
    "text",
    [
        "ls\rmake",
        "ls\u00a0make",
        "ls\u2028make",
        "ls\x00make",
        "ls \x1b[2K",
        "l\\\ns",
        "ma\\\nke",
        "ls\u202emake",
        "ls \ud800",
        "x" * 70_000,
        "(" * 300 + "ls" + ")" * 300,
        "$(" * 60 + "make" + ")" * 60,
    ],
)
def test_a_text_that_bash_and_the_grammar_may_read_differently_asks(world: World, text: str) -> None:
    assert world.judge(text).action == "ask"


BENT = r"""
sed -i s/a/b/ src/a.py
sed -n -i p src/a.py
sed --in-place p src/a.py
sed --in-pl p src/a.py
sed -ni p src/a.py
sed 'w evil' src/a.py
sed 's/a/b/w evil' src/a.py
sed 's/a/make/e' src/a.py
sed e src/a.py
sed '1e make' src/a.py
sed -f x src/a.py
sed 's/[/]/p;s/w evil/p/' src/a.py
sort -o x src/a.py
sort -uo x src/a.py
sort --output=x src/a.py
sort --outp x src/a.py
sort --compress-program=make src/a.py
sort --comp=make src/a.py
find . -delete
find . -fprint x
find . -fls x
find . $X
uniq src/a.py x
xxd -r src/a.py x
xxd src/a.py x
tree -o x
file -C -m x
diff -l src/a.py README.md
rg --pre make x
rg --pre=make x
rg --pr make x
rg --hostname-bin=make x
rg -z x
fd -x make
fd -X make
fd --exec make
awk 'BEGIN{system("make")}'
awk 'BEGIN{print "x" > "evil"}'
awk 'BEGIN{"make" | getline}'
awk 'BEGIN{print | "make"}'
awk -f x src/a.py
awk '/;/;system("make");/;/' src/a.py
gawk -i inplace 1 src/a.py
gawk '@load "x"' src/a.py
tar -xf x.tar
tar -cf x.tar src
tar -tf x.tar --to-command=make
tar -tf x.tar --use-compress-program=make
tar -tf x.tar -I make
tar -tf host:x.tar
git -c core.pager=make log
git -c alias.x='!make' x
git --config-env=core.pager=X log
git --exec-path=. log
git --git-dir=src log
git --work-tree=src status
git -p log
git --paginate log
git diff --output=x
git diff --outp=x
git log --output x
git diff --ext-diff
git diff --ext
git log --textconv
git show --show-signature
git grep -O x
git grep --open-files-in-pager=make x
git diff --no-index src/a.py README.md
git branch new
git branch -m new
git branch --edit-description
git tag new
git remote add x y
git remote update
git fetch
git config user.name x
git config -l
git config --get http.extraheader
git stash
git notes add
git worktree add x
git ls-remote 'ext::make'
git archive --remote=x
git bisect run make
git rebase -x make
git submodule foreach make
git hook run x
git x
git cat-file --textconv HEAD:a
git reflog expire --all
hostname new
date -s 12:00
date 01010000
ps e
jq env src/a.py
jq -f x src/a.py
command -p make
env -C / make
nice -n 5 make
timeout --unknown 5 ls
xargs -a x -I{} sh -c {}
find src -exec sh -c 'make {}' \;
find src -exec {} \;
bash -O expand_aliases -c ls
bash --rcfile x -c ls
python3 -m http.server
python3 -ic 1
npm run x
npx x
less src/a.py
vim src/a.py
man ls
"""


@pytest.mark.parametrize("text", BENT.strip().splitlines())
def test_a_command_that_looks_does_more_with_such_words_and_asks(world: World, text: str) -> None:
    assert world.judge(text).action == "ask"
    assert world.judge(text, agent="plan").action in ("deny", "ask")


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
"""


@pytest.mark.parametrize("text", OUTSIDE.strip().splitlines())
def test_outside_asks_whatever_commands_are_allowed(world: World, text: str) -> None:
    text = text.replace("<<E > ../x", "<<E > ../x\nhi\nE")
    everything = Rule(deed="bash", pattern="*", action="allow", source="session")
    made = world.judge(text, everything)
    assert made.action == "ask"
    assert any(row.need.deed == "outside" and row.action == "ask" for row in made.rows)


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


def test_a_repository_whose_settings_start_programs_is_not_looked_at_without_a_word(tmp_path: Path) -> None:
    for setting in (
        "[core]\n\tfsmonitor = make",
        "[diff]\n\texternal = make",
        "[include]\n\tpath = x",
        "[core]\npager=x",
    ):
        world = shellworld.make(tmp_path / str(hash(setting)))
        assert world.judge("git status").action == "allow"
        (world.root / ".git" / "config").write_text(setting)
        assert world.judge("git status").action == "ask", setting
        assert world.judge("cd src && git status").action == "ask", setting


def test_a_repository_without_its_folder_is_not_looked_at_without_a_word(tmp_path: Path) -> None:
    world = shellworld.make(tmp_path)
    bare = world.root / "docs"
    (bare / "HEAD").write_text("ref: refs/heads/main\n")
    (bare / "objects").mkdir()
    assert world.judge("cd docs && git status").action == "ask"


def test_a_program_that_the_project_brings_is_not_the_systems(tmp_path: Path) -> None:
    world = shellworld.make(tmp_path)
    (world.root / "bin").mkdir()
    (world.root / "bin" / "ls").write_text("#!/bin/sh\nmake\n")
    for path, action in ((f"{world.root}/bin:/usr/bin", "ask"), ("bin:/usr/bin", "ask"), (":/usr/bin", "allow")):
        bent = World(root=world.root, environment={**world.environment, "PATH": path})
        assert bent.judge("cat src/a.py").action == ("allow" if path.startswith("/") else "ask"), path
        assert bent.judge("ls").action == ("ask" if action == "allow" else action), path
    for text in ("./ls", "bin/ls", "src/../bin/ls", "/usr/bin/../../bin/ls"):
        assert world.judge(text).action == "ask", text


@pytest.mark.parametrize(
    ("pattern", "text", "action"),
    [
        ("npm test *", "npm test", "allow"),
        ("npm test *", "npm test 2>&1 | tail -5", "allow"),
        ("npm test *", "CI=1 npm test -- --watch=false", "allow"),
        ("npm test *", "timeout 60 npm test", "allow"),
        ("npm test *", "cd src && npm test", "allow"),
        ("npm test *", "npm test; make", "ask"),
        ("npm test *", "npm test $(make)", "ask"),
        ("npm test *", "NODE_OPTIONS=-r./x npm test", "ask"),
        ("npm test *", "npm test > ../x", "ask"),
        ("npm test *", "./npm test", "ask"),
        ("npm test *", "npm testing", "ask"),
        ("npm test *", "npm 'test x'", "ask"),
        ("npm test *", "npm test $X", "ask"),
        ("git commit *", 'git commit -m "$(cat README.md)"', "allow"),
        ("cp *", "cp src/a.py src/c.py", "allow"),
        ("cp *", "cp src/a.py ../x", "ask"),
        ("cp *", "cp /etc/passwd src", "ask"),
        ("cp *", 'cp src/a.py "$X"', "ask"),
        ("python *", "python src/a.py", "allow"),
        ("python *", "python -c 1", "ask"),
        ("python *", "python /etc/x.py", "ask"),
        ("bash *", "bash -c make", "ask"),
        ("env *", "env make", "ask"),
        ("xargs *", "xargs make", "ask"),
        ("find *", "find . -exec make {} +", "ask"),
        ("*", "make", "allow"),
    ],
)
def test_a_rule_of_a_person_allows_its_command_and_nothing_beside_it(
    world: World, pattern: str, text: str, action: Action
) -> None:
    assert world.judge(text, Rule(deed="bash", pattern=pattern, action="allow", source="user")).action == action


def test_a_judgement_takes_less_than_five_milliseconds(world: World) -> None:
    texts = LOOKS.strip().splitlines() + ASKS.strip().splitlines()
    world.judge("ls")
    begun = time.process_time()
    for text in texts:
        world.judge(text)
    assert (time.process_time() - begun) / len(texts) < 0.005
