// The table of groups (kslab_groups), and what KSLAB_GROUPS=modules writes at exit.
#pragma once

namespace kslab {

// At the start and at the end of the process, when modules are counted.
void groups_start();
void groups_finish();

}  // namespace kslab
