// The validator: walks everything and checks the statements that hold whenever no operation is under way.
//
//   every slab is on exactly one list, chosen by inuse; inuse + bits set == num; every page of a slab maps to it
//   over a node's slabs the free objects sum up to free_objects
//   an object is free in its slab, or in exactly one array, or in use; avail <= limit; shared and alien arrays hold
//   objects of one node
//   free runs do not overlap, are merged, and are found by their first and last page; the sums agree
#pragma once

namespace kslab {

// Null, or which statement does not hold. No other thread may allocate or free meanwhile.
const char* validate_heap();

}  // namespace kslab
