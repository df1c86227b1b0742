// call_rcu: functions that run when the readers of their time are done.
//
//   open → waiting → ready → running       each callback is on one list, in the order of queueing
//   queued - done == those on the three lists, and the one that runs
#include <errno.h>

#include "base/check.h"
#include "thread/rcu.h"

namespace kslab {

constinit mutex rcu_callbacks_lock{lock_rank::callbacks};
constinit relaxed<size_t> rcu_callbacks_waiting;

namespace {

// rcu_callbacks_lock.
struct head_list {
    rcu_head* first;
    rcu_head* last;

    bool empty() const { return first == nullptr; }
    void append(head_list more) {
        if (more.empty()) return;
        (empty() ? first : last->next) = more.first;
        last = more.last;
    }
    rcu_head* pop() {
        rcu_head* head = first;
        first = head->next;
        return head;
    }
    head_list take() {
        head_list all = *this;
        first = last = nullptr;
        return all;
    }
};
constinit head_list open{}, waiting{}, ready{};
uint64_t queued = 0;
uint64_t done = 0;
uintptr_t runner = 0;  // thread token of who runs callbacks

void count_done() {
    done++;
    rcu_callbacks_waiting -= 1;
}

}  // namespace

void rcu_call(rcu_head* head, void (*function)(rcu_head*)) {
    head->next = nullptr;
    head->func = function;
    scoped_lock lock(rcu_callbacks_lock);
    open.append({head, head});
    queued++;
    rcu_callbacks_waiting += 1;
}

bool rcu_close_callbacks() {
    scoped_lock lock(rcu_callbacks_lock);
    if (!waiting.empty() || open.empty()) return false;
    waiting = open.take();
    return true;
}

void rcu_ready_callbacks() {
    scoped_lock lock(rcu_callbacks_lock);
    ready.append(waiting.take());
}

void rcu_run_callbacks() {
    if (rcu_callbacks_held.load(std::memory_order_relaxed) != 0) return;
    scoped_lock lock(rcu_callbacks_lock);
    if (runner != 0 || ready.empty()) return;
    int saved = errno;
    runner = host_thread_token();
    while (!ready.empty()) {
        rcu_head* head = ready.pop();
        lock.unlock();
        head->func(head);
        lock.lock();
        count_done();
    }
    runner = 0;
    errno = saved;
}

void rcu_wait_for_callbacks() {
    uint64_t target;
    {
        scoped_lock lock(rcu_callbacks_lock);
        target = queued;
        if (runner == host_thread_token()) {
            lock.unlock();
            report_line()->put("rcu_barrier in a callback would wait for itself for ever");
            host_abort();
        }
    }
    for (rcu_patience patience;; patience.wait()) {
        {
            scoped_lock lock(rcu_callbacks_lock);
            if (done >= target) return;
        }
        rcu_poll_now();
    }
}

void rcu_callbacks_after_fork() {
    scoped_lock lock(rcu_callbacks_lock);
    if (runner == 0 || runner == host_thread_token()) return;
    // What another thread was running when the process forked has no end here.
    runner = 0;
    count_done();
}

}  // namespace kslab
