# shellcheck shell=bash
# rsync (over local directories), OpenSSL and curl: no network, except the loopback for one
# encrypted transfer from openssl s_server to curl.
#
# tier: all
# timeout: 120
# packages: rsync openssl curl
# commands: rsync openssl curl

prepare() {
    mkdir tree
    awk 'BEGIN { for (f = 0; f < 300; f++) for (i = 0; i < 200; i++) print f, i, i * f * 7919 % 10007 > ("tree/f" f) }'
    cat tree/* > all
    # Made once: keys are random, what is done with them is not.
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 \
        -subj /CN=localhost -addext subjectAltName=DNS:localhost 2> /dev/null
    port=$(free_port)
}

workload() {
    local in=$work/input cipher
    rsync -a "$in/tree/" copy/
    sed -i '90s/^/changed /' copy/f1*
    touch -d 2020-01-01 copy/f1*
    # --no-whole-file: the delta algorithm between two processes.
    rsync -a --no-whole-file --checksum --stats "$in/tree/" copy/ | grep -E '^(Number of regular|Literal|Matched)'
    rsync -acni --delete "$in/tree/" copy/
    find copy -type f -print0 | sort -z | xargs -0 md5sum | md5sum
    rm -r copy

    openssl dgst -sha512 "$in/all" | sed 's/.*= //'
    for cipher in aes-256-cbc aes-128-ctr chacha20; do
        openssl enc -$cipher -pbkdf2 -S 0102030405060708 -pass pass:word -in "$in/all" -out crypted
        openssl enc -d -$cipher -pbkdf2 -S 0102030405060708 -pass pass:word -in crypted | cmp - "$in/all"
        md5sum crypted
    done
    rm crypted
    openssl dgst -sha256 -sign "$in/key.pem" "$in/all" | md5sum
    openssl x509 -in "$in/cert.pem" -noout -subject -ext subjectAltName
    openssl verify -CAfile "$in/cert.pem" "$in/cert.pem" | sed 's/.*: //'
    openssl speed -seconds 1 -bytes 256 sha256 2> /dev/null | grep -c sha256

    curl -sS "file://$in/all" | md5sum
    server openssl s_server -accept "127.0.0.1:$port" -key "$in/key.pem" -cert "$in/cert.pem" -WWW -quiet
    wait_for 20 grep -qE ": 0100007F:$(printf %04X "$port") 00000000:0000 0A" /proc/net/tcp
    mapped "$server_pid"
    # The server answers with files of its current directory.
    cp "$in/all" all
    for _ in 1 2 3; do
        curl -sS --noproxy '*' --max-time 20 --cacert "$in/cert.pem" --resolve "localhost:$port:127.0.0.1" \
            "https://localhost:$port/all" | md5sum
    done
    curl -sS --max-time 5 --noproxy '*' "http://127.0.0.1:1/" 2> /dev/null || echo "status $?"
    stop_server
}
