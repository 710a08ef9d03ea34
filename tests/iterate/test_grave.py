"""What is lost for good asks always, by what a command would touch."""

from pathlib import Path

import pytest
from tests.iterate import shellworld
from tests.iterate.shellworld import World

from iterate.permissions import grave, shell
from iterate.permissions.rules import DEEDS, Rule


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return shellworld.make(tmp_path_factory.mktemp("grave"))


GRAVE = r"""
rm -rf /
rm -rf /*
rm -rf ~
rm -rf ~/
rm -rf ~/*
rm -rf "$HOME"
rm -rf ${HOME}/
rm -rf $HOME/papers
rm -r -f ..
rm -rf ../
rm -fr ../*
rm -rf .
rm -rf ./
rm -rf *
rm -rf ./*
rm -rf .*
rm -rf {.,src}
rm -rf "$PWD"
rm -rf $UNSET/
rm -rf "$UNSET"/*
rm -rf $UNSET
rm -rf "${UNSET:-/}"
rm -rf $(pwd)
rm -rf src/../..
rm -rf src/../../project
rm -rf out/
rm -rf ../other
rm ../other/file
rm ~/.bashrc
rm -rf .git
rm -rf .git/objects
rm -rf .GIT
\rm -rf ~
'rm' -rf ~
r"m" -rf ~
/bin/rm -rf ~
$'\x72m' -rf ~
{rm,-rf,/}
sudo rm -rf /
env rm -rf ~
command rm -rf ~
timeout 5 rm -rf ~
nohup nice rm -rf ~
sh -c 'rm -rf ~'
bash -c "bash -c 'rm -rf ~'"
eval 'rm -rf ~'
eval rm -rf \~
ls; rm -rf ~
ls && rm -rf ~
echo $(rm -rf ~)
echo `rm -rf ~`
cat <(rm -rf ~)
f() { rm -rf ~; }; f
if ls; then rm -rf ~; fi
for d in ~ /; do rm -rf $d; done
for d in $(ls); do rm -rf $d; done
X=~; rm -rf "$X"
cd .. && rm -rf project
cd / && rm -rf *
cd ~; rm -rf papers
(cd ..; rm -rf *)
pushd /; rm -rf etc
find / -delete
find . -delete
find ~ -type f -delete
find -delete
find . -exec rm -rf {} +
find / -name x -exec rm {} \;
find . | xargs rm -rf
git ls-files -o | xargs rm
ls | xargs -I{} rm -rf {}
ls | while read f; do rm -rf "$f"; done
mv ~ x
mv ~/papers x
mv .. x
mv . ../x
mv ../other x
mv src/a.py ../other/file
cp src/a.py ../other/file
cp src/a.py ~/.bashrc
echo x > ../other/file
echo x > ~/.bashrc
: > ~/.bashrc
> ~/.bashrc
cat src/a.py > leak
cat src/a.py >| ../other/file
ls &> ../other/file
ls | tee ~/.bashrc
ls | tee ../other/file src/x
truncate -s 0 ~/.bashrc
dd if=/dev/zero of=/dev/sda
dd of=~/.bashrc if=src/a.py
dd if=src/a.py of=../other/file
echo x > /dev/sda
mkfs.ext4 /dev/sda1
mkfs /dev/sda1
wipefs -a /dev/sda
shred src/a.py
chmod -R 777 /
chmod -R 777 ~
chmod -R 777 .
chmod -R 777 ..
chown -R me /
chown -R me:me ../other
chgrp --recursive x ~
git clean -fdx
git clean -fd
git clean -f
git clean --force
git clean -xdf src
git reset --hard
git reset --hard HEAD~3
git reset --har
git -C . reset --hard
git push --force
git push -f
git push origin +main
git push origin :main
git push origin --delete main
git push --force-with-lease
git push --mirror
git push --for
git checkout -- .
git checkout .
git checkout -f main
git restore .
git restore src/a.py
git stash drop
git stash clear
git branch -D main
git branch -d main
git tag -d v1
git update-ref -d refs/heads/main
git reflog expire --expire=now --all
git gc --prune=now
git filter-branch --all
git worktree remove x
git switch -f main
git switch --discard-changes main
rsync -a --delete src/ build/
rsync -a --delete-after src/ ../other/
rsync --remove-source-files -a src/ build/
docker system prune -af
docker volume rm x
docker volume prune
docker compose down -v
docker rm -f x
podman system prune
kubectl delete pod x
kubectl delete -f x.yml
helm uninstall x
terraform destroy
terraform apply -auto-approve
dropdb x
psql -c 'DROP TABLE x'
psql -c "delete from x"
mysql -e 'truncate x'
redis-cli FLUSHALL
sqlite3 x.db 'drop table x'
aws s3 rm s3://x --recursive
aws s3 rb s3://x
aws ec2 terminate-instances
gsutil rm -r gs://x
gcloud projects delete x
gh repo delete x
npm unpublish x
cargo yank x
crontab -r
userdel -r x
shutdown now
kill -9 -1
python3 -c 'import shutil; shutil.rmtree("/")'
node -e 'fs.rmSync("/", {recursive: true})'
perl -e 'unlink glob "*"'
ssh host rm -rf /
parallel rm -rf ::: a b
bash -c "$X rm -rf /"
$X -rf /
$RM -rf ~
rm -rf "unclosed
X=build & rm -rf "$X"
true || X=build; rm -rf "$X"
X=build | true; rm -rf "$X"
true || rm() { ls; }; rm -rf ~
true | rm() { ls; }; rm -rf ~
rm() { ls; } & rm -rf ~
rm() { ls; }; unset -f rm; rm -rf ~
if false; then rm() { ls; }; fi; rm -rf ~
rm() { ls; }; command rm -rf ~
cd src; rm -rf "$PWD/../.."
read X < src/a.py; rm -rf "$X"
ln -s ~ x && rm -rf x/papers
ln -s ../other x; echo y > x/file
cd build; rm -rf *
cd build || true; rm -rf *
cd build && ls || rm -rf *
find / -name "*.pyc" -delete
find ~ -name "*.pyc" -exec rm {} +
find . -name "*" -delete
find . -name "*.pyc" -o -delete
find -L . -name "*.pyc" -exec rm -rf {} +
echo "rm -rf ~" | sh
echo "rm -rf ~" | sudo bash
bash <<< "rm -rf ~"
flock x rm -rf ~
tmux new "rm -rf ~"
strace -f rm -rf ~
xvfb-run sh -c "rm -rf ~"
docker exec c rm -rf /srv
wrap sudo rm -rf ~
su -c "rm -rf ~"
python3 -c "os.system('rm -rf ~')"
trap -- "rm -rf ~" EXIT
jobs -x rm -rf ~
IFS= read -r FILE < src/a.py; rm -rf "$FILE"
rm -rf */ *.md *.sh out leak
rm -rf build docs src; rm *
rm -r src build && find docs README.md script.sh out leak -delete
git clean -x
git -c clean.requireForce=false clean -dx
git rm -rf src
git rm -r .
git read-tree -u --reset HEAD
git checkout-index -f -a
git checkout -B main origin/main
git worktree prune
hg update -C
hg --config x=y purge
svn revert -R .
jj abandon
jj op restore x
tar --remove-files -cf x.tar src
tar czf ~/.bashrc src
tar -cf ../other/file src
zip -rm x.zip src
fd -x rm
fd . src -X rm -rf
fd -e py --exec rm -f {}
node -e "require('fs').unlinkSync('x')"
ruby -e 'File.delete("x")'
"""


def test_it_asks_whatever_is_allowed_and_also_in_the_mode_that_does_not_ask(world: World) -> None:
    everything = [Rule(deed=deed, pattern="*", action="allow", source="once") for deed in DEEDS]
    passed = []
    for text in GRAVE.strip().splitlines():
        made = world.judge(text, *everything, is_trusting=True)
        if (made.action, made.lasting) != ("ask", ()) or not world.is_grave(text):
            passed.append(text)
    assert passed == []


LIGHT = r"""
rm src/a.py
rm -rf build
rm -rf build/*
rm -rf ./build/deep
rm -rf src/../build
rm -f src/*.py
rm -f src/*.pyc
rm out
rm leak
X=build; rm -rf "$X"
for d in build docs; do rm -rf $d; done
mv src/a.py src/c.py
mv README.md docs
cp -r src docs
echo x > src/a.py
echo x > src/new.py
echo x >> src/a.py
ls > /dev/null
ls 2>&1 | tee build/log
dd if=src/a.py of=build/x
truncate -s 0 src/a.py
chmod +x script.sh
chmod -R u+w src
find build -name '*.o' -delete
find src -name '*.pyc' -exec rm {} +
git add -A
git commit -m 'remove rm -rf'
git push
git push origin main
git reset HEAD src/a.py
git reset --soft HEAD~1
git checkout main
git checkout -b new
git switch -c new
git restore --staged src/a.py
git stash
git stash pop
git clean -n
git tag v1
git branch new
rsync -a src/ build/
docker build .
docker ps
kubectl get pods
terraform plan
psql -c 'select 1'
aws s3 ls
npm install
kill 123
make clean
cd build && rm -rf *
cd build && cd deep && rm -rf ./*
cd src && ls && cd ../build && rm -rf *
find . -name '*.pyc' -delete
find . -name '*.pyc' -exec rm {} +
npm install rm
git commit -m "no more rm -rf ~"
gh pr create --body "rm -rf ~ is gone"
rm -rf "$PWD/build"
rm() { ls; }; rm -rf ~
set -e; X=build; rm -rf "$X"
echo 'rm -rf /'
grep 'rm -rf' src/a.py
ls # rm -rf /
git clean -nd
git rm --cached src/a.py
git rm src/a.py
mkdir all && mv src build docs README.md script.sh out leak all/
tar xf x.tar -C build
tar -czf build/x.tgz src
hg update
jj status
fd -e py -x wc -l
rm -rf node_modules
"""


def test_what_the_undo_brings_back_is_not_grave(world: World) -> None:
    assert [text for text in LIGHT.strip().splitlines() if world.is_grave(text)] == []


def test_a_folder_with_more_than_the_undo_keeps_is_grave_to_remove(tmp_path: Path) -> None:
    world = shellworld.make(tmp_path)
    many = world.root / "many"
    many.mkdir()
    for number in range(3000):
        (many / str(number)).touch()
    # The undo holds it, so that it can be brought back.
    assert not world.is_grave("rm -rf many")
    for number in range(5):
        with (many / f"long{number}").open("wb") as file:
            file.truncate(grave.LONGEST_BYTES)
    assert world.is_grave("rm -rf many")
    assert not world.is_grave("rm -f many/1")
    with (world.root / "large").open("wb") as file:
        file.truncate(grave.LONGEST_BYTES + 1)
    assert world.is_grave("rm large")
    assert world.is_grave("echo > large")
    assert not world.is_grave("echo >> large")


@pytest.mark.parametrize(
    ("text", "is_grave"),
    [
        ("rm src/a.py", True),
        ("rm -rf build", False),
        ("rm -rf src", True),
        ("echo > src/a.py", True),
        ("echo > src/new.py", False),
        ("echo >> src/a.py", False),
        ("cp README.md src/a.py", True),
        ("mv README.md src/new.py", True),
        ('for f in *; do : > "$f"; done', True),
        ("find . -name '*.py' | xargs truncate -s 0", True),
        ("npm test", False),
    ],
)
def test_where_nothing_is_kept_all_that_is_removed_or_overwritten_is_grave(
    tmp_path: Path,
    text: str,
    is_grave: bool,  # noqa: FBT001
) -> None:
    world = shellworld.make(tmp_path)
    needs = shell.needs(text, world.root, world.root, world.environment, kept_bytes=0)
    assert any(need.is_grave for need in needs) == is_grave
    assert not world.is_grave(text)


def test_a_folder_that_holds_a_repository_is_grave_to_remove(tmp_path: Path) -> None:
    world = shellworld.make(tmp_path)
    (world.root / "vendor" / "lib" / ".git").mkdir(parents=True)
    assert world.is_grave("rm -rf vendor")
    assert world.is_grave("rm -rf vendor/lib")


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    world = shellworld.make(tmp_path)
    (world.root / "home").symlink_to(world.environment["HOME"])
    assert not world.is_grave("rm home")
    assert world.is_grave("rm -rf home/")
    assert world.is_grave("rm -rf home/papers")
    assert world.is_grave("rm -rf home/*")
