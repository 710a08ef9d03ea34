"""Commands that only look, and the words with which they do more."""

import time
from pathlib import Path

import pytest
from tests.iterate import shellworld
from tests.iterate.shellworld import World


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
cut -d/ -f1 src/a.py
cd src && cat a.py && cd .. && ls
echo $((1 + 2))
ls -- src
read -r line < src/a.py
echo 'a;rm -rf /' "b|c" \; \&
"""


@pytest.mark.parametrize("agent", ["build", "plan"])
def test_a_command_that_only_looks_runs_without_a_word(world: World, agent: str) -> None:
    made = {text: world.judge(text, agent=agent) for text in LOOKS.strip().splitlines()}
    assert {text: each.why for text, each in made.items() if each.action != "allow"} == {}


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
grep -R x .
grep --dereference-recursive x .
rg -L x
rg --follow x
fd --search-path src x
find -L . -exec cat {} +
date -f src/a.py
strings @src/a.py
base64 -o x src/a.py
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


def test_a_command_that_looks_does_more_with_such_words_and_asks(world: World) -> None:
    for text in BENT.strip().splitlines():
        assert world.judge(text).action == "ask", text
        assert world.judge(text, agent="plan").action in ("deny", "ask"), text


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


def test_a_judgement_takes_less_than_five_milliseconds(world: World) -> None:
    texts = LOOKS.strip().splitlines() + BENT.strip().splitlines()
    world.judge("ls")
    begun = time.process_time()
    for text in texts:
        world.judge(text)
    assert (time.process_time() - begun) / len(texts) < 0.005
