// Marking: which live objects can be reached, and what those that cannot be hold.
//
//   reached    a pointer to its start lies in a root or in a reached object
//   possible   only pointers into it do, or a possible object leads to it
//   direct     leaked: no object that is leaked too points to it
//   indirect   leaked: a leaked object leads to it. Of a ring one object is taken as direct
//
// A pointer one past the end does not count. Objects that a parent process allocated are followed, and never
// leaked. All of it works on object_record::marks, with the locks of the heap held and the threads stopped where that
// is possible.
#pragma once
#include "debug/leak/leak_reader.h"
#include "debug/object/objects.h"

namespace kslab {

struct leak_sum {
    size_t objects = 0;
    size_t bytes = 0;
    void add(size_t n) {
        objects++;
        bytes += n;
    }
};

class leak_marker {
public:
    explicit leak_marker(leak_reader& reader) : reader_(reader) {}
    leak_marker(const leak_marker&) = delete;
    leak_marker& operator=(const leak_marker&) = delete;

    // Counts the live objects and clears their marks; false when memory is short.
    bool open();
    void close();

    // Words of a root; what they lead to is followed in settle.
    void mark_from(const uintptr_t* words, size_t count);
    word_visitor roots() { return {mark_root_words, this}; }

    // Once, when all roots are seen.
    void settle();

    // After settle: each direct leak with what it alone leads to, then each possible one.
    using leak_visit = void (*)(const place& p, bool possible, const leak_sum& indirect, void* context);
    void for_each_leak(leak_visit visit, void* context);

    leak_sum in_use() const { return in_use_; }
    // The mapping that holds the work, for who looks for roots.
    uintptr_t memory() const { return reinterpret_cast<uintptr_t>(work_); }

private:
    enum class phase : uint8_t { reach, possible, lead, attribute };
    enum class hit : uint8_t { none, start, inside };
    struct work_item {
        const char* object;
        size_t bytes;
    };
    struct run_span {
        uintptr_t start, end;
        run* of;
    };
    struct visit_context {
        leak_marker* marker;
        leak_visit visit;
        void* context;
    };

    static void mark_root_words(const uintptr_t* words, size_t count, void* marker);
    static void look_at_words(const uintptr_t* words, size_t count, void* marker);
    static hit what_is_hit(const place& p, uintptr_t word);

    void count(const place& p);
    void collect(const place& p);
    bool find(uintptr_t word, place& p) const;
    const run_span* span_around(uintptr_t word) const;
    void look_at(uintptr_t word);
    void reach(const place& p, hit how);
    void push(const place& p);
    void scan(work_item item);
    void drain();
    void flood(const place& p, phase how);

    leak_reader& reader_;
    work_item* work_ = nullptr;
    run_span* runs_ = nullptr;
    size_t mapped_ = 0;
    size_t work_count_ = 0;
    size_t work_capacity_ = 0;
    size_t run_count_ = 0;
    uintptr_t lowest_ = ~uintptr_t{0};
    uintptr_t highest_ = 0;
    phase phase_ = phase::reach;
    const object_record* leader_ = nullptr;
    size_t live_objects_ = 0;
    leak_sum in_use_;
    leak_sum indirect_;  // of the leader
};

}  // namespace kslab
