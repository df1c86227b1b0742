// The part of the validator that looks at objects which wait in arrays: threads', shared and alien ones.
#pragma once

namespace kslab {

// Null, or which statement does not hold. No other thread may allocate or free meanwhile.
const char* validate_arrays();

}  // namespace kslab
