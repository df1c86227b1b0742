// operator new that finds no memory tail-calls the C++ library's operator of the same name, which allocates with malloc
// in a loop with the program's new_handler. Such a malloc is the operator's: delete is the right way to free it.
#pragma once
#include "check/record.h"

namespace kslab {

// preload/operators.cpp is about to call the library's function for an operator of that kind.
void library_new_note(call_kind kind, const void* function);

// The kind of the library's operator new that is calling malloc just now; none: somebody else is.
call_kind library_new_calling();

// An injected failure of operator new fails the library's first attempt as well, or new could not be made to fail.
void library_new_refused();
bool library_new_refuses_again();

}  // namespace kslab
