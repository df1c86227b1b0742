// The validator speaks when something of nodes is broken: each statement, broken once and mended. KSLAB_NODES=4.
#include <utility>

#include "support/node_threads.h"

namespace {

using namespace kslab;

class nodes_validate : public test::node_threads {
protected:
    // Objects of node 2 in its shared array and in the alien array of node 1, and one in a thread's array.
    void SetUp() override {
        node_threads::SetUp();
        if (IsSkipped()) return;
        fill_alien(1, 2, cache->limit + 5u);
        release(3, allocate(3));
        ASSERT_EQ(waiting(1, 2), 5u);
        ASSERT_GT(cache->at(2).shared.avail, 5u);
        ASSERT_STREQ(validate_heap(), nullptr);
    }
    template <typename T>
    static void expect(const char* sentence, T& what, std::type_identity_t<T> broken) {
        std::swap(what, broken);
        EXPECT_STREQ(validate_heap(), sentence);
        std::swap(what, broken);
        EXPECT_STREQ(validate_heap(), nullptr);
    }
    shared_array& alien(unsigned from, unsigned to) { return cache->at(from).alien[to]; }
    void*& newest(unsigned n) { return const_cast<array_cache*>(array(n))->entry[array(n)->avail - 1]; }
};

TEST_F(nodes_validate, an_object_twice_in_arrays) {
    void** shared = cache->at(2).shared.entry;
    expect("an object is twice in arrays", shared[0], shared[1]);
    expect("an object is twice in arrays", alien(1, 2).entry[0], shared[1]);
    expect("an object is twice in arrays", newest(3), alien(1, 2).entry[3]);
    expect("an object is twice in arrays", newest(3), const_cast<array_cache*>(array(3))->entry[0]);
}

TEST_F(nodes_validate, an_object_of_another_node) {
    void* other = newest(3);
    expect("a shared or alien array holds another node's object", cache->at(2).shared.entry[0], other);
    expect("a shared or alien array holds another node's object", alien(1, 2).entry[0], other);
}

TEST_F(nodes_validate, what_is_no_object) {
    int no_object;
    expect("an array holds what is no object of its cache", alien(1, 2).entry[4], &no_object);
    void* middle = static_cast<char*>(alien(1, 2).entry[4]) + 8;
    expect("an array holds a pointer into the middle of an object", alien(1, 2).entry[4], middle);
    expect("an array holds a pointer into the middle of an object", cache->at(2).shared.entry[0], middle);
}

TEST_F(nodes_validate, an_object_that_is_free_in_its_slab) {
    // The last of the slab was never handed out.
    slab* s = page_owner_of(newest(3)).slab();
    ASSERT_TRUE(slab_obj_free(s, s->num - 1));
    expect("an object is in an array and free in its slab", newest(3), index_to_obj(s, s->num - 1, cache->size));
}

TEST_F(nodes_validate, limits) {
    expect("a shared or alien array holds more than its limit", alien(1, 2).limit, 4u);
    expect("a shared array's limit is not batchcount times shared", cache->at(0).shared.limit, 100u);
    expect("a shared or alien array without memory holds objects", alien(1, 2).entry, nullptr);
    void* object = newest(3);
    alien(1, 1).limit = 1;
    alien(1, 1).entry = &object;
    alien(1, 1).avail = 1;
    EXPECT_STREQ(validate_heap(), "a node has an alien array for itself");
    alien(1, 1).avail = 0;
    alien(1, 1).limit = 0;
    alien(1, 1).entry = nullptr;
}

TEST_F(nodes_validate, slabs_and_sums) {
    slab* s = page_owner_of(newest(3)).slab();
    expect("a slab is on a list of another node", s->node, 1);
    expect("num_objects is not the sum over the slabs", cache->at(3).num_objects, 1);
    expect("free_objects is not the sum over the slabs", cache->at(3).free_objects, 1);
    expect("num_slabs is not the number of slabs", cache->at(3).num_slabs, 7);
}

}  // namespace
