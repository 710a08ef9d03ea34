"""What is said of a shell command: by its parsed commands, and by what it would touch."""

import pytest
from tests.iterate import shellworld
from tests.iterate.shellworld import World

from iterate.permissions.rules import Action, Rule


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return shellworld.make(tmp_path_factory.mktemp("shell"))


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
trap -- make EXIT
coproc make
busybox make
stdbuf -o0 make
"""


def test_every_command_inside_counts_wherever_it_stands(world: World) -> None:
    for text in ASKS.strip().splitlines():
        assert world.judge(text).action == "ask", text
        assert world.judge(text, agent="plan").action == "deny", text


def test_a_deny_finds_a_command_wherever_it_stands(world: World) -> None:
    everything = Rule(deed="bash", pattern="*", action="allow", source="session")
    forbidden = Rule(deed="bash", pattern="make *", action="deny", source="user")
    for text in ASKS.strip().splitlines():
        assert "make" not in text or world.judge(text, everything, forbidden).action == "deny", text


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
echo $[a[$(make)]]
export
declare
jobs -x make
arch make
nm --plugin ./x.so src/a.py
cloc --extract-with=make src
echo 1 | wc --files0-from=- | sh
"""


def test_what_cannot_be_told_asks_also_where_all_that_looks_is_allowed(world: World) -> None:
    for text in OPAQUE.strip().splitlines():
        made = world.judge(text)
        assert made.action == "ask", text
        assert any(row.need.deed == "bash" and not row.need.is_look for row in made.rows), (text, made.rows)


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
