"""What a row of the benchmark is, and the rows made of patterns."""
import dataclasses

REAL, SYNTHETIC = "real", "synthetic"


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    about: str
    command: tuple  # placeholders are filled in by prepare.Places.fill
    group: str = SYNTHETIC
    full: int = 100  # percentage of the work by default
    quick: int = 0  # the same with --quick; 0 leaves the row out
    environment: tuple = ()  # pairs of name and value
    packages: tuple = ()  # Debian packages that bring the program
    stdin: str = ""
    library_path: str = ""
    client: tuple = ()  # commands to run against a server while it runs; the row's time is theirs
    timed: bool = True  # False where the program sleeps: only its memory counts
    checked: bool = True  # its output must be the same under every allocator
    most_runs: int = 1000  # for rows that sleep and hardly vary
    warm_mib: int = 0  # with all the work: more than the peaks seen so far


def pattern(name, about, program, *arguments, **more):
    return Row(name, about, ("{bin}/patterns/" + program, "{work}") + arguments, **more)


PATTERNS = (
    pattern("producer-consumer-2", "2 producers, 2 consumers", "producer_consumer", "2", full=50, quick=10),
    pattern("producer-consumer-8", "8 producers, 8 consumers", "producer_consumer", "8", full=30, quick=6),
    pattern("server-churn", "objects that outlive the threads that made them", "server_churn", "4", quick=15),
    pattern("mailboxes", "threads free each other's objects at random", "mailboxes", "4", quick=12),
    pattern("task-phases", "threads of mixed sizes, a part kept, a part passed on", "task_phases", "4", quick=15),
    pattern("exchange-4", "4 threads exchange objects of 16 bytes to 16 KiB", "exchange", "4", quick=10),
    pattern("mixed-batches-4", "batches of 1 to 1000 bytes freed at random, in 4 threads", "mixed_batches", "4", quick=10),
    pattern("random-sizes-8", "8 threads with live sets, 16 bytes to 16 KiB", "random_sizes", "8", quick=15),
    pattern("medium-buffers", "8 to 64 KiB across 4 threads", "medium_buffers", "4", quick=10),
    pattern("big-buffers", "5 to 25 MB cycled", "big_buffers", full=30, quick=3, warm_mib=300),
    pattern("realloc-doubling", "1 KiB to 512 MiB by doubling", "realloc_growth", "double", warm_mib=800),
    pattern("realloc-steps", "4 KiB to 64 MiB by steps of 4 KiB", "realloc_growth", "steps", quick=25, warm_mib=150),
    pattern("vector-growth", "50 000 vectors that grow side by side", "vector_growth", quick=12, warm_mib=120),
    pattern("zeroed-tables", "calloc, small and large", "zeroed_tables", quick=25),
    pattern("false-sharing-active", "two threads write small objects", "false_sharing", "2", "active", quick=25),
    pattern("false-sharing-passive", "the same after a hand-over", "false_sharing", "2", "passive", quick=25),
    pattern("one-size-batches", "batches of one size, one thread", "one_size_batches", "1", quick=15),
    pattern("one-size-batches-4", "the same in 4 threads", "one_size_batches", "4", quick=15),
    pattern("random-slots", "a large table filled and emptied at random", "random_slots", "1", quick=15),
    pattern("random-slots-4", "the same in 4 threads", "random_slots", "4"),
    pattern("ordered-map", "red-black tree of strings", "ordered_map", quick=20),
    pattern("hash-tables", "one long-lived, many short-lived", "hash_tables", quick=15),
    pattern("linked-lists", "LRU list, queues of nodes", "linked_lists", quick=20),
    pattern("strings", "split, build, join", "strings", quick=20),
    pattern("json-tree", "trees built, copied, destroyed", "json_tree", quick=25),
    pattern("bignum", "tiny short-lived numbers", "bignum", quick=20),
    pattern("logic-minimiser", "generations of small bit sets", "logic_minimiser", quick=20),
    pattern("size-ramps", "every class filled and emptied in turn", "size_ramps", quick=20),
    pattern("small-live", "4 million objects alive, 8 million replaced", "small_live", quick=5, warm_mib=700),
    pattern("thread-churn", "10 000 short threads", "thread_churn", quick=25),
    pattern("startup", "/bin/true, 500 times", "startup", quick=12),
    pattern("start-cost", "/bin/true above an empty preload, on one CPU", "start_cost", quick=30, timed=False, most_runs=5),
    pattern("latency", "how long a malloc takes at worst", "latency", "2", full=50, quick=6, timed=False, most_runs=5),
    pattern("sleeping-threads", "64 threads that worked and wait", "sleeping_threads", "64", quick=50, timed=False, most_runs=3),
    pattern("burst", "200 MB allocated and freed, then quiet", "burst", "5", timed=False, most_runs=2, warm_mib=300),
    pattern("sparse-heap", "90 % of a heap freed at random", "sparse_heap", "5", "random", full=50, timed=False, most_runs=2, warm_mib=600),
    pattern("sparse-heap-runs", "90 % of a heap freed in runs", "sparse_heap", "5", "runs", full=50, timed=False, most_runs=2, warm_mib=600),
)
