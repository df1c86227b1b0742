// Nodes when memory is short, across a fork, and as the machine's own (pretended).
#include <algorithm>
#include <cstring>
#include <map>

#include "kslab/kmalloc.h"
#include "os/nodes.h"
#include "os/report_fd.h"
#include "pages/run.h"
#include "support/child.h"
#include "support/node_threads.h"

namespace {

using namespace kslab;
using user_cache = struct ::kmem_cache;

class nodes_life : public test::node_threads {};

unsigned node_of(const void* object) { return page_owner_of(object).slab()->node; }

// ---- Out of memory

// Until nothing is left.
std::vector<void*> take_all(user_cache* cache) {
    std::vector<void*> objects;
    while (void* object = kmem_cache_alloc(cache, GFP_KERNEL | __GFP_NOWARN)) objects.push_back(object);
    return objects;
}

CHILD_PROGRAM(node_out_of_memory) {
    boot();
    ASSERT_EQ(nr_nodes, 4u);
    user_cache* cache = kmem_cache_create("short", 4096, 0, 0, nullptr);
    attached_thread();
    int home = current_thread->node, other = (home + 1) % 4, third = (home + 2) % 4;
    void* there = kmem_cache_alloc_node(cache, GFP_KERNEL, third);
    std::vector<void*> objects = take_all(cache);
    ASSERT_GT(objects.size(), 100u);
    EXPECT_TRUE(std::any_of(objects.begin(), objects.end(), [=](void* o) { return node_of(o) == unsigned(third); }))
        << "without memory, objects of other nodes are taken";
    for (int node : {other, home, third}) {
        EXPECT_EQ(kmem_cache_alloc_node(cache, GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN, node), nullptr) << node;
        EXPECT_EQ(kmem_cache_alloc_node(cache, GFP_KERNEL | __GFP_NOWARN, node), nullptr) << node;
    }
    // One comes back: into the array of this thread, then into the lists of its node.
    for (bool drained : {false, true}) {
        void* last = *std::find_if(objects.begin(), objects.end(), [=](void* o) { return node_of(o) == unsigned(home); });
        kmem_cache_free(cache, last);
        if (drained) drain_this_thread();
        EXPECT_EQ(kmem_cache_alloc_node(cache, GFP_KERNEL | __GFP_THISNODE | __GFP_NOWARN, other), nullptr);
        void* fallback = kmem_cache_alloc_node(cache, GFP_KERNEL, other);
        EXPECT_EQ(fallback, last);
    }
    size_t counted = 0;
    for (unsigned n = 0; n < nr_nodes; n++) counted += reinterpret_cast<kslab::kmem_cache*>(cache)->at(n).node_allocs;
    EXPECT_EQ(counted, 1u) << "only what came from another node when asked";
    EXPECT_STREQ(validate_heap(), nullptr);
    static_cast<void>(there);
}

TEST(nodes_memory, a_node_without_memory_fails_alone_and_falls_back_otherwise) {
    test::outcome end = test::rerun("node_out_of_memory", {"KSLAB_NODES=4", "KSLAB_LIMIT=4M"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

// ---- Debugging: every object comes from its slab, on the node that was asked for.

CHILD_PROGRAM(node_under_debugging) {
    user_cache* cache = kmem_cache_create("debugged", 100, 0, SLAB_RED_ZONE | SLAB_POISON, nullptr);
    attached_thread();
    for (int node : {0, 1, 2, 3, NUMA_NO_NODE, 4}) {
        void* object = kmem_cache_alloc_node(cache, GFP_KERNEL, node);
        EXPECT_EQ(node_of(object), node < 0 || node > 3 ? current_thread->node : unsigned(node));
        kmem_cache_free(cache, object);
    }
    kmem_cache_destroy(cache);
    EXPECT_STREQ(validate_heap(), nullptr);
}

TEST(nodes_memory, caches_under_debugging_have_nodes) {
    test::outcome end = test::rerun("node_under_debugging", {"KSLAB_NODES=4"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

// ---- fork

TEST_F(nodes_life, the_child_of_a_fork_has_the_alien_arrays) {
    for (unsigned to : {0u, 2u, 3u}) fill_alien(1, to, 50);
    fill_alien(3, 1, 20);
    test::outcome end = test::in_fork([&] {
        std::string wrong;
        if (const char* sentence = validate_heap()) wrong = sentence;
        if (waiting_everywhere() != 170) wrong = "aliens are missing";
        for (int i = 0; i < 1000; i++) kmem_cache_free(user, kmem_cache_alloc_node(user, GFP_KERNEL, i % 4));
        // What threads that are not here hold is adopted by reaping.
        drain_orphans();
        if (kmem_cache_shrink(user) != 0) wrong = "the cache is not empty";
        if (!wrong.empty()) fprintf(stderr, "%s\n", wrong.c_str()), abort();
    });
    EXPECT_EQ(end.signal, 0);
    EXPECT_EQ(end.exit_code, 0);
    EXPECT_EQ(waiting_everywhere(), 170u) << "the parent's are its own";
}

// Forks while others fill and empty alien arrays; and make them, of caches that are new.
TEST_F(nodes_life, fork_under_load) {
    std::atomic<bool> stop{false};
    std::vector<std::thread> all;
    for (int t = 0; t < 2; t++)
        all.emplace_back([&, t] {
            while (!stop) {
                user_cache* fresh = kmem_cache_create(t == 0 ? "fresh" : "fresher", 96, 0, SLAB_NO_MERGE, nullptr);
                void* objects[200];
                for (int i = 0; i < 200; i++) objects[i] = kmem_cache_alloc_node(fresh, GFP_KERNEL, i % 4);
                kmem_cache_free_bulk(fresh, 200, objects);
                kmem_cache_shrink(user);
                kmem_cache_destroy(fresh);
            }
        });
    for (int i = 0; i < 50; i++) {
        test::outcome end = test::in_fork([&] {
            for (int k = 0; k < 300; k++) kmem_cache_free(user, kmem_cache_alloc_node(user, GFP_KERNEL, k % 4));
            kmem_cache_shrink(user);
        });
        ASSERT_EQ(end.exit_code, 0) << "round " << i << ' ' << end.report;
    }
    stop = true;
    for (std::thread& thread : all) thread.join();
}

// ---- Nodes of the machine

unsigned seeming_node = 0;
[[maybe_unused]] unsigned where_we_run() { return seeming_node; }

std::map<char*, std::pair<size_t, unsigned>> bound;
bool note_binding(void* start, size_t bytes, unsigned node) {
    bound[static_cast<char*>(start)] = {bytes, node};
    return true;
}

// Every slab of the cache is bound, whole, to the node that it belongs to.
void expect_bound(kslab::kmem_cache* cache) {
    for (unsigned n = 0; n < nr_nodes; n++)
        for (list_head* list : {&cache->at(n).slabs_partial, &cache->at(n).slabs_full, &cache->at(n).slabs_free})
            for (list_head* at = list->next; at != list; at = at->next) {
                const slab* s = KSLAB_CONTAINER_OF(at, slab, list);
                auto found = bound.find(static_cast<char*>(s->pages->memory()));
                ASSERT_NE(found, bound.end()) << "node " << n;
                EXPECT_EQ(found->second.first, s->pages->pages * kPageSize);
                EXPECT_EQ(found->second.second, n);
            }
}

// The allocator comes up in a constructor; this is earlier. A sanitizer would come up later.
#ifndef KSLAB_TEST_SANITIZED
void pretend_in_the_child(int, char**, char** environment) {
    for (; *environment != nullptr; environment++)
        if (strcmp(*environment, "TEST_CHILD=nodes_of_the_machine") == 0) os_nodes_pretend(3, where_we_run);
}
__attribute__((section(".preinit_array"), used)) void (*early)(int, char**, char**) = pretend_in_the_child;
#endif

CHILD_PROGRAM(nodes_of_the_machine) {
    os_bind_pretend(note_binding);
    seeming_node = 1;
    ASSERT_EQ(nr_nodes, 3u);
    ASSERT_TRUE(nodes_are_real);
    auto* user = kmem_cache_create("bound", 1000, 0, 0, nullptr);
    auto* cache = reinterpret_cast<kslab::kmem_cache*>(user);
    std::vector<void*> objects;
    for (int i = 0; i < 300; i++) objects.push_back(kmem_cache_alloc(user, GFP_KERNEL));
    EXPECT_EQ(current_thread->node, 1u);
    EXPECT_EQ(cache->at(0).num_slabs + cache->at(2).num_slabs, 0u);
    expect_bound(cache);
    // The thread wanders, and notices when it looks at the clock: every eighth slow operation.
    seeming_node = 2;
    unsigned slow = 0;
    for (; current_thread->node == 1; slow++) kfree(kmalloc(400000, GFP_KERNEL));
    EXPECT_LE(slow, 8u);
    EXPECT_EQ(current_thread->node, 2u);
    while (cache->at(2).num_slabs < 3) objects.push_back(kmem_cache_alloc(user, GFP_KERNEL));
    objects.push_back(kmem_cache_alloc_node(user, GFP_KERNEL, 0));
    EXPECT_EQ(node_of(objects.back()), 0u);
    expect_bound(cache);
    // What it allocated on its former node is foreign now.
    kmem_cache_free_bulk(user, objects.size(), objects.data());
    drain_this_thread();
    EXPECT_GE(cache->at(2).node_frees, 250u);
    EXPECT_EQ(kmem_cache_shrink(user), 0);
    kmem_cache_destroy(user);
    EXPECT_STREQ(validate_heap(), nullptr);
}

TEST(nodes_machine, slabs_are_bound_and_threads_wander) {
#ifdef KSLAB_TEST_SANITIZED
    GTEST_SKIP() << "sanitizers run before the machine can be made to seem another";
#endif
    test::outcome end = test::rerun("nodes_of_the_machine", {"KSLAB_NODES=0"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

CHILD_PROGRAM(nodes_dealt_out) {
    os_bind_pretend(note_binding);
    EXPECT_EQ(nr_nodes, 2u);
    EXPECT_FALSE(nodes_are_real);
    kfree(kmalloc(100, GFP_KERNEL));
    EXPECT_TRUE(bound.empty()) << "a machine that is only divided binds nothing";
    for (unsigned i = 0; i < 6; i++) {
        unsigned node = 9;
        std::thread([&] { node = attached_thread()->node; }).join();
        EXPECT_EQ(node, (i + 1) % 2);
    }
    EXPECT_EQ(node_of_cpu(0), 0);
    EXPECT_EQ(node_of_cpu(3), 1);
}

TEST(nodes_machine, a_divided_machine_deals_threads_out_in_turn) {
    test::outcome end = test::rerun("nodes_dealt_out", {"KSLAB_NODES=2"});
    EXPECT_EQ(end.exit_code, 0) << end.report;
}

}  // namespace
