// Whose fault it was: an inaccessible page lies between two objects, and the nearer one is meant.
#include <gtest/gtest.h>

#include <list>

#include "debug/fault/fault_finding.h"
#include "debug/guard/guard.h"
#include "kmalloc/kmalloc.h"
#include "pages/run.h"

namespace {

using namespace kslab;

struct guarded_object {
    object_record record{};
    place where{};
};

void make(guarded_object& o, size_t size) {
    ASSERT_TRUE(guard_allocate(size, 16, o.record, o.where));
    o.record.state = object_state::live;
}

// Two objects with one inaccessible page between them; the lower first.
struct neighbours {
    guarded_object* low = nullptr;
    guarded_object* high = nullptr;
};
neighbours find_neighbours(std::list<guarded_object>& objects) {
    for (guarded_object& a : objects)
        for (guarded_object& b : objects)
            if (a.where.in_run->end() == b.where.in_run->start) return {&a, &b};
    return {};
}

void start(guard_side side, std::list<guarded_object>& objects, neighbours& pair) {
    boot();
    active_options.guard = side;
    guard_boot();
    for (unsigned i = 0; i < 20; i++) make(objects.emplace_back(), kPageSize);
    pair = find_neighbours(objects);
    ASSERT_NE(pair.low, nullptr);
}

// What is said of an access to `at`, and about which object.
void expect(const char* at, bool write, defect what, const guarded_object& about) {
    place p;
    ASSERT_TRUE(guard_covers(at, p));
    EXPECT_EQ(judge_guarded(at, write, p), what);
    EXPECT_EQ(p.record, &about.record);
}

TEST(judge_guarded, takes_the_nearer_object_with_guards_behind) {
    std::list<guarded_object> objects;
    neighbours pair;
    start(guard_side::aligned, objects, pair);
    expect(pair.low->where.end(), false, defect::read_past_end, *pair.low);
    expect(pair.low->where.end() + 100, true, defect::write_past_end, *pair.low);
    expect(pair.high->where.begin - 1, false, defect::read_before, *pair.high);
    expect(pair.high->where.begin - 100, true, defect::write_before, *pair.high);
    // A freed object is not missed by its neighbours.
    pair.high->record.state = object_state::quarantined;
    guard_hide(pair.high->where);
    expect(pair.high->where.begin - 1, false, defect::read_past_end, *pair.low);
    expect(pair.high->where.begin + 5, false, defect::read_freed, *pair.high);
    expect(pair.high->where.begin + 5, true, defect::write_freed, *pair.high);
    expect(pair.high->where.end() + 5, true, defect::write_freed, *pair.high);
}

TEST(judge_guarded, takes_the_nearer_object_with_guards_before) {
    std::list<guarded_object> objects;
    neighbours pair;
    start(guard_side::start, objects, pair);
    expect(pair.high->where.begin - 1, false, defect::read_before, *pair.high);
    expect(pair.high->where.begin - 100, true, defect::write_before, *pair.high);
    expect(pair.low->where.end(), false, defect::read_past_end, *pair.low);
    expect(pair.low->where.end() + 100, true, defect::write_past_end, *pair.low);
}

}  // namespace
