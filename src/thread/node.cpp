// Which node a thread runs on. KSLAB_NODES=n makes n of them and deals threads out to them in turn, so that programs
// (and tests) can divide a machine that has only one.
#include "thread/slots.h"

namespace kslab {

namespace {

bool dealt_out = false;
std::atomic<unsigned> next_node{0};

}  // namespace

void nodes_boot(size_t asked) {
    dealt_out = asked != 0;
    size_t count = asked;
    nr_nodes = count > kMaxNodes ? kMaxNodes : count == 0 ? 1 : static_cast<unsigned>(count);
}

unsigned this_node() {
    thread_cache* thread = current_thread;
    return state_of(thread) == thread_state::alive ? thread->node : 0;
}

void thread_deal_node(thread_cache* thread) {
    unsigned n = dealt_out ? next_node.fetch_add(1, std::memory_order_relaxed) : 0;
    thread->node = static_cast<uint8_t>(n % nr_nodes);
    thread->reap_node = static_cast<uint8_t>((thread->node + 1u) % nr_nodes);
    thread_find_node(thread);
}

void thread_find_node(thread_cache* thread) {
    static_cast<void>(thread);
}

}  // namespace kslab
