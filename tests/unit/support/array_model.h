// The kernel's rules for one cache and one thread (array, shared array, slab lists), with kslab's adaptive limits,
// written for being read: a list is a vector, an object a slab and a number. Nothing here has an address.
#pragma once
#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace test {

struct model_slab {
    size_t num;
    std::vector<bool> free;
    size_t inuse() const { return static_cast<size_t>(std::count(free.begin(), free.end(), false)); }
};

struct model_object {
    model_slab* slab;
    size_t index;
    bool operator==(const model_object&) const = default;
    auto operator<=>(const model_object&) const = default;
};

class array_model {
public:
    struct settings {
        size_t kernel_limit, shared_limit, free_limit, first_limit;
        std::function<size_t(size_t slabs)> num_of_next_slab;
        bool smaller_than_a_line;
    };
    explicit array_model(settings of) : s_(of) {}

    model_object allocate() {
        if (array.empty()) refill();
        model_object object = array.back();
        array.pop_back();
        return object;
    }

    void release(model_object object) {
        bool begins = limit == 0;
        if (array.size() >= limit) make_room();
        if (limit == 0) return free_block({object});
        array.push_back(object);
        // Other objects on top of the first, which another thread may have cut beside its own.
        if (!begins || !s_.smaller_than_a_line) return;
        take(std::min(limit, size_t{16}) - 1, false);
        if (array.size() < limit) set_limit(array.size());
    }

    // The thread gives everything up; its limits begin anew.
    void drain() {
        release_oldest(array.size(), true);
        limit = 0;
        batch = 1;
    }

    std::vector<model_object> array;   // the newest last
    std::vector<model_object> shared;  // the newest last
    std::deque<model_slab*> partial, full, free;
    size_t limit = 0, batch = 1, flushes = 0, free_objects = 0, slabs = 0, grown = 0;
    bool touched = false;

private:
    enum class move { none, refilled, flushed };

    void set_limit(size_t to) {
        limit = std::min(to, s_.kernel_limit);
        batch = (limit + 1) / 2;
    }
    // Twice the same move in a row: the array is too small.
    void note(move now) {
        if (limit == 0 || last_ == now) set_limit(limit == 0 ? s_.first_limit : limit * 2);
        last_ = now;
    }

    void refill() {
        note(move::refilled);
        size_t wanted = !touched && batch > 16 ? 16 : batch;
        touched = true;
        take(wanted, true);
    }

    // Up to `wanted` onto the array, of slabs so that the lowest is the newest.
    void take(size_t wanted, bool may_grow) {
        if (wanted == 0) return;
        flushes = 0;
        if (!shared.empty()) {
            size_t count = std::min(wanted, shared.size());
            array.insert(array.end(), shared.end() - static_cast<long>(count), shared.end());
            shared.resize(shared.size() - count);
            return;
        }
        if (partial.empty() && free.empty() && may_grow) grow();
        std::vector<model_object> taken;
        while (taken.size() < wanted && !(partial.empty() && free.empty())) take_from_slab(wanted, taken);
        free_objects -= taken.size();
        array.insert(array.end(), taken.rbegin(), taken.rend());
    }

    void grow() {
        size_t num = s_.num_of_next_slab(slabs);
        all_.push_back(std::make_unique<model_slab>(model_slab{num, std::vector<bool>(num, true)}));
        free.push_back(all_.back().get());
        free_objects += num;
        slabs++;
        grown++;
    }

    void take_from_slab(size_t wanted, std::vector<model_object>& taken) {
        std::deque<model_slab*>& list = partial.empty() ? free : partial;
        model_slab* slab = list.front();
        list.pop_front();
        for (size_t i = 0; i < slab->num && taken.size() < wanted; i++) {
            if (!slab->free[i]) continue;
            slab->free[i] = false;
            taken.push_back({slab, i});
        }
        (slab->inuse() == slab->num ? full : partial).push_front(slab);
    }

    void make_room() {
        note(move::flushed);
        if (array.size() < limit || limit == 0) return;
        if (flushes < 8) return release_oldest(std::min(batch, array.size()), false);
        drain_shared();
        release_oldest(array.size() - std::min(limit / 2, size_t{16}), true);
    }

    void release_oldest(size_t count, bool past_shared) {
        while (count > 0) {
            size_t group = std::min(count, size_t{64});  // so many leave at once
            std::vector<model_object> leaving(array.begin(), array.begin() + static_cast<long>(group));
            array.erase(array.begin(), array.begin() + static_cast<long>(group));
            count -= group;
            flushes++;
            size_t given = past_shared ? 0 : std::min(group, s_.shared_limit - shared.size());
            shared.insert(shared.end(), leaving.begin(), leaving.begin() + static_cast<long>(given));
            free_block({leaving.begin() + static_cast<long>(given), leaving.end()});
        }
    }

    void drain_shared() {
        while (!shared.empty()) {
            size_t count = std::min(shared.size(), size_t{30});
            std::vector<model_object> leaving(shared.end() - static_cast<long>(count), shared.end());
            shared.resize(shared.size() - count);
            free_block(leaving);
        }
    }

    void free_block(const std::vector<model_object>& objects) {
        for (const model_object& object : objects) {
            model_slab* slab = object.slab;
            bool was_full = slab->inuse() == slab->num;
            slab->free[object.index] = true;
            free_objects++;
            if (slab->inuse() != 0 && !was_full) continue;
            std::erase(was_full ? full : partial, slab);
            if (slab->inuse() != 0) {
                partial.push_back(slab);
            } else if (free_objects > s_.free_limit) {
                free_objects -= slab->num;
                slabs--;
            } else {
                free.push_front(slab);
            }
        }
    }

    settings s_;
    move last_ = move::none;
    std::vector<std::unique_ptr<model_slab>> all_;
};

}  // namespace test
