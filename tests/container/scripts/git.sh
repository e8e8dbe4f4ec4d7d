# SPDX-License-Identifier: BSD-2-Clause
# git: init, add, commit, log, branch, merge, clone, diff, fsck, gc.
export HOME="$PWD" GIT_AUTHOR_DATE=2001-02-03T04:05:06Z GIT_COMMITTER_DATE=2001-02-03T04:05:06Z
git config --global user.email a@example.org
git config --global user.name name
git config --global init.defaultBranch trunk
git init -q repo
cd repo
echo one > f
git add f
git commit -qm first
git checkout -q -b side
echo two >> f
git commit -qam second
git checkout -q trunk
echo other > g
git add g
git commit -qm third
git merge -q side -m merged
git log --format='%h %s' | sort
git clone -q . ../clone
cat ../clone/f ../clone/g
git -C ../clone diff --stat HEAD~1
git fsck
git gc -q
git status --short
git rev-parse HEAD
