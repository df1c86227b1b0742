// The text of slabinfo, piece by piece: each is some whole lines. Nothing is allocated; no lock is held while `put`
// runs, but the cache of the row is pinned.
#pragma once
#include "base/format.h"
#include "cache/report.h"

namespace kslab {

using text_put = void (*)(void* context, const char* text, size_t length);

void slabinfo_put_head(text& out, bool statistics);
void slabinfo_put_row(text& out, const cache_report& row, bool statistics);
// The head and all rows.
void slabinfo_put_all(text_put put, void* context);

// A head or a row is no longer than this.
inline constexpr size_t kSlabinfoLine = 640;

// Blanks and control characters would make two columns of a name.
inline char plain_letter(char c) { return c > ' ' && c != '\x7f' ? c : '_'; }

// Writes everything, and returns 0 or an errno.
int write_whole(int fd, const char* text, size_t length);

}  // namespace kslab
