#!/bin/bash
# The tracepoints of kslab(7), TRACING: provider, names, numbers of arguments; none of them in malloc's and free's fast
# paths, and each is one nop of the fast path: the code without probes is the same but for that.
# label: full
# timeout: 120
# needs: tool readelf
# needs: tool objdump
set -u
[ -f "${TEST_LIB:-}" ] || { echo "no library"; exit 77; }
echo '#include <sys/sdt.h>' | "${TEST_CC:-cc}" -E -x c - >/dev/null 2>&1 ||
    { echo "skipped: <sys/sdt.h> is missing (package systemtap-sdt-dev)"; exit 77; }
status=0
wrong() { echo "$*" >&2; status=1; }

readelf -n "$TEST_LIB" | awk '/Provider:/ {provider = $2} /Name:/ {name = $2}
    /Arguments:/ {print provider ":" name, NF - 1}' | sort -u >"$TEST_TMP/found"
sort >"$TEST_TMP/wanted" <<'END'
kmem:kfree 2
kmem:kmalloc 5
kmem:kmalloc_node 6
kmem:kmem_cache_alloc 5
kmem:kmem_cache_alloc_bulk 5
kmem:kmem_cache_alloc_node 6
kmem:kmem_cache_free 2
kmem:kmem_cache_free_bulk 5
kmem:kslab_destroy 3
kmem:kslab_grow 5
kmem:mempool_alloc 4
kmem:mempool_free 3
END
diff "$TEST_TMP/wanted" "$TEST_TMP/found" >&2 || wrong "other tracepoints than documented"

# Mnemonics of a function's code, without those that fill gaps, sorted: the compiler may exchange two.
code() { # OBJECT FUNCTION
    objdump -d --no-show-raw-insn "--disassemble=$2" "$1" |
        awk '/^ +[0-9a-f]+:/ && !/data16|cs nop|nopw|nopl|xchg +%ax,%ax/ {print $2}' | sort
}
root=$TEST_SOURCE_DIR/../..
compile() { # SOURCE OUTPUT OPTION...
    "${TEST_CXX:-c++}" -std=gnu++20 -O2 -fPIC -fvisibility=hidden -fno-omit-frame-pointer -momit-leaf-frame-pointer \
        -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-plt -fno-semantic-interposition -I "$root/src" \
        -I "$root/include" "${@:3}" -c "$root/src/$1" -o "$TEST_TMP/$2"
}
compare() { # SOURCE FUNCTION...
    local source=$1 function difference
    compile "$source" with.o && compile "$source" without.o -DKSLAB_NO_PROBES || { wrong "$source does not compile"; return; }
    shift
    for function in "$@"; do
        [ -n "$(code "$TEST_TMP/with.o" "$function")" ] || wrong "no function $function"
        difference=$(diff <(code "$TEST_TMP/without.o" "$function") <(code "$TEST_TMP/with.o" "$function") | grep '^[<>]')
        [ "$difference" = "> nop" ] || wrong "$function costs more than a nop: $difference"
    done
}
compare api/kmem_cache.cpp kslab_kmem_cache_alloc kslab_kmem_cache_free
compare kmalloc/api.cpp kslab_kmalloc kslab_kfree
exit $status
