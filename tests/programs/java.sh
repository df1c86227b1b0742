# shellcheck shell=bash
# The JVM: javac, a program with many threads whose direct buffers, deflaters and JIT use malloc,
# and the commands that read and trim the malloc heap of a running JVM.
#
# tier: all
# timeout: 240
# packages: default-jdk-headless
# commands: java javac jcmd

prepare() {
    cat > Work.java << 'END'
import java.nio.*; import java.nio.file.*; import java.util.*; import java.util.concurrent.*; import java.util.stream.*; import java.util.zip.*;

public class Work {
    record Row(int id, String name, double amount) {}
    static long direct(int seed) throws Exception {
        long sum = 0; ByteBuffer[] kept = new ByteBuffer[40]; Random random = new Random(seed);
        for (int i = 0; i < 800; i++) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(1 + random.nextInt(50000));
            buffer.put(0, (byte) i); kept[random.nextInt(40)] = buffer; sum += buffer.capacity();
        }
        Deflater deflater = new Deflater(6); byte[] data = new byte[200000], out = new byte[200000];
        random.nextBytes(data); Arrays.fill(data, 1000, 150000, (byte) 7);
        deflater.setInput(data); deflater.finish(); int n = deflater.deflate(out); deflater.end();
        Inflater inflater = new Inflater(); inflater.setInput(out, 0, n); sum += inflater.inflate(new byte[200000]); inflater.end();
        return sum + n;
    }
    public static void main(String[] args) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(6);
        List<Future<Long>> sums = new ArrayList<>();
        for (int i = 0; i < 40; i++) { int seed = i; sums.add(pool.submit(() -> direct(seed))); }
        long total = 0; for (Future<Long> sum : sums) total += sum.get();
        pool.shutdown(); System.out.println(total);
        List<Thread> threads = new ArrayList<>();
        ConcurrentHashMap<String, Integer> map = new ConcurrentHashMap<>();
        for (int t = 0; t < 100; t++) { int n = t; Thread thread = new Thread(() -> { for (int i = 0; i < 2000; i++) map.merge("k" + i * n % 4001, 1, Integer::sum); }); thread.start(); threads.add(thread); }
        for (Thread thread : threads) thread.join();
        System.out.println(map.size() + " " + map.values().stream().mapToInt(i -> i).sum());
        List<Row> rows = IntStream.range(0, 100000).mapToObj(i -> new Row(i, "n" + i * 7919L % 10007, i / 3.0)).toList();
        System.out.println(rows.parallelStream().collect(Collectors.groupingByConcurrent(Row::name, Collectors.counting())).size());
        System.out.println(rows.stream().sorted(Comparator.comparing(Row::name).thenComparing(Row::id)).skip(5000).findFirst().get());
        if (args.length > 0) { // stay until the file goes away
            System.out.println("ready"); System.out.flush();
            while (Files.exists(Path.of(args[0]))) Thread.sleep(50);
        }
    }
}
END
}

workload() {
    javac -d . "$work/input/Work.java"
    java -Xmx256m -XX:+UseG1GC -cp . Work
    java -Xmx256m -XX:+UseSerialGC -Xint -cp . Work
    touch stay
    java -Xmx256m -cp . Work stay > out.txt &
    local pid=$!
    echo "$pid" >> "$work/servers"
    wait_for 60 grep -q ready out.txt
    mapped "$pid"
    # The numbers differ between allocators; that the commands work may not. JVMs older than 17.0.9
    # have no trim command.
    local command
    for command in System.native_heap_info System.trim_native_heap VM.version; do
        jcmd "$pid" help | grep -q "^$command" || continue
        jcmd "$pid" "$command" > "$work/jcmd.txt" || echo "jcmd $command: status $?"
        case $command in
            *info) grep -c -E '<malloc version|mallinfo|arena' "$work/jcmd.txt" | sed 's/^[1-9].*/native heap shown/' ;;
            *trim*) sed -n 's/^\(Trim native heap\).*/\1/p' "$work/jcmd.txt" ;;
        esac
    done
    rm stay
    wait "$pid"
    cat out.txt && rm out.txt
}
