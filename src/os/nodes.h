// The machine's memory nodes (NUMA): how many there are, the calling thread's, and which one pages should lie on.
// No function touches errno or allocates. On a machine with one node nothing here costs a system call after the first
// question.
#pragma once
#include "base/attributes.h"

namespace kslab {

// One more than the highest number of a node in this machine; 1 when unknown. Read once: nodes that are plugged in
// later are not seen.
unsigned os_nodes();

// The node of the CPU that the caller runs on, below os_nodes(); 0 when unknown. Through the vDSO. Where that has no
// such function (aarch64) and the machine has several nodes it is a system call: callers ask on slow paths only.
unsigned os_current_node();

// Asks for pages of that node, moving those that are there already; if it has none left, others will do. False when
// the system does not know how to, or refuses: nothing happened, and nothing is wrong. May split the mapping.
bool os_bind_to_node(void* start, size_t bytes, unsigned node);

// A list of numbers as in /sys/devices/system/node/online ("0", "0-3", "0,2-3"): one more than the highest; 0 when the
// text is no such list.
unsigned parse_node_list(const char* text, size_t length);

// Tests: from now on there seem to be so many nodes (0: what the machine says), and `current` (null: the system) tells
// the caller's.
void os_nodes_pretend(unsigned nodes, unsigned (*current)());
// Tests: pages are bound by `instead` (null: the system).
void os_bind_pretend(bool (*instead)(void* start, size_t bytes, unsigned node));

}  // namespace kslab
