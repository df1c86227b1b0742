# shellcheck shell=bash
# bash and the programs of every shell script: pipelines over some megabytes of text.
#
# tier: full
# timeout: 120
# debug-timeout: 480
# packages: bash coreutils gawk sed grep tar gzip bzip2 xz-utils findutils diffutils
# commands: bash sort gawk sed grep tar gzip xz find xargs diff

prepare() {
    # A fixed pseudo-random sequence: the same words everywhere, in no order.
    awk -v lines="${mode:+40000}" 'BEGIN {
        if (!lines) lines = 150000
        for (i = 0; i < lines; i++) {
            s = (s * 1103515245 + 12345) % 2147483648
            printf "%d user%d host%d.example %d.%d\n", i, s % 5003, s % 211, s % 100000, i % 7
        }
    }' > records
    mkdir tree
    split -l 500 -a 3 records tree/part-
}

workload() {
    local in=$work/input pairs=20000 depth=9
    [[ -z $mode ]] || pairs=5000 depth=5
    # Loops, functions, arrays, expansions and substitutions of bash itself.
    bash -c '
        declare -A count
        fib() { if (($1 < 2)); then echo "$1"; else echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); fi; }
        while read -r number user host rest; do
            count[$user]=$((${count[$user]:-0} + 1))
            text=${host//./_}:${user^^}
            list+=("${text%%_*}")
        done < <(head -n "$2" "$1")
        printf "%s\n" "${#count[@]}" "${#list[@]}" "${list[*]:100:5}" "$(fib "$3")"
        for key in "${!count[@]}"; do echo "$key ${count[$key]}"; done | sort | md5sum
        string=$(printf "x%.0s" {1..20000}); echo "${#string} ${string//x/yz}" | md5sum
    ' bash "$in/records" "$pairs" "$depth"
    sort -k2,2 -k4,4nr -S 20M --parallel=2 "$in/records" | md5sum
    gawk '{ n[$2]++; t[$3] += $4 } END { for (k in n) print k, n[k]; for (k in t) print k, t[k] }' \
        "$in/records" | sort > sums
    sed -E 's/user([0-9]+)/\1-u/g; s/(.*) (.*)/\2 \1/; y/abc/xyz/' "$in/records" | md5sum
    grep -E -c '(host1[0-9]+|user[0-9]*7) .*\.[135]$' "$in/records"
    cut -d' ' -f2,3 "$in/records" | sort -u | tr '[:lower:]' '[:upper:]' | uniq -c | sort -k1,1nr -k2 > counts
    sed -n 1,5p counts
    join <(cut -d' ' -f1 "$in/records" | sort | head -n 5000) <(sort "$in/records") | wc -l
    find "$in/tree" -type f -name 'part-*' -print0 | sort -z | xargs -0 -n 7 -P 2 md5sum | sort | md5sum
    tar --sort=name --mtime=@0 --owner=0 --group=0 -C "$in" -cf tree.tar tree
    gzip -9 -n -k tree.tar
    xz -T2 -3 -k tree.tar
    bzip2 -k tree.tar
    mkdir out
    tar -C out -xzf tree.tar.gz
    diff -r "$in/tree" out/tree
    { diff <(sort "$in/records") <(sed 's/7$/8/' "$in/records" | sort) || true; } | md5sum
    rm -r out tree.tar
}

leaks() {
    head -n 2000 "$work/input/records" > records
    confirm bash -c 'declare -A n; while read -r a b c; do n[$b]=$c; x+=("${c//./_}"); done < records; echo "${#n[@]}"'
    confirm sort -k2,2 -k4,4nr records
    confirm gawk '{ n[$2]++ } END { for (k in n) s += n[k]; print s }' records
    confirm sed -E 's/user([0-9]+)/\1-u/g; y/abc/xyz/' records
    confirm grep -E -c '(host1[0-9]+|user[0-9]*7) .*\.[135]$' records
    confirm tr '[:lower:]' '[:upper:]'
    confirm tar --sort=name --mtime=@0 --owner=0 --group=0 -czf records.tar.gz records
    confirm xz -T2 -k -c records
}
