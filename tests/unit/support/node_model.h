// The rules for one cache on several nodes with several threads, one at a time: arrays, shared and alien arrays, slab
// lists, reaping, tuning and shrinking, written for being read. A list is a vector, an object a slab and a number.
// Nothing here has an address.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace test {

struct model_slab {
    size_t node, num;
    std::vector<bool> free;
    size_t inuse() const { return static_cast<size_t>(std::count(free.begin(), free.end(), false)); }
};

struct model_object {
    model_slab* slab;
    size_t index;
    auto operator<=>(const model_object&) const = default;
};

using model_objects = std::vector<model_object>;

struct model_node {
    model_objects shared;                          // the newest last, as in all arrays
    std::vector<model_objects> alien;              // by node
    std::deque<model_slab*> partial, full, empty;
    size_t free_objects = 0, slabs = 0, flushes = 0, shared_limit = 0, free_limit = 0;
    size_t grown = 0, reaped = 0, node_allocs = 0, node_frees = 0, overflow = 0;
};

enum class model_move { none, refilled, flushed };

struct model_thread {
    size_t home = 0, reap_to = 0;
    model_objects array;
    size_t limit = 0, batch = 1, countdown = 0;
    uint64_t next_reap = 0;  // 0: it has not looked at the clock
    bool touched = false, told_to_drain = false;
    model_move last = model_move::none;
};

class node_model {
public:
    struct settings {
        size_t nodes, cpus, limit, batch, shared_factor, first_limit;
        bool spread;
        size_t (*num_of_next_slab)(const settings&, size_t slabs);  // of slabs so far on the node
        size_t stride, align;
    };
    explicit node_model(const settings& of) : s_(of), limit_(of.limit), batch_(of.batch) {
        nodes.resize(of.nodes);
        for (model_node& node : nodes) {
            node.alien.resize(of.nodes);
            node.shared_limit = of.batch * of.shared_factor;
            node.free_limit = free_limit();
        }
    }

    // ---- What threads do.

    model_object allocate(model_thread& t, uint64_t now) {
        if (t.array.empty()) refill(t, now);
        model_object object = t.array.back();
        t.array.pop_back();
        return object;
    }

    // kmem_cache_alloc_node, past the array.
    model_object allocate_on(const model_thread& t, size_t n) {
        model_objects one = take(n, 1);
        if (n != t.home) nodes[n].node_allocs++;
        return one.at(0);
    }

    // By kmem_cache_alloc_node for the thread's own node, even when the array has objects: a lower limit is obeyed at
    // once where nothing has to leave for it.
    void look_at_array(model_thread& t) {
        if (t.limit > limit_ && t.array.size() <= limit_) set_limit(t, limit_);
    }

    void release(model_thread& t, model_object object, uint64_t now) {
        if (t.array.size() >= t.limit) make_room(t, now);
        t.array.push_back(object);
    }

    void drain(model_thread& t) {
        release_oldest(t, t.array.size(), true);
        set_limit(t, 0);
    }

    // The thread looks at the clock, as every eighth slow operation does.
    void look_at_clock(model_thread& t, uint64_t now) {
        t.countdown = 8;
        if (t.next_reap == 0 || now < t.next_reap) return;
        t.next_reap = now + 2000;
        size_t to = t.reap_to == t.home ? (t.reap_to + 1) % s_.nodes : t.reap_to;
        t.reap_to = (to + 1) % s_.nodes;
        drain_alien(t.home, to);
        reap_array(t);
    }

    // kmem_cache_shrink by `caller`, which does not count as reaping; true: the cache is empty.
    bool shrink(std::vector<model_thread>& threads, model_thread& caller) {
        for (model_thread& t : threads) t.told_to_drain = true;
        drain(caller);
        for (size_t from = 0; from < s_.nodes; from++)
            for (size_t to = 0; to < s_.nodes; to++) drain_alien(from, to);
        size_t left = 0;
        for (model_node& node : nodes) {
            drain_shared(node, 0);
            while (!node.empty.empty()) destroy(node, node.empty.back());
            left += node.slabs;
        }
        return left == 0;
    }

    void tune(std::vector<model_thread>& threads, model_thread& caller, size_t limit, size_t batch, size_t factor) {
        limit_ = limit;
        batch_ = batch;
        tuned_ = true;
        for (size_t n = 0; n < s_.nodes; n++) {
            drain_shared(nodes[n], batch * factor);
            nodes[n].shared_limit = batch * factor;
            for (size_t to = 0; to < s_.nodes; to++) drain_alien(n, to);
            nodes[n].free_limit = free_limit();
        }
        for (model_thread& t : threads) t.told_to_drain = true;
        drain(caller);
    }

    std::vector<model_node> nodes;
    size_t spread_next = 0;

private:
    size_t free_limit() const { return (1 + s_.cpus) * batch_ + s_.num_of_next_slab(s_, 2); }

    // ---- Arrays.

    void set_limit(model_thread& t, size_t to) {
        t.limit = std::min(to, limit_);
        t.batch = std::max(size_t{1}, std::min(t.limit, t.limit == limit_ ? batch_ : (t.limit + 1) / 2));
    }

    void raise_limit(model_thread& t) {
        size_t to = t.limit == 0 ? std::min(s_.first_limit, limit_) : std::min(t.limit * 2, limit_);
        if (tuned_) to = limit_;
        if (to > t.limit) set_limit(t, to);
    }

    // Every slow operation begins with it.
    void tick(model_thread& t, uint64_t now) {
        if (t.told_to_drain) drain(t);
        t.told_to_drain = false;
        if (t.countdown > 1)
            t.countdown--;
        else
            look_at_clock(t, now);
    }

    void refill(model_thread& t, uint64_t now) {
        tick(t, now);
        if (t.limit == 0 || t.last == model_move::refilled) raise_limit(t);
        t.last = model_move::refilled;
        size_t wanted = !t.touched && t.batch > 16 ? 16 : t.batch;
        t.touched = true;
        t.array = take(s_.spread ? spread_to() : t.home, wanted);
    }

    void make_room(model_thread& t, uint64_t now) {
        tick(t, now);
        if (t.array.size() < t.limit) return;
        model_node& home = nodes[t.home];
        if (t.limit == 0 || t.last == model_move::flushed) raise_limit(t);
        t.last = model_move::flushed;
        if (t.array.size() < t.limit) return;
        if (home.flushes < 8) return release_oldest(t, std::min(t.batch, t.array.size()), false);
        drain_shared(home, 0);
        release_oldest(t, t.array.size() - std::min(t.limit / 2, size_t{16}), true);
    }

    void reap_array(model_thread& t) {
        if (t.limit == 0) return;
        if (t.touched) {
            t.touched = false;
            return;
        }
        if (t.array.empty()) return set_limit(t, 0);
        size_t count = (t.limit + 4) / 5;
        if (count > t.array.size()) count = (t.array.size() + 1) / 2;
        release_oldest(t, count, true);
    }

    void release_oldest(model_thread& t, size_t count, bool past_shared) {
        while (count > 0) {
            model_objects leaving = remove_oldest(t.array, std::min(count, kLeaveAtOnce));
            count -= leaving.size();
            nodes[t.home].flushes++;
            while (!leaving.empty()) sort_out(t.home, remove_oldest(leaving, std::min(leaving.size(), kSortedAtOnce)), past_shared);
        }
    }

    void sort_out(size_t home, const model_objects& group, bool past_shared) {
        model_objects own;
        for (const model_object& object : group)
            if (object.slab->node == home)
                own.push_back(object);
            else
                put_alien(home, object);
        if (past_shared)
            free_block(own);
        else
            send_home(home, own);
    }

    static constexpr size_t kLeaveAtOnce = 64;   // array_release_oldest
    static constexpr size_t kSortedAtOnce = 30;  // node_give

    // ---- Between nodes.

    // The nodes in turn; where that one has to grow, the one with the fewest slabs.
    size_t spread_to() {
        size_t next = spread_next++ % s_.nodes, best = next;
        model_node& node = nodes[next];
        node.flushes = 0;
        if (!node.shared.empty() || !node.partial.empty() || !node.empty.empty()) return next;
        for (size_t i = 1; i < s_.nodes; i++)
            if (nodes[(next + i) % s_.nodes].slabs < nodes[best].slabs) best = (next + i) % s_.nodes;
        return best;
    }

    void put_alien(size_t from, const model_object& object) {
        model_node& node = nodes[from];
        model_objects& alien = node.alien[object.slab->node];
        node.node_frees++;
        if (alien.size() == limit_) {
            node.overflow++;
            drain_alien(from, object.slab->node);
        }
        alien.push_back(object);
    }

    void drain_alien(size_t from, size_t to) {
        model_objects& alien = nodes[from].alien[to];
        while (!alien.empty()) send_home(to, remove_oldest(alien, std::min(alien.size(), size_t{30})));
    }

    // Into the shared array as far as there is room, the rest into the slabs.
    void send_home(size_t n, const model_objects& objects) {
        model_node& node = nodes[n];
        size_t room = node.shared_limit - std::min(node.shared_limit, node.shared.size());
        size_t given = std::min(room, objects.size());
        node.shared.insert(node.shared.end(), objects.begin(), objects.begin() + static_cast<long>(given));
        free_block({objects.begin() + static_cast<long>(given), objects.end()});
    }

    // ---- One node.

    static model_objects remove_oldest(model_objects& from, size_t count) {
        model_objects leaving(from.begin(), from.begin() + static_cast<long>(count));
        from.erase(from.begin(), from.begin() + static_cast<long>(count));
        return leaving;
    }

    void drain_shared(model_node& node, size_t down_to) {
        while (node.shared.size() > down_to) {
            size_t count = std::min(node.shared.size() - down_to, size_t{30});
            model_objects leaving(node.shared.end() - static_cast<long>(count), node.shared.end());
            node.shared.resize(node.shared.size() - count);
            free_block(leaving);
        }
    }

    model_objects take(size_t n, size_t wanted) {
        model_node& node = nodes[n];
        node.flushes = 0;
        model_objects out;
        if (!node.shared.empty()) {
            size_t count = std::min(wanted, node.shared.size());
            out.assign(node.shared.end() - static_cast<long>(count), node.shared.end());
            node.shared.resize(node.shared.size() - count);
            return out;
        }
        if (node.partial.empty() && node.empty.empty()) grow(node, n);
        while (out.size() < wanted && !(node.partial.empty() && node.empty.empty())) take_from_slab(node, wanted, out);
        node.free_objects -= out.size();
        std::reverse(out.begin(), out.end());
        return out;
    }

    void take_from_slab(model_node& node, size_t wanted, model_objects& out) {
        std::deque<model_slab*>& list = node.partial.empty() ? node.empty : node.partial;
        model_slab* slab = list.front();
        list.pop_front();
        for (size_t i = 0; i < slab->num && out.size() < wanted; i++) {
            if (!slab->free[i]) continue;
            slab->free[i] = false;
            out.push_back({slab, i});
        }
        (slab->inuse() == slab->num ? node.full : node.partial).push_front(slab);
    }

    void grow(model_node& node, size_t n) {
        size_t num = s_.num_of_next_slab(s_, node.slabs);
        all_.push_back(std::make_unique<model_slab>(model_slab{n, num, std::vector<bool>(num, true)}));
        node.empty.push_back(all_.back().get());
        node.free_objects += num;
        node.slabs++;
        node.grown++;
    }

    void destroy(model_node& node, model_slab* slab) {
        std::erase(node.empty, slab);
        node.free_objects -= slab->num;
        node.slabs--;
    }

    void free_block(const model_objects& objects) {
        for (const model_object& object : objects) {
            model_slab* slab = object.slab;
            model_node& node = nodes[slab->node];
            bool was_full = slab->inuse() == slab->num;
            slab->free[object.index] = true;
            node.free_objects++;
            if (slab->inuse() != 0 && !was_full) continue;
            std::erase(was_full ? node.full : node.partial, slab);
            if (slab->inuse() != 0) {
                node.partial.push_back(slab);
                continue;
            }
            node.empty.push_front(slab);
            if (node.free_objects > node.free_limit) destroy(node, slab);
        }
    }

    settings s_;
    size_t limit_, batch_;
    bool tuned_ = false;
    std::vector<std::unique_ptr<model_slab>> all_;
};

}  // namespace test
