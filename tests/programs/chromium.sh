# shellcheck shell=bash
# Headless Chromium: many processes, sandbox helpers, and an executable that brings a malloc of
# its own. It must start, run scripts and layout, and leave the same document.
#
# tier: all
# timeout: 240
# packages: chromium
# commands: chromium

have() {
    reason='chromium is not installed'
    binary=/usr/lib/chromium/chromium
    [[ -x $binary ]]
}

# The executable defines malloc itself: kslab has to stand aside, but is mapped all the same.
proof() {
    local loaded
    loaded=$(env LD_TRACE_LOADED_OBJECTS=1 LD_PRELOAD="$KSLAB_LIB" "$binary" 2>&1)
    grep -qF "$KSLAB_LIB" <<< "$loaded" || fail "kslab is not mapped in chromium"
}

prepare() {
    cat > page.html << 'END'
<!DOCTYPE html><html><head><title>page</title><style>#grid { display: grid; grid-template-columns: repeat(5, 1fr); }</style></head>
<body><div id="grid"></div><canvas id="canvas" width="200" height="200"></canvas><pre id="out"></pre>
<script>
const grid = document.getElementById('grid'), out = document.getElementById('out');
for (let i = 0; i < 2000; i++) {
  const cell = document.createElement('span');
  cell.textContent = 'cell ' + i * 7919 % 10007; cell.dataset.n = i;
  grid.appendChild(cell);
  if (i % 3 == 0) grid.firstChild.remove();
}
let kept = [], sum = 0;
for (let i = 0; i < 300000; i++) { kept[i % 1000] = { i, s: 'x'.repeat(i % 50) }; sum += kept[i % 1000].s.length; }
const context = document.getElementById('canvas').getContext('2d');
context.fillStyle = 'rgb(200, 100, 50)'; context.fillRect(10, 10, 100, 100);
const pixel = context.getImageData(50, 50, 1, 1).data;
const sorted = [...grid.children].sort((a, b) => a.textContent < b.textContent ? -1 : 1).slice(0, 5).map(e => e.textContent);
out.textContent = [sum, [...pixel].join(), sorted.join('; '), grid.children.length, new RegExp('(a+)+b').test('aaaab')].join('\n');
</script></body></html>
END
}

workload() {
    local options=(--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync
        --disable-background-networking --disable-component-update --disable-dev-shm-usage
        --disable-extensions --disable-breakpad --mute-audio --hide-scrollbars)
    timeout --kill-after=5 100 chromium "${options[@]}" --user-data-dir="$work/profile-$RANDOM" \
        --virtual-time-budget=5000 --dump-dom "file://$work/input/page.html" > page.dom
    tail -n 8 page.dom
    timeout --kill-after=5 100 chromium "${options[@]}" --user-data-dir="$work/profile-$RANDOM" \
        --window-size=400,300 --screenshot="$PWD/page.png" "file://$work/input/page.html" 2> /dev/null
}
