// Every report text, compared with golden/NAME.txt to the letter: the text, and behind it the line of JSON.
//
// To make the files anew after a change that is wanted, run the test with UPDATE_GOLDEN=1 and read the difference
// that version control shows.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "cache/kmem_cache.h"
#include "support/finding.h"

namespace {

using kslab::call_kind;
using kslab::defect;
using kslab::object_state;
using test::made_finding;

std::set<defect> covered;

void expect_golden(const std::string& name, const std::string& text) {
    std::filesystem::path path = std::filesystem::path(__FILE__).parent_path() / "golden" / (name + ".txt");
    if (getenv("UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path, std::ios::binary) << text;
        return;
    }
    std::ifstream file(path, std::ios::binary);
    ASSERT_TRUE(file) << path << " is missing";
    std::stringstream content;
    content << file.rdbuf();
    EXPECT_EQ(text, content.str()) << "instead of " << path;
}

void expect_golden(const std::string& name, const made_finding& made) {
    covered.insert(made.f.what);
    expect_golden(name, text_of(made) + json_of(made));
}

// ---- One function for each defect and variant.

void right_redzone() {
    made_finding made(defect::right_redzone);
    made.object(object_state::live);
    made.called(call_kind::free, "free()");
    uintptr_t end = made.object_start() + 40;
    made.damaged(made.object_start() - 32, 112, end, end, 0);
    made.f.fixed = "restored the redzone";
    expect_golden("right_redzone", made);
}

void right_redzone_apart_from_a_freed_object() {
    made_finding made(defect::right_redzone);
    made.object(object_state::quarantined);
    made.f.found_by = "validation at exit";
    uintptr_t end = made.object_start() + 40;
    made.damaged(made.object_start() - 32, 112, end + 12, end + 15, 0x41);
    expect_golden("right_redzone_freed", made);
}

void right_redzone_of_a_large_object() {
    made_finding made(defect::right_redzone);
    made.large_object(1000000);
    made.called(call_kind::free, "free()");
    uintptr_t end = made.object_start() + 1000000;
    made.damaged((end & ~uintptr_t{15}) - 32, 80, end, end + 7, 0xff);
    expect_golden("right_redzone_large", made);
}

void left_redzone() {
    made_finding made(defect::left_redzone);
    made.object(object_state::live);
    made.f.found_by = "validation at exit";
    made.damaged(made.object_start() - 32, 112, made.object_start() - 8, made.object_start() - 1, 0x41);
    made.f.fixed = "restored the redzone";
    expect_golden("left_redzone", made);
}

void left_redzone_apart() {
    made_finding made(defect::left_redzone);
    made.object(object_state::live);
    made.called(call_kind::realloc, "realloc()");
    made.damaged(made.object_start() - 32, 112, made.object_start() - 12, made.object_start() - 9, 0x41);
    expect_golden("left_redzone_apart", made);
}

void poison() {
    made_finding made(defect::poison);
    made.object(object_state::quarantined);
    made.f.found_by = "reuse by malloc()";
    made.damaged(made.object_start() - 32, 112, made.object_start() + 3, made.object_start() + 3, 0x78);
    made.f.fixed = "restored the poison";
    expect_golden("poison", made);
}

void poison_of_an_object_never_handed_out() {
    made_finding made(defect::poison);
    made.object(object_state::fresh, 0);
    made.f.record.requested = 64;
    made.f.record.allocated = {};
    made.f.record.freed = {};
    made.f.record.allocated_by = made.f.record.freed_by = call_kind::none;
    made.f.found_by = "validation at exit";
    made.damaged(made.object_start(), 64, made.object_start(), made.object_start() + 1, 1);
    expect_golden("poison_fresh", made);
}

void fault(defect what, object_state state, intptr_t offset, const char* name) {
    made_finding made(what);
    made.object(state);
    made.f.where.guarded = true;
    made.called(call_kind::none, "SIGSEGV");
    made.f.stack.exact = true;
    made.f.address = made.f.where.object() + offset;
    expect_golden(name, made);
}

void faults() {
    fault(defect::read_past_end, object_state::live, 40, "read_past_end");
    fault(defect::write_past_end, object_state::live, 52, "write_past_end");
    fault(defect::read_before, object_state::live, -1, "read_before");
    fault(defect::write_before, object_state::live, -3, "write_before");
    fault(defect::read_freed, object_state::quarantined, 8, "read_freed");
    fault(defect::write_freed, object_state::free, 0, "write_freed");
}

void poison_pointers() {
    struct {
        uintptr_t address;
        const char* name;
    } const cases[] = {{0x6b6b6b6b6b6b6b6b, "poison_pointer_freed"}, {0x5a5a5a5a5a5a5a72, "poison_pointer_unwritten"},
                       {0xcccccccccccccccc, "poison_pointer_redzone"}, {0, "poison_pointer_unknown"}};
    for (auto& [address, name] : cases) {
        made_finding made(defect::poison_pointer);
        made.called(call_kind::none, "SIGSEGV");
        made.f.stack.exact = true;
        made.f.address = test::at(address);
        made.f.detail = "rax=0x6b6b6b6b6b6b6b6b";
        expect_golden(name, made);
    }
}

void double_free() {
    made_finding made(defect::double_free);
    made.object(object_state::quarantined);
    made.called(call_kind::free, "free()");
    made.f.address = made.f.where.object();
    made.f.fixed = "the free was dropped";
    expect_golden("double_free", made);
}

void interior_free() {
    made_finding made(defect::interior_free);
    made.object(object_state::live, 8);
    made.called(call_kind::delete_aligned, call_name(call_kind::delete_aligned));
    made.f.address = made.f.where.object() + 4;
    made.f.record.allocated_by = call_kind::new_aligned;
    made.f.record.align_shift = 6;
    expect_golden("interior_free", made);
}

// What new T[n] returns when T has a destructor lies behind the count of the elements.
void interior_free_behind_the_count_of_an_array() {
    made_finding made(defect::interior_free);
    made.object(object_state::live, 48);
    made.called(call_kind::free, "free()");
    made.f.address = made.f.where.object() + 8;
    made.f.record.allocated_by = call_kind::new_array;
    expect_golden("interior_free_array", made);
    made.f.address = made.f.where.object() + 16;
    EXPECT_EQ(text_of(made).find("use delete[]"), std::string::npos);
    made.f.address = made.f.where.object() + 8;
    made.f.record.allocated_by = call_kind::malloc;
    EXPECT_EQ(text_of(made).find("use delete[]"), std::string::npos);
}

void frees_of_what_is_no_object() {
    struct {
        defect what;
        const char* name;
        uintptr_t address;
    } const cases[] = {{defect::stack_free, "stack_free", 0x7ffc00001230},
                       {defect::static_free, "static_free", test::kCode + 0x4010},
                       {defect::mapped_free, "mapped_free", 0x7e0000000000},
                       {defect::invalid_free, "invalid_free", 0x10000}};
    for (auto& [what, name, address] : cases) {
        made_finding made(what);
        made.called(call_kind::free, "free()");
        made.f.address = test::at(address);
        made.f.fixed = "the free was dropped";
        expect_golden(name, made);
    }
}

void invalid_free_near_an_object() {
    made_finding made(defect::invalid_free);
    made.object(object_state::live);
    made.called(call_kind::free, "free()");
    made.f.address = made.f.where.object() - 16;
    expect_golden("invalid_free_near", made);
}

void mismatches() {
    struct {
        call_kind from, with;
        const char* found_by;
        const char* name;
    } const cases[] = {{call_kind::new_array, call_kind::free, "free()", "mismatch_new_array_free"},
                       {call_kind::malloc, call_kind::delete_object, "operator delete()", "mismatch_malloc_delete"},
                       {call_kind::new_object, call_kind::delete_array, "operator delete[]()", "mismatch_new_delete_array"},
                       {call_kind::kmalloc, call_kind::free, "free()", "mismatch_kmalloc_free"},
                       {call_kind::kmem_cache_alloc, call_kind::kfree, "kfree()", "mismatch_cache_kfree"}};
    for (auto& [from, with, found_by, name] : cases) {
        made_finding made(defect::mismatch);
        made.object(object_state::live);
        made.f.record.allocated_by = from;
        made.called(with, found_by);
        made.f.address = made.f.where.object();
        expect_golden(name, made);
    }
}

void wrong_size_and_alignment() {
    made_finding size(defect::wrong_size);
    size.object(object_state::live);
    size.called(call_kind::delete_object, "operator delete()");
    size.f.how.size = 32;
    size.f.how.sized = true;
    size.f.address = size.f.where.object();
    expect_golden("wrong_size", size);

    made_finding align(defect::wrong_align);
    align.object(object_state::live);
    align.f.record.allocated_by = call_kind::new_object;
    align.called(call_kind::delete_aligned, "operator delete()");
    align.f.how.align = 64;
    align.f.address = align.f.where.object();
    expect_golden("wrong_align", align);
}

void wrong_cache() {
    made_finding made(defect::wrong_cache);
    made.object(object_state::live);
    made.f.record.allocated_by = call_kind::kmem_cache_alloc;
    made.called(call_kind::kmem_cache_free, "kmem_cache_free()");
    made.f.address = made.f.where.object();
    static kslab::kmem_cache orders{};
    memcpy(orders.name, "orders", 7);
    made.f.how.cache = &orders;
    expect_golden("wrong_cache", made);
}

void bad_sizes() {
    made_finding negative(defect::bad_size);
    negative.called(call_kind::malloc, "malloc()");
    negative.f.how.size = ~size_t{0} - 9;
    expect_golden("bad_size", negative);

    made_finding product(defect::bad_size);
    product.called(call_kind::calloc, "calloc()");
    product.f.how.size = 1ul << 40;
    product.f.count = 1ul << 30;
    expect_golden("bad_size_calloc", product);
}

void constructor() {
    made_finding made(defect::constructor);
    made.object(object_state::live);
    made.f.cache_name = "orders";
    made.f.record.allocated_by = call_kind::kmem_cache_alloc;
    made.called(call_kind::kmem_cache_alloc, "kmem_cache_alloc()");
    uintptr_t end = made.object_start() + 40;
    made.damaged(end - 8, 32, end, end + 3, 0);
    expect_golden("constructor", made);
}

void objects_remaining() {
    made_finding made(defect::objects_remaining);
    made.object(object_state::live);
    made.f.cache_name = "orders";
    made.f.record.allocated_by = call_kind::kmem_cache_alloc;
    made.called(call_kind::none, "kmem_cache_destroy()");
    made.f.count = 3;
    expect_golden("objects_remaining", made);
}

void heap_corrupt() {
    made_finding made(defect::heap_corrupt);
    made.f.cache_name = "kmalloc-64";
    made.f.found_by = "validation at exit";
    made.f.detail = "a slab is on the wrong list";
    expect_golden("heap_corrupt", made);
}

void leaks() {
    made_finding one(defect::leak);
    one.object(object_state::live);
    one.f.thread = 0;
    one.f.found_by = "the leak scan at exit";
    one.f.address = one.f.where.object();
    one.f.count = 1;
    one.f.total_bytes = 40;
    expect_golden("leak_one", one);

    made_finding many(defect::leak);
    many.object(object_state::live, 100);
    many.f.record.allocated_by = call_kind::calloc;
    many.f.thread = 0;
    many.f.found_by = "the leak scan at exit";
    many.f.count = 3;
    many.f.total_bytes = 300;
    many.f.indirect_count = 1;
    many.f.indirect_bytes = 8;
    expect_golden("leak_many", many);

    made_finding possible(defect::leak_possible);
    possible.object(object_state::live);
    possible.f.thread = 0;
    possible.f.found_by = "the leak scan at exit";
    possible.f.count = 2;
    possible.f.total_bytes = 80;
    expect_golden("leak_possible", possible);
}

void injected() {
    made_finding made(defect::injected);
    made.called(call_kind::malloc, "a fault (SIGSEGV)");
    made.f.how.size = 40;
    expect_golden("injected", made);
}

// ---- Gaps in what is known.

void without_tracking() {
    made_finding made(defect::double_free);
    made.object(object_state::free);
    made.f.record.allocated = made.f.record.freed = {};
    made.f.record.allocated_by = made.f.record.freed_by = call_kind::none;
    made.called(call_kind::free, "free()");
    made.f.stack.count = 0;
    made.f.address = made.f.where.object();
    expect_golden("gap_no_tracking", made);
}

void with_frame_pointers_and_lost_stacks() {
    made_finding made(defect::double_free);
    made.object(object_state::free);
    made.f.record.allocated = {test::kPointerStack, 4711, 0};
    made.f.record.freed = {0, 0, 0};
    made.called(call_kind::free, "free()");
    made.f.stack.source = kslab::stack_source::frame_pointers;
    made.f.stack.frame[0] = 0x1234;
    made.f.address = made.f.where.object();
    expect_golden("gap_stacks", made);
}

void before_a_fork() {
    made_finding made(defect::double_free);
    made.object(object_state::quarantined);
    made.f.record.epoch = 1;
    made.called(call_kind::free, "free()");
    made.f.address = made.f.where.object();
    expect_golden("double_free_in_child", made);
}

void with_nothing_known() { expect_golden("gap_everything", made_finding(defect::heap_corrupt)); }

TEST(report_golden, every_defect) {
    right_redzone();
    right_redzone_apart_from_a_freed_object();
    right_redzone_of_a_large_object();
    left_redzone();
    left_redzone_apart();
    poison();
    poison_of_an_object_never_handed_out();
    faults();
    poison_pointers();
    double_free();
    before_a_fork();
    interior_free();
    interior_free_behind_the_count_of_an_array();
    frees_of_what_is_no_object();
    invalid_free_near_an_object();
    mismatches();
    wrong_size_and_alignment();
    wrong_cache();
    bad_sizes();
    constructor();
    objects_remaining();
    heap_corrupt();
    leaks();
    injected();
    for (unsigned i = 0; i < static_cast<unsigned>(defect::count_); i++)
        EXPECT_TRUE(covered.count(static_cast<defect>(i))) << kslab::defect_title(static_cast<defect>(i));
}

TEST(report_golden, what_is_not_known_is_left_out) {
    without_tracking();
    with_frame_pointers_and_lost_stacks();
    with_nothing_known();
}

kslab::report_extras some_extras() {
    kslab::report_extras extras{};
    extras.guard_refused = 12;
    extras.inject_asked = 100;
    extras.inject_failed = 1;
    extras.stacks = 3;
    extras.stack_bytes = 192;
    return extras;
}

void expect_golden_summary(const std::string& name, const kslab::report_extras& extras) {
    char buffer[4096];
    kslab::text out(buffer, sizeof buffer);
    kslab::report_put_summary(out, test::fixed_context(), extras);
    kslab::report_put_summary_json(out, test::fixed_context(), extras);
    expect_golden(name, std::string(out.data(), out.length()));
}

TEST(report_golden, summaries) {
    made_finding overflow(defect::right_redzone), leak(defect::leak), possible(defect::leak_possible);
    for (made_finding* made : {&overflow, &leak, &possible}) made->object(object_state::live);
    kslab::tally_count(overflow.f);
    kslab::tally_count(overflow.f);
    expect_golden_summary("summary_short", {});
    leak.f.count = 3, leak.f.total_bytes = 120, leak.f.indirect_count = 1, leak.f.indirect_bytes = 8;
    possible.f.count = 1, possible.f.total_bytes = 40;
    kslab::tally_count(leak.f);
    kslab::tally_count(possible.f);
    kslab::tally.not_printed = 7;
    expect_golden_summary("summary_all", some_extras());
}

}  // namespace
