// A thread that works only while the test waits for it: several of them run one at a time, in the test's order.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace test {

class baton_thread {
public:
    baton_thread() : thread_([this] { serve(); }) {}
    ~baton_thread() {
        run(nullptr);
        thread_.join();
    }
    baton_thread(const baton_thread&) = delete;
    baton_thread& operator=(const baton_thread&) = delete;

    // The thread has done it when this returns.
    void do_now(const std::function<void()>& work) { run(&work); }

private:
    void run(const std::function<void()>* work) {
        std::unique_lock lock(mutex_);
        work_ = work;
        has_work_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this] { return !has_work_; });
    }

    void serve() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return has_work_; });
            if (work_ != nullptr) (*work_)();
            has_work_ = false;
            changed_.notify_all();
            if (work_ == nullptr) return;
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()>* work_ = nullptr;
    bool has_work_ = false;
    std::thread thread_;
};

}  // namespace test
