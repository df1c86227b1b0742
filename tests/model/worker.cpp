#include "worker.h"

#include "heap.h"

namespace model {

worker::worker(playground& shared, uint64_t thread, uint64_t seed)
    : shared_(shared), thread_(thread), random_(seed * 1000 + thread), slots_(400) {}

size_t worker::random_size() {
    size_t kind = random_.below(1000);
    if (kind < 700) return random_.between(1, 300);
    if (kind < 930) return random_.between(1, 9000);
    if (kind < 997) return random_.doubling(size_t{200} << 10);
    return random_.between(size_t{256} << 10, size_t{2} << 20);
}

void worker::allocate(held& slot) {
    slot.cache = -1;
    slot.size = random_size();
    slot.stamp = next_stamp();
    if (!shared_.caches.empty() && random_.one_in(4)) {
        int index = static_cast<int>(random_.below(shared_.caches.size()));
        slot = allocate_from(shared_.caches[static_cast<size_t>(index)], index, slot.stamp);
        return;
    }
    size_t align = 1;
    void* memory;
    switch (random_.below(8)) {
        case 0: memory = heap::allocate_zeroed(slot.size); break;
        case 1:
            align = size_t{8} << random_.below(11);
            memory = heap::allocate_aligned(align, slot.size);
            break;
        default: memory = heap::allocate(slot.size);
    }
    slot.object = static_cast<unsigned char*>(memory);
    if (memory == nullptr) stop("out of memory", slot);
    if (reinterpret_cast<uintptr_t>(memory) % align != 0) stop("an object is not aligned", slot);
    slot.write();
}

void worker::release(held& slot) {
    slot.check();
    if (slot.cache >= 0)
        release_to(shared_.caches[static_cast<size_t>(slot.cache)], slot);
    else
        heap::release(slot.object);
    slot = {};
}

void worker::resize(held& slot) {
    if (slot.cache >= 0) return;
    size_t size = random_size();
    slot.check();
    size_t kept = slot.size < size ? slot.size : size;
    slot.object = static_cast<unsigned char*>(heap::resize(slot.object, size));
    if (slot.object == nullptr) stop("out of memory", slot);
    slot.check(kept);
    slot.size = size;
    slot.stamp = next_stamp();
    slot.write();
}

void worker::step() {
    held& slot = slots_[random_.below(slots_.size())];
    size_t action = random_.below(20);
    if (slot.object == nullptr) {
        if (action >= 4 || !shared_.handed.pop(slot)) allocate(slot);
        slot.check();
    } else if (action < 11) {
        release(slot);
    } else if (action < 14) {
        resize(slot);
    } else if (action < 17 && shared_.handed.push(slot)) {
        slot = {};
    } else {
        slot.check();
    }
}

void worker::run(size_t steps) {
    for (size_t i = 0; i < steps; i++) {
        step();
        // Bursts: everything at once, as at the end of a program's phase.
        if (random_.one_in(20000)) release_all();
    }
    check_all();
}

void worker::check_all() const {
    for (const held& slot : slots_)
        if (slot.object != nullptr) slot.check();
}

void worker::release_all() {
    for (held& slot : slots_)
        if (slot.object != nullptr) release(slot);
}

void worker::hand_all_over() {
    for (held& slot : slots_) {
        if (slot.object == nullptr) continue;
        if (!shared_.handed.push(slot)) release(slot);
        slot = {};
    }
}

void worker::release_handed() {
    held object;
    while (shared_.handed.pop(object)) release(object);
}

}  // namespace model
