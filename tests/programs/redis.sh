# shellcheck shell=bash
# redis-server under redis-benchmark, with its background save (fork) and lazy free threads at
# work, then a data set of fixed content whose digest must be the same.
#
# tier: full
# timeout: 240
# debug-timeout: 480
# packages: redis-server redis-tools
# commands: redis-server redis-cli redis-benchmark

prepare() {
    local rows=30000
    [[ $mode != full ]] || rows=6000
    awk -v rows="$rows" 'BEGIN {
        for (i = 0; i < rows; i++) {
            s = (s * 1103515245 + 12345) % 2147483648
            printf "SET key:%d %d-%d\n", i, s, i
            printf "HSET hash:%d f%d %d f%d %d\n", i % 700, s % 50, i, s % 77, s
            printf "RPUSH list:%d %d\nSADD set:%d m%d\n", i % 90, s, i % 300, s % 4001
            printf "ZADD zset:%d %d z%d\nAPPEND text:%d %d,\n", i % 200, s % 10007, s % 997, i % 40, s
            if (i % 5 == 0) printf "DEL key:%d\nLPOP list:%d\n", s % 30000, s % 90
        }
    }' > commands
}

ask() { redis-cli -s redis.sock "$@"; }

workload() {
    local requests=40000
    case $mode in
        1) requests=5000 ;;
        full) requests=1000 ;;
    esac
    server redis-server --port 0 --unixsocket redis.sock --dir "$PWD" --save '' --appendonly no \
        --enable-debug-command yes --io-threads 2 --lazyfree-lazy-user-del yes
    wait_for 20 ask ping
    mapped "$server_pid"
    # The numbers of the benchmark are no result; that it finishes is.
    redis-benchmark -s redis.sock -q -n "$requests" -c 40 -P 16 -r 20000 -d 300 \
        -t set,get,incr,lpush,rpop,sadd,hset,spop,zadd,lrange_100,mset > /dev/null
    ask bgsave > /dev/null
    redis-benchmark -s redis.sock -q -n "$requests" -c 20 -P 8 -r 50000 -d 2000 -t set > /dev/null
    wait_for 60 eval '[[ $(ask info persistence) == *rdb_bgsave_in_progress:0* ]]'
    ask info persistence | grep rdb_last_bgsave_status
    ask flushall async
    ask memory purge
    ask eval "local t = {} for i = 1, 20000 do t[i] = string.rep('x', i % 300) end return #table.concat(t)" 0
    # A fixed data set, as a stream of commands and again after saving and loading.
    ask --pipe < "$work/input/commands" | tail -n 1
    ask dbsize
    ask debug digest
    ask debug reload
    ask debug digest
    ask object encoding hash:1
    ask sort list:1 limit 0 3
    ask shutdown nosave 2> /dev/null || true
    wait_for 20 eval '! kill -0 $server_pid'
    rm -f -- *.rdb *.sock
}

leaks() {
    head -n 3000 "$work/input/commands" > commands
    confirm bash -c '
        redis-server --port 0 --unixsocket redis.sock --save "" --appendonly no > /dev/null &
        until [[ -S redis.sock ]]; do sleep 0.1; done
        redis-cli -s redis.sock < commands > /dev/null
        redis-cli -s redis.sock dbsize
        redis-cli -s redis.sock shutdown nosave
        wait'
}
