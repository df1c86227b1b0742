# shellcheck shell=bash
# Node: V8's heap next to malloc (Buffers, zlib, crypto), worker threads that come and go, streams.
#
# tier: all
# timeout: 180
# packages: nodejs
# commands: node

prepare() {
    cat > work.js << 'END'
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const zlib = require('zlib'), crypto = require('crypto');
function churn(seed, rounds) {
  const map = new Map(); let sum = 0;
  for (let i = 0; i < rounds; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    map.set(seed % 5003, { i, text: 'x'.repeat(seed % 100), list: [i, seed] });
    if (i % 7 === 0) map.delete(i % 5003);
  }
  for (const [key, value] of map) sum = (sum + key + value.text.length) % 1000003;
  return sum;
}
function buffers(seed, rounds) {
  const kept = []; const hash = crypto.createHash('sha256');
  for (let i = 0; i < rounds; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    const buffer = Buffer.alloc(seed % 20000 + 1, i % 256);
    kept[seed % 200] = buffer; hash.update(buffer.subarray(0, 100));
  }
  return hash.digest('hex');
}
if (!isMainThread) {
  parentPort.postMessage([churn(workerData, 60000), buffers(workerData, 2000)]);
} else (async () => {
  console.log(churn(1, 400000), buffers(2, 20000));
  const text = JSON.stringify(Array.from({ length: 50000 }, (_, i) => ({ i, s: 'name' + i * 7919 % 10007 })));
  console.log(JSON.parse(text).length, crypto.createHash('md5').update(text).digest('hex'));
  for (const level of [1, 9]) {
    const packed = zlib.gzipSync(text, { level });
    console.log(packed.length, zlib.gunzipSync(packed).toString() === text);
  }
  const brotli = await new Promise(done => zlib.brotliCompress(text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }, (e, b) => done(b)));
  console.log(brotli.length, zlib.brotliDecompressSync(brotli).length);
  for (let wave = 0; wave < 4; wave++) {
    const answers = await Promise.all([1, 2, 3, 4].map(n => new Promise((done, failed) => {
      const worker = new Worker(__filename, { workerData: wave * 10 + n });
      worker.on('message', done); worker.on('error', failed);
    })));
    console.log(answers.map(String).join(' '));
  }
  const keys = await Promise.all([...Array(20).keys()].map(i => new Promise(done => crypto.pbkdf2('pw' + i, 'salt', 3000, 32, 'sha512', (e, k) => done(k.toString('hex'))))));
  console.log(crypto.createHash('md5').update(keys.join()).digest('hex'));
  console.log(new Intl.DateTimeFormat('en', { timeZone: 'UTC' }).format(0), [..."aä€😀".normalize('NFD')].length);
})();
END
}

workload() {
    node "$work/input/work.js"
    node --max-old-space-size=200 --expose-gc -e 'let a = []; for (let i = 0; i < 3e5; i++) a.push({ i }); a = null; gc(); console.log("gc")'
    # A script that fails: same message, same status.
    node -e 'process.on("exit", () => process.exitCode = 3); throw new Error("wanted")' 2> /dev/null || echo "status $?"
}
