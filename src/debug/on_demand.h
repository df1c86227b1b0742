// KSLAB_SIGNAL: looking at the heap of a running program from outside.
#pragma once

namespace kslab {

// Prepares for the signal; from the library's constructor.
void on_demand_boot();

// What a signal asked for and no thread has done yet; called where debugging is entered.
void on_demand_now();

}  // namespace kslab
