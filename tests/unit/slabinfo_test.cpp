// The text of slabinfo: each byte of its lines, every column against counts of our own, read by rules of other tools, in
// hard times. Tuning is tune_test.cpp's.
#include "kslab/slabinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <random>
#include <set>
#include <string>
#include <thread>

#include "api/slabinfo_text.h"
#include "cache/node.h"
#include "debug/object/validate_heap.h"
#include "kmalloc/kmalloc.h"
#include "kslab/kmalloc.h"
#include "kslab/kmem_cache.h"
#include "os/report_fd.h"
#include "support/child.h"
#include "support/slabinfo_reader.h"

namespace {

using user_cache = struct ::kmem_cache;
kslab::kmem_cache* inside(user_cache* cache) { return reinterpret_cast<kslab::kmem_cache*>(cache); }

std::string slabinfo() {
    std::string text(static_cast<size_t>(kslab_slabinfo_read(nullptr, 0)) + 1000, '#');
    text.resize(static_cast<size_t>(kslab_slabinfo_read(text.data(), text.size())));
    return text;
}

test::slabinfo_row row_of(const std::string& name) {
    test::slabinfo_text text(slabinfo());
    EXPECT_EQ(text.wrong, "");
    EXPECT_EQ(text.rows.count(name), 1u) << name;
    return text.rows[name];
}

// ---- Bytes

template <typename F>
std::string formatted(F write) {
    char buffer[kslab::kSlabinfoLine];
    kslab::text out(buffer, sizeof buffer);
    write(out);
    return {out.data(), out.length()};
}

std::string row_text(const kslab::cache_report& r, bool statistics) {
    return formatted([&](kslab::text& out) { kslab::slabinfo_put_row(out, r, statistics); });
}

kslab::cache_report sample() {
    kslab::cache_report r{};
    strcpy(r.name, "kmalloc-64");
    r.active_objs = 1000, r.num_objs = 1024, r.objsize = 64, r.objperslab = 256, r.pagesperslab = 4;
    r.limit = 120, r.batchcount = 60, r.shared = 8;
    r.active_slabs = 3, r.num_slabs = 4, r.sharedavail = 17;
    r.allocs = 12345, r.high = 1010, r.grown = 5, r.reaped = 1, r.errors = 0, r.max_freeable = 2;
    r.node_allocs = 7, r.node_frees = 8, r.node_overflow = 9;
    r.alloc_hit = 100, r.alloc_miss = 20, r.free_hit = 30, r.free_miss = 4;
    return r;
}

TEST(slabinfo_text, has_the_kernels_bytes) {
    EXPECT_EQ(formatted([](kslab::text& out) { kslab::slabinfo_put_head(out, false); }),
              "slabinfo - version: 2.1\n"
              "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> "
              "<batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
    EXPECT_EQ(formatted([](kslab::text& out) { kslab::slabinfo_put_head(out, true); }),
              "slabinfo - version: 2.1 (statistics)\n"
              "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> "
              "<batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail> : globalstat <listallocs> "
              "<maxobjs> <grown> <reaped> <error> <maxfreeable> <nodeallocs> <remotefrees> <alienoverflow> : cpustat "
              "<allochit> <allocmiss> <freehit> <freemiss>\n");
    EXPECT_EQ(row_text(sample(), false),
              "kmalloc-64          1000   1024     64  256    4 : tunables  120   60    8 : slabdata      3      4     17\n");
    EXPECT_EQ(row_text(sample(), true),
              "kmalloc-64          1000   1024     64  256    4 : tunables  120   60    8 : slabdata      3      4     17"
              " : globalstat   12345   1010     5    1    0    2    7    8    9 : cpustat    100     20     30      4\n");
}

// The C library's printf, by the kernel's formats.
std::string printed(const kslab::cache_report& r, bool statistics) {
    char line[1024];
    int n = snprintf(line, sizeof line, "%-17s %6lu %6lu %6u %4u %4d : tunables %4u %4u %4u : slabdata %6lu %6lu %6lu", r.name,
                     r.active_objs, r.num_objs, static_cast<unsigned>(r.objsize), static_cast<unsigned>(r.objperslab),
                     static_cast<int>(r.pagesperslab), r.limit, r.batchcount, r.shared, r.active_slabs, r.num_slabs,
                     r.sharedavail);
    if (statistics)
        n += snprintf(line + n, sizeof line - static_cast<size_t>(n),
                      " : globalstat %7lu %6lu %5lu %4lu %4lu %4lu %4lu %4lu %4lu : cpustat %6lu %6lu %6lu %6lu", r.allocs, r.high,
                      r.grown, r.reaped, r.errors, r.max_freeable, r.node_allocs, r.node_frees, r.node_overflow, r.alloc_hit,
                      r.alloc_miss, r.free_hit, r.free_miss);
    return std::string(line, static_cast<size_t>(n)) + "\n";
}

TEST(slabinfo_text, is_what_printf_makes_of_any_numbers) {
    std::mt19937_64 random(4711);
    for (int round = 0; round < 2000; round++) {
        auto number = [&] { return random() >> (random() % 64); };
        kslab::cache_report r = sample();
        for (size_t kslab::cache_report::* wide :
             {&kslab::cache_report::active_objs, &kslab::cache_report::num_objs, &kslab::cache_report::active_slabs,
              &kslab::cache_report::num_slabs, &kslab::cache_report::sharedavail, &kslab::cache_report::allocs,
              &kslab::cache_report::high, &kslab::cache_report::grown, &kslab::cache_report::reaped, &kslab::cache_report::errors,
              &kslab::cache_report::max_freeable, &kslab::cache_report::node_allocs, &kslab::cache_report::node_frees,
              &kslab::cache_report::node_overflow, &kslab::cache_report::alloc_hit, &kslab::cache_report::alloc_miss,
              &kslab::cache_report::free_hit, &kslab::cache_report::free_miss})
            r.*wide = number();
        r.objsize = number() & 0xffffffff, r.objperslab = number() & 0xffffffff, r.pagesperslab = number() & 0x7fffffff;
        r.limit = static_cast<unsigned>(number()), r.batchcount = static_cast<unsigned>(number());
        std::string name(1 + random() % (kslab::kCacheNameBytes - 1), 'n');
        strcpy(r.name, name.c_str());
        EXPECT_EQ(row_text(r, false), printed(r, false));
        EXPECT_EQ(row_text(r, true), printed(r, true));
    }
}

TEST(slabinfo_text, a_line_of_the_largest_numbers_is_not_cut) {
    kslab::cache_report r;
    memset(&r, 0xff, sizeof r);
    memset(r.name, 'n', sizeof r.name);
    r.name[sizeof r.name - 1] = '\0';
    EXPECT_EQ(row_text(r, true).find("..."), std::string::npos);
    EXPECT_EQ(row_text(r, true).back(), '\n');
}

// ---- The whole text

TEST(slabinfo, every_row_can_be_read_by_the_rules_of_the_kernels_tools) {
    user_cache* cache = kmem_cache_create("with blank\tand\x01", 64, 0, 0, nullptr);
    test::slabinfo_text text(slabinfo());
    EXPECT_EQ(text.wrong, "");
    EXPECT_EQ(text.head[0], "slabinfo - version: 2.1");
    for (auto& [name, row] : text.rows) EXPECT_EQ(row.fields.size(), 16u) << name;
    EXPECT_EQ(text.rows.size(), text.names.size());
    EXPECT_EQ(text.names.front().find("kmalloc-"), 0u);
    EXPECT_EQ(text.names.back(), "kmalloc-large");
    EXPECT_EQ(text.rows.count("with_blank_and_"), 1u);
    kmem_cache_destroy(cache);
    EXPECT_EQ(test::slabinfo_text(slabinfo()).rows.count("with_blank_and_"), 0u);
}

TEST(slabinfo, read_is_cut_as_snprintf_cuts) {
    std::string whole = slabinfo();
    for (size_t size : {size_t{0}, size_t{1}, size_t{2}, size_t{100}, whole.size(), whole.size() + 1}) {
        std::string buffer(size + 8, '#');
        EXPECT_EQ(kslab_slabinfo_read(buffer.data(), size), static_cast<long>(whole.size()));
        size_t kept = size == 0 ? 0 : std::min(size - 1, whole.size());
        EXPECT_EQ(buffer.substr(0, kept), whole.substr(0, kept));
        EXPECT_EQ(buffer.substr(kept), (size == 0 ? std::string() : std::string(1, '\0')) + std::string(size + 8 - kept - (size != 0), '#'));
    }
}

TEST(slabinfo, writes_the_same_text_and_fails_as_write_does) {
    char path[] = "/tmp/kslab-slabinfo-XXXXXX";
    int fd = mkstemp(path);
    errno = 0;
    EXPECT_EQ(kslab_slabinfo(fd), 0);
    EXPECT_EQ(errno, 0);
    std::string text(1 << 20, '\0');
    text.resize(static_cast<size_t>(pread(fd, text.data(), text.size(), 0)));
    EXPECT_EQ(text, slabinfo());
    close(fd);
    unlink(path);
    EXPECT_EQ(kslab_slabinfo(-1), -1);
    EXPECT_EQ(errno, EBADF);
    fd = open("/dev/full", O_WRONLY);
    EXPECT_EQ(kslab_slabinfo(fd), -1);
    EXPECT_EQ(errno, ENOSPC);
    close(fd);
}

TEST(slabinfo, large_allocations_are_a_row_of_pages) {
    long before = row_of("kmalloc-large").num_objs;
    void* large = kmalloc(1000 * kslab::kPageSize, 0);
    test::slabinfo_row row = row_of("kmalloc-large");
    EXPECT_EQ(row.num_objs - before, 1000);
    EXPECT_EQ(row.active_objs, row.num_objs);
    EXPECT_EQ(row.num_slabs * row.pagesperslab, row.num_objs);
    EXPECT_EQ(row.objsize, 4096);
    kfree(large);
}

// Nobody reads meanwhile: caches come and go all the same.
TEST(slabinfo, holds_nothing_while_it_writes) {
    std::vector<user_cache*> caches;  // with a constructor, so that none is another's alias
    for (int i = 0; i < 100; i++) caches.push_back(kmem_cache_create(("c" + std::to_string(i)).c_str(), 64, 0, 0, [](void*) {}));
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    int room = fcntl(ends[1], F_SETPIPE_SZ, 4096);
    std::thread writer([&] { EXPECT_EQ(kslab_slabinfo(ends[1]), 0); });
    for (int waiting = 0; waiting < room;) ioctl(ends[0], FIONREAD, &waiting);
    for (user_cache* cache : caches) {
        void* object = kmem_cache_alloc(cache, 0);
        kmem_cache_free(cache, object);
        kmem_cache_destroy(cache);
    }
    EXPECT_EQ(test::slabinfo_text(slabinfo()).rows.count("c0"), 0u);
    std::string text;
    std::thread reader([&] {
        char buffer[4096];
        for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
    });
    writer.join();
    close(ends[1]);
    reader.join();
    close(ends[0]);
    EXPECT_EQ(test::slabinfo_text(text).wrong, "");
    EXPECT_EQ(test::slabinfo_text(text).rows.count("c99"), 1u);
}

// ---- Columns against counts of our own

// What is not free, by address: with the user, in arrays, in the shared array.
struct shadow {
    user_cache* cache;
    std::set<char*> live{};
    std::set<char*> seen{};  // ever
    int with_free_slabs = 0, with_shared = 0;  // comparisons that met such

    std::set<char*> waiting() const {
        struct search {
            kslab::kmem_cache* of;
            std::set<char*> found;
        } s{inside(cache), {}};
        kslab::for_each_array(
            [](kslab::kmem_cache* of, const kslab::array_cache* ac, void* context) {
                auto* to = static_cast<search*>(context);
                for (unsigned i = 0; of == to->of && i < ac->avail; i++) to->found.insert(static_cast<char*>(ac->entry[i]));
            },
            &s);
        for (char* object : shared()) s.found.insert(object);
        return s.found;
    }
    std::set<char*> shared() const {
        std::set<char*> found;
        auto& array = inside(cache)->node.shared;
        for (unsigned i = 0; i < array.avail; i++) found.insert(static_cast<char*>(array.entry[i]));
        return found;
    }

    void allocate() {
        char* object = static_cast<char*>(kmem_cache_alloc(cache, 0));
        EXPECT_TRUE(live.insert(object).second) << "handed out twice";
    }
    template <typename Random>
    void free_one(Random& random) {
        auto at = live.lower_bound(*live.begin() + random() % static_cast<size_t>(*live.rbegin() - *live.begin() + 1));
        kmem_cache_free(cache, *at);
        live.erase(at);
    }

    void compare() {
        std::set<char*> busy = waiting();
        size_t in_arrays = busy.size();
        busy.insert(live.begin(), live.end());
        EXPECT_EQ(busy.size(), in_arrays + live.size()) << "an object is with the user and in an array";
        seen.insert(busy.begin(), busy.end());
        std::set<const kslab::slab*> slabs, used;
        for (char* object : seen) {
            const kslab::slab* s = kslab::page_owner_of(object).slab();
            if (s == nullptr || s->cache != inside(cache)) continue;
            slabs.insert(s);
            if (busy.count(object) != 0) used.insert(s);
        }
        long objects = 0;
        for (const kslab::slab* s : slabs) objects += s->num;
        test::slabinfo_row row = row_of(inside(cache)->name);
        EXPECT_EQ(row.active_objs, static_cast<long>(busy.size()));
        EXPECT_EQ(row.num_objs, objects);
        EXPECT_EQ(row.active_slabs, static_cast<long>(used.size()));
        EXPECT_EQ(row.num_slabs, static_cast<long>(slabs.size()));
        with_free_slabs += slabs.size() > used.size();
        with_shared += !shared().empty();
        EXPECT_EQ(row.sharedavail, static_cast<long>(shared().size()));
    }
};

TEST(slabinfo, every_column_is_an_independent_count_after_each_step_of_a_trace) {
    user_cache* cache = kmem_cache_create("shadowed", 200, 0, 0, nullptr);
    shadow model{cache};
    std::mt19937_64 random(20061701);
    size_t wanted = 0;
    for (int step = 0; step < 40000 && !::testing::Test::HasFailure(); step++) {
        if (step % 2500 == 0) wanted = random() % 4 == 0 ? 2000 : random() % 200;
        if (model.live.empty() || (model.live.size() < wanted && random() % 4 != 0))
            model.allocate();
        else
            model.free_one(random);
        if (step % 5000 == 4999) kslab::drain_shared(inside(cache));
        if (step % 9000 == 8999) kslab::drain_this_thread(), kslab::cache_shrink_node(inside(cache));
        if (step % 101 == 0) model.compare();
    }
    EXPECT_GT(model.with_free_slabs, 5);
    EXPECT_GT(model.with_shared, 20);
    test::slabinfo_row row = row_of("shadowed");
    kslab::slab_layout largest = kslab::make_layout(200, 8, 16);
    EXPECT_EQ(row.objsize, 200);
    EXPECT_EQ(row.objperslab, largest.num);
    EXPECT_EQ(row.pagesperslab, largest.pages);
    EXPECT_EQ(row.limit, 120);
    EXPECT_EQ(row.batchcount, 60);
    EXPECT_EQ(row.sharedfactor, 8);
    while (!model.live.empty()) model.free_one(random);
    model.compare();
    kmem_cache_destroy(cache);
}

TEST(slabinfo, counts_what_ended_threads_left) {
    user_cache* cache = kmem_cache_create("threads", 100, 0, 0, nullptr);
    std::vector<std::set<char*>> kept(4);
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; t++)
        threads.emplace_back([&, t] {
            shadow own{cache};
            std::mt19937_64 random(t);
            for (int step = 0; step < 5000; step++)
                if (own.live.size() < 50 || random() % 2 == 0)
                    own.allocate();
                else
                    own.free_one(random);
            kept[t] = own.live;
        });
    for (std::thread& thread : threads) thread.join();
    shadow all{cache};
    for (auto& live : kept) all.live.insert(live.begin(), live.end());
    // Ended threads have given back what their arrays held.
    test::slabinfo_row row = row_of("threads");
    EXPECT_EQ(row.active_objs, static_cast<long>(all.live.size() + all.shared().size()));
    for (char* object : all.live) kmem_cache_free(cache, object);
    kmem_cache_destroy(cache);
    EXPECT_STREQ(kslab::validate_heap(), nullptr);
}

// ---- Hard times

char out_of_memory_text[2][1 << 16];

CHILD_PROGRAM(slabinfo_without_memory) {
    long objects = 0;
    while (kmalloc(1024, 0) != nullptr) objects++;
    // As a handler of failed allocations would.
    for (char* text : {out_of_memory_text[0], out_of_memory_text[1]})
        EXPECT_LT(kslab_slabinfo_read(text, sizeof out_of_memory_text[0]), static_cast<long>(sizeof out_of_memory_text[0]));
    EXPECT_STREQ(out_of_memory_text[0], out_of_memory_text[1]) << "reading it changes the heap";
    int fd = open("/dev/null", O_WRONLY);
    EXPECT_EQ(kslab_slabinfo(fd), 0);
    test::slabinfo_text text(out_of_memory_text[0]);
    EXPECT_EQ(text.wrong, "");
    EXPECT_GT(objects, 1000);
    EXPECT_GE(text.rows["kmalloc-1024"].active_objs, objects);
    EXPECT_EQ(kmalloc(1024, 0), nullptr) << "there was memory left";
}

TEST(slabinfo, can_be_read_when_there_is_no_memory) {
    test::outcome end = test::rerun("slabinfo_without_memory", {"KSLAB_LIMIT=8M"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

CHILD_PROGRAM(slabinfo_with_statistics) {
    user_cache* cache = kmem_cache_create("counted", 64, 0, 0, nullptr);
    kmem_cache_free(cache, kmem_cache_alloc(cache, 0));
    test::slabinfo_text text(slabinfo());
    EXPECT_EQ(text.wrong, "");
    EXPECT_EQ(text.head[0], "slabinfo - version: 2.1 (statistics)");
    for (auto& [name, row] : text.rows) {
        ASSERT_EQ(row.fields.size(), 33u) << name;
        EXPECT_EQ(row.fields[17] + row.fields[28], "globalstatcpustat");
    }
    EXPECT_EQ(text.rows["counted"].fields[20], "1") << "slabs made";
}

TEST(slabinfo, has_statistics_when_asked) {
    test::outcome end = test::rerun("slabinfo_with_statistics", {"KSLAB_STATS=1"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

// ---- Lists that contradict their slabs

std::string report_of_row() {
    kslab_last_report[0] = '\0';
    slabinfo();
    return kslab_last_report;
}

TEST(slabinfo, says_in_the_kernels_words_what_does_not_add_up) {
    user_cache* cache = kmem_cache_create("damaged", 1000, 0, 0, nullptr);
    kslab::cache_node& node = inside(cache)->node;
    std::vector<void*> objects;
    while (node.slabs_full.empty() || node.slabs_partial.empty()) objects.push_back(kmem_cache_alloc(cache, 0));
    auto first = [](kslab::list_head& list) { return KSLAB_CONTAINER_OF(list.next, kslab::slab, list); };
    EXPECT_EQ(report_of_row(), "");
    auto with_inuse = [&](kslab::slab* s, unsigned inuse) {
        unsigned before = s->inuse;
        s->inuse = static_cast<uint16_t>(inuse);
        std::string report = report_of_row();
        s->inuse = static_cast<uint16_t>(before);
        return report;
    };
    kslab::slab* partial = first(node.slabs_partial);
    EXPECT_EQ(with_inuse(first(node.slabs_full), 3), "kslab: cache damaged error: slabs_full accounting error\n");
    EXPECT_EQ(with_inuse(partial, partial->num), "kslab: cache damaged error: slabs_partial inuse accounting error\n");
    EXPECT_EQ(with_inuse(partial, 0), "kslab: cache damaged error: slabs_partial/inuse accounting error\n");
    EXPECT_EQ(with_inuse(partial, partial->inuse - 1u), "kslab: cache damaged error: free_objects accounting error\n");
    for (void* object : objects) kmem_cache_free(cache, object);
    kslab::drain_this_thread();
    kslab::drain_shared(inside(cache));
    ASSERT_FALSE(node.slabs_free.empty());
    EXPECT_EQ(with_inuse(first(node.slabs_free), 1), "kslab: cache damaged error: slabs_free/inuse accounting error\n");
    EXPECT_EQ(report_of_row(), "");
    kmem_cache_destroy(cache);
}

}  // namespace
