// Threads in read sections, under control.
#pragma once
#include <sched.h>

#include <atomic>
#include <thread>

#include "kslab/rcu.h"

namespace test {

template <typename F>
void until(F holds) {
    while (!holds()) sched_yield();
}

// Time for another thread to do what it should not do.
inline void give_chances() {
    for (int i = 0; i < 300; i++) sched_yield();
}

// A thread that enters and leaves sections when told; each has happened when the call returns.
class reader {
public:
    reader() : thread_([this] { work(); }) {}
    ~reader() {
        order(command::end);
        thread_.join();
    }
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;
    void lock() { order(command::lock); }
    void unlock() { order(command::unlock); }

private:
    enum class command { none, lock, unlock, end };

    void order(command what) {
        command_ = what;
        until([this] { return command_ == command::none; });
    }
    void work() {
        for (;;) {
            until([this] { return command_ != command::none; });
            command what = command_;
            if (what == command::lock) rcu_read_lock();
            if (what == command::unlock) rcu_read_unlock();
            command_ = command::none;
            if (what == command::end) return;
        }
    }

    std::atomic<command> command_{command::none};
    std::thread thread_;
};

}  // namespace test
