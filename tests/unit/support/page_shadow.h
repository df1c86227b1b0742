// A second record of what a page allocator has handed out: who has which pages, and what was written there.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "pages/page_allocator.h"
#include "support/random.h"

namespace test {

class page_shadow {
public:
    explicit page_shadow(kslab::page_allocator& pages) : pages_(pages) {}

    size_t count() const { return live_.size(); }
    size_t used() const { return used_; }
    kslab::run* any(random& random) const { return live_[random.below(live_.size())]; }

    void add(kslab::run* r) {
        uintptr_t start = r->start;
        auto next = by_start_.lower_bound(start);
        if (next != by_start_.end()) {
            ASSERT_GE(next->first, r->end()) << "overlaps the run behind it";
        }
        if (next != by_start_.begin()) {
            auto before = std::prev(next);
            ASSERT_LE(before->first + before->second * kslab::kPageSize, start) << "overlaps the run before it";
        }
        by_start_[start] = r->pages;
        used_ += r->pages;
        live_.push_back(r);
    }

    void remove(kslab::run* r) {
        used_ -= by_start_[r->start];
        by_start_.erase(r->start);
        std::erase(live_, r);
    }

    // A word at both ends of each page, made of address-independent facts.
    void fill(kslab::run* r, size_t from_page, uint64_t stamp) const {
        for (size_t page = from_page; page < r->pages; page++) {
            word(r, page, 0) = stamp + page;
            word(r, page, 511) = ~(stamp + page);
        }
    }
    void expect_filled(kslab::run* r, size_t pages, uint64_t stamp) const {
        for (size_t page = 0; page < pages; page++) {
            ASSERT_EQ(word(r, page, 0), stamp + page) << "page " << page << " of " << r->pages;
            ASSERT_EQ(word(r, page, 511), ~(stamp + page)) << "page " << page << " of " << r->pages;
        }
    }
    // Words all over each page: what was handed out as known to be zero.
    void expect_zero(kslab::run* r, size_t from_page) const {
        for (size_t page = from_page; page < r->pages; page++)
            for (size_t i : {0, 1, 255, 510, 511}) ASSERT_EQ(word(r, page, i), 0u) << "page " << page;
    }

    void expect_consistent() {
        const char* wrong = pages_.validate();
        ASSERT_EQ(wrong, nullptr) << wrong;
        kslab::page_stats stats = pages_.stats();
        ASSERT_EQ(stats.used, used_);
        ASSERT_EQ(stats.mapped, stats.used + stats.dirty + stats.zero + stats.stuck);
    }

private:
    static uint64_t& word(kslab::run* r, size_t page, size_t index) {
        return reinterpret_cast<uint64_t*>(r->start + page * kslab::kPageSize)[index];
    }

    kslab::page_allocator& pages_;
    std::map<uintptr_t, size_t> by_start_;
    std::vector<kslab::run*> live_;
    size_t used_ = 0;
};

}  // namespace test
