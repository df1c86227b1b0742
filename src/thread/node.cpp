// Which node a thread runs on. KSLAB_NODES=n makes n of them and deals threads out to them in turn, so that programs
// (and tests) can divide a machine that has only one; otherwise they are the machine's, and a thread's is looked at
// whenever it looks at the clock.
#include "os/nodes.h"
#include "thread/slots.h"

namespace kslab {

namespace {

bool dealt_out = false;

uint8_t current() { return static_cast<uint8_t>(os_current_node() % nr_nodes); }

}  // namespace

void nodes_boot(size_t asked) {
    dealt_out = asked != 0;
    size_t count = dealt_out ? asked : os_nodes();
    nr_nodes = count > kMaxNodes ? kMaxNodes : count == 0 ? 1 : static_cast<unsigned>(count);
    nodes_are_real = !dealt_out && nr_nodes > 1;
}

unsigned this_node() {
    thread_cache* thread = this_thread();
    return state_of(thread) == thread_state::alive ? thread->node : 0;
}

unsigned node_for(int asked) {
    return asked >= 0 && static_cast<unsigned>(asked) < nr_nodes ? static_cast<unsigned>(asked) : this_node();
}

int node_of_cpu(unsigned cpu) { return dealt_out ? static_cast<int>(cpu % nr_nodes) : NUMA_NO_NODE; }

void thread_deal_node(thread_cache* thread) {
    unsigned n = dealt_out ? thread->number % nr_nodes : 0;
    thread->node = nodes_are_real ? current() : static_cast<uint8_t>(n);
    thread->reap_node = static_cast<uint8_t>((thread->node + 1u) % nr_nodes);
}

void thread_find_node(thread_cache* thread) {
    if (KSLAB_UNLIKELY(nodes_are_real)) thread->node = current();
}

}  // namespace kslab
