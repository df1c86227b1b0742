# shellcheck shell=bash
# nginx with two worker processes, gzip and server-side includes, under load from ab.
#
# tier: all
# timeout: 120
# packages: nginx-light apache2-utils curl
# commands: nginx ab curl

prepare() {
    mkdir html
    awk 'BEGIN { for (i = 0; i < 4000; i++) printf "<p>paragraph %d %d</p>\n", i, i * 7919 % 10007 }' > html/large.html
    echo 'small' > html/small.html
    { echo 'before'; for _ in {1..20}; do echo '<!--# include virtual="/small.html" -->'; done; } > html/include.shtml
    port=$(free_port)
    cat > nginx.conf << END
worker_processes 2;
daemon off;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 512; }
http {
    access_log off;
    types { text/html html shtml; }
    gzip on; gzip_min_length 100; gzip_types text/html;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server {
        listen 127.0.0.1:$port;
        root $work/input/html;
        ssi on;
        location /proxy/ { proxy_pass http://127.0.0.1:$port/; proxy_buffers 8 8k; }
    }
}
END
}

get() { curl -sS --max-time 20 --noproxy '*' "$@"; }

workload() {
    local site=http://127.0.0.1:$port worker file
    # nginx's master as root wants an account for its workers: one that can read our files.
    [[ $(id -u) != 0 ]] || local user=(-g 'user nobody nogroup;')
    chmod 711 .
    server nginx -p "$PWD" -c "$work/input/nginx.conf" "${user[@]}"
    wait_for 20 get -o /dev/null "$site/small.html"
    mapped "$server_pid"
    for worker in $(cat "/proc/$server_pid/task/$server_pid/children"); do mapped "$worker"; done
    for file in small.html large.html include.shtml proxy/large.html proxy/include.shtml missing; do
        get -w '%{http_code}\n' "$site/$file" | md5sum
        get --compressed "$site/$file" | md5sum
        ab -q -n 3000 -c 20 -k -H 'Accept-Encoding: gzip' "$site/$file" |
            grep -E '^(Complete|Failed) requests'
    done
    # New workers while requests run.
    ab -q -n 4000 -c 10 "$site/large.html" > ab.txt &
    kill -HUP "$server_pid"
    wait $!
    grep -E '^(Complete|Failed) requests' ab.txt
    get "$site/large.html" | sha256sum
    stop_server QUIT
    cat error.log >&2
    rm -rf ab.txt -- *.log body proxy fcgi uwsgi scgi
}
