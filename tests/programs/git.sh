# shellcheck shell=bash
# Git: commits, branches, merges, clone, repack (threads, zlib, delta windows), gc, blame, fsck.
#
# tier: full
# timeout: 180
# debug-timeout: 400
# packages: git
# commands: git

prepare() {
    mkdir files
    awk 'BEGIN {
        for (f = 0; f < 150; f++)
            for (i = 0; i < 200; i++) {
                s = (s * 1103515245 + 12345) % 2147483648
                printf "line %d of file %d: %d %d\n", i, f, s, s % 97 > ("files/f" f ".txt")
            }
    }'
}

# Fixed names and dates make every object id the same.
identity() {
    export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example
    export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
}

workload() {
    identity
    git config --global protocol.file.allow always
    git config --global gc.auto 0
    git config --global advice.detachedHead false
    git init -q -b main one
    cd one || return
    cp "$work"/input/files/* .
    git add . && git commit -q -m 'first'
    local i
    for i in {1..40}; do
        sed -i "${i}s/line/LINE $i/" f$((i % 50)).txt f$((i + 60)).txt
        ((i % 10)) || git mv "f$((100 + i)).txt" "moved$i.txt"
        git commit -q -a -m "change $i"
    done
    git checkout -q -b side HEAD~20
    echo side > side.txt && git add side.txt && git commit -q -m side
    git checkout -q main && git merge -q --no-edit side
    git tag -a -m tag v1
    # With several threads the deltas found may differ, the objects may not.
    git -c pack.threads=2 repack -q -a -d -f --depth=50 --window=50
    git clone -q --no-local "file://$PWD" ../two
    cd ../two || return
    git gc -q --aggressive --prune=now
    git -c pack.threads=1 repack -q -a -d -f
    git fsck --full --strict --no-progress
    git rev-parse HEAD 'v1^{tree}'
    git log --stat -M --graph --date=iso | md5sum
    git blame -C f5.txt | md5sum
    git log -S'LINE 7' --oneline
    git grep -c 'LINE' | md5sum
    git diff HEAD~30 --word-diff --minimal | md5sum
    git archive HEAD | md5sum
    git bundle create -q ../all.bundle --all && git bundle verify -q ../all.bundle
    git cat-file --batch-all-objects --batch-check | md5sum
    cd .. && rm -rf one two all.bundle
}

leaks() {
    identity
    export HOME=$work/leaks
    git init -q -b main one
    cd one || return
    cp "$work"/input/files/f1?.txt .
    git add . && git commit -q -m first
    sed -i s/line/LINE/ f10.txt && git commit -q -a -m second
    confirm git log --stat -M
    confirm git blame -s f10.txt
    confirm git diff --word-diff HEAD~
    confirm git fsck --full --strict --no-progress
    confirm git -c pack.threads=1 repack -q -a -d -f
}
